"""Which digest is due on a day, and what time it covers. Pure."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from caio_project.lib import calendar

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")


def daily_due(now: datetime, at: time | None, zone: str, country: str) -> date | None:
    """Today, from its time on: a time that was missed is caught up with until the day ends."""
    today = calendar.team_day(now, zone)
    if at is None or not calendar.is_working_day(today, country):
        return None
    return today if now >= _moment(today, at, zone) else None


def weekly_due(
    now: datetime, weekday: str, at: time | None, zone: str, country: str
) -> date | None:
    """As `daily_due`, on that weekday; where it is a day off, on the next working day."""
    today = calendar.team_day(now, zone)
    if at is None or weekday not in WEEKDAYS or now < _moment(today, at, zone):
        return None
    back = (today.weekday() - WEEKDAYS.index(weekday)) % 7
    due = calendar.next_working_day(today - timedelta(days=back + 1), country)
    return today if today == due else None


def daily_start(day: date, at: time, zone: str, country: str) -> datetime:
    """The same time on the working day before."""
    return _moment(calendar.working_day_before(day, country), at, zone)


def weekly_start(day: date, at: time, zone: str) -> datetime:
    return _moment(day - timedelta(days=7), at, zone)


def _moment(day: date, at: time, zone: str) -> datetime:
    return datetime.combine(day, at, ZoneInfo(zone)).astimezone(UTC)
