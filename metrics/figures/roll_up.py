"""Keep the counts of days right: mark what changed, compute it anew, check the rest in turn."""

import time
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from caio_project.lib import calendar
from caio_project.lib.db import claims
from metrics.figures import changes, day_counts
from metrics.figures.changes import Positions
from metrics.models import FigureDay, FigureProgress

BUDGET_SECONDS = 10.0  # of one sweep, so that a worker is free again soon
LEASE = timedelta(minutes=2)
CHECK_AGAIN_AFTER = timedelta(hours=12)
Progress = Callable[[int], None]


def roll_up(now: datetime | None = None, seconds: float = BUDGET_SECONDS) -> bool:
    """Mark the days that changed and compute them, the newest first; whether any was computed.

    With nothing to compute, the day computed longest ago is checked. Does nothing where another
    worker is at it.
    """
    now = now or timezone.now()
    FigureProgress.objects.get_or_create(id=1)
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    mine = FigureProgress.objects.filter(free, id=1)
    if not claims.claim_row(mine, lease_until=now + LEASE):
        return False
    done: dict[str, datetime | None] = {"lease_until": None}
    try:
        mark_changes(now)
        computed = _compute_marked(now, seconds) or _check_oldest(now)
        done["completed_at"] = now
        return computed
    finally:
        FigureProgress.objects.filter(id=1).update(**done)


def mark_changes(now: datetime) -> None:
    """Mark the days of what was learned; all of them after a change of definitions or calendar."""
    progress, basis = FigureProgress.objects.get(id=1), day_counts.current_basis()
    if progress.basis == basis:
        since = Positions.load(progress.positions)
        positions, days = since.advance(now), changes.changed_days(since)
    else:
        positions, days = Positions.now(now), _all_days(now)
    _mark(days, now)
    progress.positions, progress.basis = positions.as_json(), basis
    progress.save(update_fields=["positions", "basis"])


def _all_days(now: datetime) -> set[date]:
    today = calendar.team_day(now, settings.TEAM_TIME_ZONE)
    known = set(FigureDay.objects.values_list("day", flat=True))
    first = changes.first_day() or today
    return known | {first + timedelta(days=n) for n in range((today - first).days + 1)}


def _mark(days: Iterable[date], now: datetime) -> None:
    FigureDay.objects.bulk_create(
        [FigureDay(day=day, changed_at=now) for day in sorted(days)],
        update_conflicts=True,
        unique_fields=["day"],
        update_fields=["changed_at"],
        batch_size=500,
    )


def _compute_marked(now: datetime, seconds: float) -> bool:
    until, computed = time.monotonic() + seconds, False
    marked = FigureDay.objects.filter(changed_at__isnull=False).order_by("-day")
    for day in marked.values_list("day", flat=True):
        if time.monotonic() > until:
            break
        day_counts.store_day(day, now)
        computed = True
    return computed


def _check_oldest(now: datetime) -> bool:
    """Compute the day computed longest ago; False, for the next can wait."""
    old = FigureDay.objects.filter(computed_at__lt=now - CHECK_AGAIN_AFTER)
    oldest = old.order_by("computed_at").values_list("day", flat=True).first()
    if oldest is not None:
        day_counts.store_day(oldest, now)
    return False
