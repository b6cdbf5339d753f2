"""Claim work from a table by a conditional UPDATE, under a lease that ends after a crash."""

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from caio_project.lib.logs import correlation

CHUNK = 20  # rows read at a time


def claim_row(queryset: QuerySet[Any], **changes: Any) -> bool:
    """Apply `changes` to the one row still in `queryset`; False where another was first."""
    return queryset.update(**changes) == 1


def lease_rows(
    due: QuerySet[Any],
    seconds: int,
    batch: int = 50,
    related: tuple[str, ...] = (),
    on_read: Callable[[], Any] | None = None,
) -> Iterator[Any]:
    """Yield rows of `due` one by one, each leased for `seconds` and with one more of `attempts`.

    `due` says what makes a row due. Both it and the lease are checked again in the UPDATE, so that
    two workers never hold one row. No joins in `due`: PostgreSQL would not check the lease again
    where another worker was first; `related` is read along. A row is as it was read, at most CHUNK
    rows ago: work that depends on other columns than the lease checks them when it writes.
    `on_read` is called whenever rows were read, to drop what is not to be older than they are. Ends
    after `batch` rows, so that one sweep cannot starve the others. Log lines that are written while
    a row is out carry its correlation id.
    """
    seen: list[Any] = []
    others_work = False  # on the same rows: then each worker goes its own way through a chunk
    while len(seen) < batch:
        most = min(CHUNK, batch - len(seen))
        free = due.filter(_lease_is_free(timezone.now())).exclude(pk__in=seen)
        rows = list(free.select_related(*related)[:most] if related else free[:most])
        if on_read is not None:
            on_read()
        if others_work:
            random.shuffle(rows)
        for row in rows:
            seen.append(row.pk)
            if not _lease_row(due, row, seconds):
                others_work = True
                break  # what is free now is read again
            begun = correlation.start(row)
            try:
                yield row
            finally:
                correlation.go_back(begun)
        else:
            if len(rows) < most:
                return


def _lease_row(due: QuerySet[Any], row: Any, seconds: int) -> bool:
    now = timezone.now()
    lease_until, attempts = now + timedelta(seconds=seconds), row.attempts + 1
    mine = due.order_by().filter(_lease_is_free(now), pk=row.pk, attempts=row.attempts)
    if not claim_row(mine, lease_until=lease_until, attempts=attempts):
        return False
    row.lease_until, row.attempts = lease_until, attempts
    return True


def _lease_is_free(now: datetime) -> Q:
    return Q(lease_until=None) | Q(lease_until__lt=now)


def retry_delay(attempts: int, base: float = 2.0, longest: float = 3600.0) -> timedelta:
    """The wait before try `attempts + 1`: 2, 4, 8 … seconds, an hour at most."""
    return timedelta(seconds=min(longest, base * 2.0 ** min(60, max(0, attempts - 1))))
