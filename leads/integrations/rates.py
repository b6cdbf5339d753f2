"""A vendor's rate limit shared by all workers: one row for each vendor, changed by conditional
UPDATEs.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Greatest

from caio_project.lib import http
from leads.models import RateWindow

LONGEST_PAUSE = 3600.0  # seconds, whatever the vendor says
TRIES = 3  # make the row; another worker may make it, too


@dataclass(frozen=True)
class Pace:
    """Calls that are spread evenly: one every `every` seconds, and `burst` at once after a rest.

    In any `n` seconds these are at most burst + n / every calls.
    """

    burst: int
    every: float  # seconds

    @property
    def ahead(self) -> float:
        """How many seconds before its turn a call may begin."""
        return (self.burst - 1) * self.every


def claim_turn(vendor: str, pace: Pace, now: float | None = None) -> None:
    """Claim the next call of `pace`. Raises ServiceUnavailable with the wait.

    The row stores the turn of the next call, and one UPDATE claims it.
    """
    now = time.time() if now is None else now
    free = _not_paused(vendor, now).filter(next_turn__lte=now + pace.ahead)
    following = Greatest(F("next_turn"), Value(now)) + Value(pace.every)
    for _ in range(TRIES):
        if free.update(next_turn=following):
            return
        row = _row_of(vendor, now)
        if row.next_turn > now + pace.ahead:
            raise _used_up(vendor, row.next_turn - pace.ahead - now)
    raise _used_up(vendor, pace.every)


def claim_call(vendor: str, calls: int, seconds: float, now: float | None = None) -> None:
    """Claim one of `calls` in this window of `seconds`. Raises ServiceUnavailable with the wait."""
    now = time.time() if now is None else now
    window = int(now // seconds)
    free = _not_paused(vendor, now)
    for _ in range(TRIES):  # make the row, open the window (or see another do it), take
        if free.filter(window=window, used__lt=calls).update(used=F("used") + 1):
            return
        if free.filter(window__lt=window).update(window=window, used=1):
            return
        _row_of(vendor, now)
    raise _used_up(vendor, (window + 1) * seconds - now)


def _not_paused(vendor: str, now: float) -> QuerySet[RateWindow]:
    rows = RateWindow.objects.filter(vendor=vendor)
    return rows.filter(Q(paused_until=None) | Q(paused_until__lte=_utc_moment(now)))


def _row_of(vendor: str, now: float) -> RateWindow:
    """The vendor's row, made where there is none. Raises ServiceUnavailable while it is paused."""
    row, _made = RateWindow.objects.get_or_create(vendor=vendor)
    if row.paused_until and row.paused_until > _utc_moment(now):
        wait = (row.paused_until - _utc_moment(now)).total_seconds()
        raise http.ServiceUnavailable(
            f"{vendor} is not asked for {wait:.0f} s: {row.paused_for}", retry_after=wait
        )
    return row


def _used_up(vendor: str, wait: float) -> http.ServiceUnavailable:
    text = f"the rate of {vendor} is used up for a moment"
    return http.ServiceUnavailable(text, retry_after=wait)


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
