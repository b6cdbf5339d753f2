"""Claim work from a table by a conditional UPDATE, under a lease that ends after a crash."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils import timezone


def claim_row(queryset: QuerySet[Any], **changes: Any) -> bool:
    """Apply `changes` to the one row still in `queryset`; False where another was first."""
    return queryset.update(**changes) == 1


def lease_rows(due: QuerySet[Any], seconds: int, batch: int = 50) -> Iterator[Any]:
    """Yield rows of `due` one by one, each leased for `seconds` and with one more of `attempts`.

    `due` says what makes a row due. Both it and the lease are checked again in the UPDATE, so that
    two workers never hold one row. No joins in `due`: PostgreSQL would not check the lease again
    where another worker was first. Ends after `batch` rows, so that one sweep cannot starve the
    others.
    """
    for pk in list(due.filter(_lease_is_free(timezone.now())).values_list("pk", flat=True)[:batch]):
        now = timezone.now()
        mine = due.order_by().filter(_lease_is_free(now), pk=pk)
        if claim_row(
            mine, lease_until=now + timedelta(seconds=seconds), attempts=F("attempts") + 1
        ):
            yield due.model._default_manager.get(pk=pk)


def _lease_is_free(now: datetime) -> Q:
    return Q(lease_until=None) | Q(lease_until__lt=now)


def retry_delay(attempts: int, base: float = 2.0, longest: float = 3600.0) -> timedelta:
    """The wait before try `attempts + 1`: 2, 4, 8 … seconds, an hour at most."""
    return timedelta(seconds=min(longest, base * 2.0 ** min(60, max(0, attempts - 1))))
