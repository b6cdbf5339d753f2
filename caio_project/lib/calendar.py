"""The team's calendar day and working hours. Pure: `now` and the zone are arguments."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays


@dataclass(frozen=True)
class WorkingHours:
    start: time
    end: time  # 00:00 means the end of the day

    @property
    def are_always(self) -> bool:
        """ "00:00-24:00": every hour of every day, weekends and holidays too."""
        return self.start == self.end == time(0)

    @classmethod
    def parse(cls, text: str) -> "WorkingHours":
        """Read "08:00-18:00"; "00:00-24:00" is always. Raises ValueError unless start < end."""
        start, end = (part.strip() for part in text.split("-"))
        hours = cls(
            time.fromisoformat(start), time(0) if end == "24:00" else time.fromisoformat(end)
        )
        if (
            hours.start.tzinfo
            or hours.end.tzinfo
            or (hours.end != time(0) and hours.end <= hours.start)
        ):
            raise ValueError(f"{text!r} is not a span of one day")
        return hours


def read_time(typed: str) -> time:
    """ "09:00". Raises ValueError for anything but a time of day in minutes."""
    found = time.fromisoformat(typed.strip())
    if found.tzinfo or found.second or found.microsecond:
        raise ValueError(f"{typed!r} is no time of day like 09:00")
    return found


def team_day(now: datetime, zone: str) -> date:
    return now.astimezone(ZoneInfo(zone)).date()


def start_of_day(now: datetime, zone: str) -> datetime:
    return datetime.combine(team_day(now, zone), time(0), ZoneInfo(zone)).astimezone(UTC)


def next_day(now: datetime, zone: str) -> datetime:
    """The first moment of the next day in `zone`, right on days of 23 and 25 hours."""
    tomorrow = team_day(now, zone) + timedelta(days=1)
    return datetime.combine(tomorrow, time(0), ZoneInfo(zone)).astimezone(UTC)


@lru_cache(maxsize=1024)
def days_off(country: str, state: str, year: int) -> frozenset[date]:
    """Weekends and public holidays of one year; `country` and `state` are ISO 3166 codes.

    An unknown state adds no holidays; an unknown country has only Saturdays and Sundays. The set is
    complete before it is returned: the library's own object fills itself while threads read it.
    """
    states = holidays.list_supported_countries().get(country)
    books = [] if states is None else [holidays.country_holidays(country, years=year)]
    if state in (states or []):
        books.append(holidays.country_holidays(country, subdiv=state, years=year))
    days = (date(year, 1, 1) + timedelta(days=n) for n in range(366))
    return frozenset(
        day
        for day in days
        if day.year == year
        and not (all(book.is_working_day(day) for book in books) if books else day.weekday() < 5)
    )


@lru_cache(maxsize=256)
def public_holidays(country: str, year: int) -> frozenset[date]:
    """The public holidays of one year, complete; none for a country that is not known."""
    if country not in holidays.list_supported_countries():
        return frozenset()
    return frozenset(holidays.country_holidays(country, years=year).keys())


def is_working_day(day: date, country: str = "US", state: str = "") -> bool:
    return day not in days_off(country, state, day.year)


def next_working_day(after: date, country: str = "US", state: str = "") -> date:
    day = after + timedelta(days=1)
    while not is_working_day(day, country, state):
        day += timedelta(days=1)
    return day


def next_opening(
    now: datetime, zone: str, hours: WorkingHours, country: str = "US", state: str = ""
) -> datetime:
    """`now` if it lies within working hours in `zone`, else the moment they next begin."""
    return max(now, next_working_hours(now, zone, hours, country, state)[0])


def next_working_hours(
    now: datetime, zone: str, hours: WorkingHours, country: str = "US", state: str = ""
) -> tuple[datetime, datetime]:
    """First moment, and first after them, of the hours in `zone` that hold now or come next."""
    day = now.astimezone(ZoneInfo(zone)).date()
    while not is_working_day(day, country, state) or day_bounds(day, zone, hours)[1] <= now:
        day += timedelta(days=1)
    return day_bounds(day, zone, hours)


def day_bounds(day: date, zone: str, hours: WorkingHours) -> tuple[datetime, datetime]:
    """The first moment of the hours on `day` in `zone`, and the first after them."""
    tz = ZoneInfo(zone)
    end_day = day + timedelta(days=1) if hours.end == time(0) else day
    start = datetime.combine(day, hours.start, tz).astimezone(UTC)
    return start, datetime.combine(end_day, hours.end, tz).astimezone(UTC)
