"""When a decision about an email is due, and when an undecided email expires.

Both count by the team's business calendar; for a team without any working hours, by the clock.
"""

from datetime import datetime, timedelta
from typing import Any

from outreach.choices import Band
from outreach.limits import team_calendar

DUE = {Band.HOT: timedelta(hours=2), Band.WARM: timedelta(hours=4)}  # of working time
OTHER_DUE_DAYS = 1
LIFE_DAYS = {Band.HOT: 3}
OTHER_LIFE_DAYS = 7


def due_at(band: Band, now: datetime) -> datetime:
    amount = DUE.get(band)
    if amount is None:
        return _days_later(now, OTHER_DUE_DAYS)
    return team_calendar.current_calendar().add_time(now, amount) or now + amount


def expires_at(band: Band, now: datetime) -> datetime:
    return _days_later(now, LIFE_DAYS.get(band, OTHER_LIFE_DAYS))


def times_of_wait(band: Band, start: datetime) -> dict[str, Any]:
    """The columns of an email that waits for a decision from `start` on."""
    return {
        "waits_since": start,
        "due_at": due_at(band, start),
        "expires_at": expires_at(band, start),
    }


def _days_later(now: datetime, days: int) -> datetime:
    later = team_calendar.current_calendar().add_days(now, days)
    return later or now + timedelta(days=days)
