"""A vendor's rate limit shared by all workers: one row for each vendor, changed by conditional
UPDATEs.
"""

import time
from datetime import UTC, datetime, timedelta

from django.db.models import F, Q

from caio_project.lib import http
from leads.models import RateWindow

LONGEST_PAUSE = 3600.0  # seconds, whatever the vendor says


def claim_call(vendor: str, calls: int, seconds: float, now: float | None = None) -> None:
    """Claim one of `calls` in this window of `seconds`. Raises ServiceUnavailable with the wait."""
    now = time.time() if now is None else now
    window = int(now // seconds)
    rows = RateWindow.objects.filter(vendor=vendor)
    free = rows.filter(Q(paused_until=None) | Q(paused_until__lte=_utc_moment(now)))
    for _ in range(3):  # make the row, open the window (or see another do it), take
        if free.filter(window=window, used__lt=calls).update(used=F("used") + 1):
            return
        if free.filter(window__lt=window).update(window=window, used=1):
            return
        row, _made = RateWindow.objects.get_or_create(vendor=vendor)
        if row.paused_until and row.paused_until > _utc_moment(now):
            wait = (row.paused_until - _utc_moment(now)).total_seconds()
            raise http.ServiceUnavailable(
                f"{vendor} is not asked for {wait:.0f} s: {row.paused_for}", retry_after=wait
            )
    raise http.ServiceUnavailable(
        f"the rate of {vendor} is used up for a moment", retry_after=(window + 1) * seconds - now
    )


def pause_vendor(vendor: str, seconds: float, why: str) -> None:
    """Block calls for so long, at most an hour. A longer pause under way stays."""
    until = _utc_moment(time.time()) + timedelta(seconds=min(seconds, LONGEST_PAUSE))
    RateWindow.objects.get_or_create(vendor=vendor)
    shorter = Q(paused_until=None) | Q(paused_until__lt=until)
    RateWindow.objects.filter(shorter, vendor=vendor).update(
        paused_until=until, paused_for=why[:120]
    )


def _utc_moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
