"""Taking work from a table: a conditional UPDATE whose row count is checked, with a lease that a crash cannot keep."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils import timezone


def claim_row(queryset: QuerySet[Any], **changes: Any) -> bool:
    """Apply `changes` to the one row that `queryset` still matches; False where another process got there first."""
    return queryset.update(**changes) == 1


def lease_rows(due: QuerySet[Any], seconds: int, batch: int = 50) -> Iterator[Any]:
    """Yield rows of `due` one by one, each under a lease (`lease_until`) of `seconds` and one more `attempts`.

    `due` says what makes a row due; the lease is checked here, and both again in the UPDATE, so that two workers never
    hold one row. No joins in `due`: PostgreSQL would not look at the lease again where another worker was first. Ends
    after `batch` rows, so that one sweep cannot starve the others.
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
    """How long to wait before try number `attempts + 1`: 2, 4, 8 … seconds, an hour at most."""
    return timedelta(seconds=min(longest, base * 2.0 ** min(60, max(0, attempts - 1))))
