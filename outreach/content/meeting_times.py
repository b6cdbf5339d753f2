"""Two times for a first call, in the recipient's working hours. Pure.

They name the day of the week, never "today": the email may be read, and sent, a day later.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from caio_project.lib import calendar

NOTICE = timedelta(hours=4)  # for a person to approve it, and for the recipient to read it
LEAST_NOTICE = timedelta(hours=1)  # with less an offered time is of no use to its reader
OFFICE_HOURS = calendar.WorkingHours(time(9), time(17))
CALL_HOURS = calendar.WorkingHours(time(9), time(16, 30))
MORNING, AFTERNOON = time(10), time(14)
NOON = time(12)
HALF_HOUR = timedelta(minutes=30)
SHORT_NAMES = {
    "America/New_York": "ET", "America/Detroit": "ET", "America/Chicago": "CT",
    "America/Denver": "MT", "America/Phoenix": "MST", "America/Los_Angeles": "PT",
    "America/Anchorage": "AKT", "Pacific/Honolulu": "HST",
}  # fmt: skip


@dataclass(frozen=True)
class CallPlace:
    """Where the recipient works: an IANA zone, and ISO 3166 codes of country and state."""

    zone: str
    country: str
    state: str = ""


@dataclass(frozen=True)
class OfferedTimes:
    first: datetime
    second: datetime
    zone: str

    @property
    def text(self) -> str:
        """ "Tuesday at 3:30 PM or Wednesday at 10 AM ET"."""
        first, second = (at.astimezone(ZoneInfo(self.zone)) for at in (self.first, self.second))
        return f"{_spoken(first)} or {_spoken(second)} {_zone_name(self.zone, second)}"


def offer_times(now: datetime, there: CallPlace) -> OfferedTimes:
    opens = calendar.next_opening(now, there.zone, OFFICE_HOURS, there.country, there.state)
    return times_from(_next_call(_to_half_hour(opens + NOTICE), there), there)


def times_from(first: datetime, there: CallPlace) -> OfferedTimes:
    """`first` and a time on the next working day, in the other half of the day."""
    zone = ZoneInfo(there.zone)
    local = first.astimezone(zone)
    day = calendar.next_working_day(local.date(), there.country, there.state)
    wanted = MORNING if local.time() >= NOON else AFTERNOON
    return OfferedTimes(first, datetime.combine(day, wanted, zone), there.zone)


def are_past(offer_ends_at: datetime | None, now: datetime) -> bool:
    return offer_ends_at is not None and offer_ends_at - now < LEAST_NOTICE


def _to_half_hour(at: datetime) -> datetime:
    past = timedelta(minutes=at.minute % 30, seconds=at.second, microseconds=at.microsecond)
    return at - past + HALF_HOUR if past else at


def _next_call(earliest: datetime, there: CallPlace) -> datetime:
    at = calendar.next_opening(earliest, there.zone, CALL_HOURS, there.country, there.state)
    if at == earliest:
        return at
    local = at.astimezone(ZoneInfo(there.zone))
    return datetime.combine(local.date(), MORNING, ZoneInfo(there.zone))


def _spoken(at: datetime) -> str:
    clock = f"{at.hour % 12 or 12}" + (f":{at.minute:02}" if at.minute else "")
    return f"{at:%A} at {clock} {'AM' if at.hour < 12 else 'PM'}"


def _zone_name(zone: str, at: datetime) -> str:
    return SHORT_NAMES.get(zone) or at.tzname() or zone
