"""Which digest is due on a day, and what time it covers. Pure."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from caio_project.lib import calendar
from caio_project.lib.hours.business_calendar import BusinessCalendar

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")

MOST_WEEKS_BACK = 8


def daily_due(now: datetime, at: time | None, hours: BusinessCalendar) -> date | None:
    """Today, from its time on: a time that was missed is caught up with until the day ends."""
    today = calendar.team_day(now, hours.zone)
    if at is None or not hours.is_working_day(today):
        return None
    return today if now >= _moment(today, at, hours.zone) else None


def weekly_due(
    now: datetime, weekday: str, at: time | None, hours: BusinessCalendar
) -> date | None:
    """As `daily_due`, on that weekday; where it is a day off, on the next working day."""
    today = calendar.team_day(now, hours.zone)
    if at is None or weekday not in WEEKDAYS or now < _moment(today, at, hours.zone):
        return None
    back = (today.weekday() - WEEKDAYS.index(weekday)) % 7
    due = hours.next_working_day(today - timedelta(days=back + 1))
    return today if today == due else None


def daily_start(day: date, at: time, hours: BusinessCalendar) -> datetime:
    """The same time on the working day before; on the day before where none is a working day."""
    before = hours.working_day_before(day) or day - timedelta(days=1)
    return _moment(before, at, hours.zone)


def weekly_start(day: date, weekday: str, at: time, hours: BusinessCalendar) -> datetime:
    """When the digest of the week before was due; seven days ago where none was."""
    due = _due_days_before(day, weekday, hours) if weekday in WEEKDAYS else ()
    before = next((one for one in due if one < day), day - timedelta(days=7))
    return _moment(before, at, hours.zone)


def _due_days_before(day: date, weekday: str, hours: BusinessCalendar) -> Iterator[date]:
    """The newest first. A holiday of weeks moves several to one day."""
    nominal = day - timedelta(days=(day.weekday() - WEEKDAYS.index(weekday)) % 7)
    for weeks in range(1, MOST_WEEKS_BACK + 1):
        due = hours.next_working_day(nominal - timedelta(weeks=weeks, days=1))
        if due is not None:
            yield due


def _moment(day: date, at: time, zone: str) -> datetime:
    return datetime.combine(day, at, ZoneInfo(zone)).astimezone(UTC)
