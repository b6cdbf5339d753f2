"""The team's working hours: weekdays, lunch, holidays, one time zone. Pure.

Moments are in UTC; hours are those of `zone`, right on days of 23 and 25 hours.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from caio_project.lib import calendar

MOST_DAYS = 400  # after so many days without hours there are none
DAY = timedelta(days=1)
Opening = tuple[datetime, datetime]  # the first moment, and the first after it


@dataclass(frozen=True)
class Span:
    start: time
    end: time  # 00:00 means the end of the day


@dataclass(frozen=True)
class BusinessCalendar:
    zone: str
    week: tuple[tuple[Span, ...], ...]  # seven days, Monday first
    country: str = ""  # whose public holidays are free; "" for none
    days_off: frozenset[date] = frozenset()

    def is_day_off(self, day: date) -> bool:
        return day in self.days_off or day in calendar.public_holidays(self.country, day.year)

    def is_working_day(self, day: date) -> bool:
        return bool(openings_of(self, day))

    def next_working_day(self, after: date) -> date | None:
        return self._working_day_beside(after, DAY)

    def working_day_before(self, day: date) -> date | None:
        return self._working_day_beside(day, -DAY)

    def _working_day_beside(self, day: date, step: timedelta) -> date | None:
        """None where there is none within `MOST_DAYS`."""
        near = (day + step * count for count in range(1, MOST_DAYS))
        return next((one for one in near if self.is_working_day(one)), None)

    def is_open(self, at: datetime) -> bool:
        return self.next_opening(at) == at

    def next_opening(self, at: datetime) -> datetime | None:
        """`at` where it lies in working hours, else when they next begin; None for never."""
        first = next(self._openings_from(at), None)
        return max(at, first[0]) if first else None

    def add_time(self, start: datetime, amount: timedelta) -> datetime | None:
        """When `amount` of working time is over, counted from `start`; None for never.

        Without an amount it is the next opening.
        """
        if not amount:
            return self.next_opening(start)
        left = amount
        for opens, closes in self._openings_from(start):
            begin = max(opens, start)
            if begin + left <= closes:
                return begin + left
            left -= closes - begin
        return None

    def add_days(self, start: datetime, days: int) -> datetime | None:
        """The same time of day, so many days with working hours later; None for never."""
        local, left = start.astimezone(ZoneInfo(self.zone)), days
        for ahead in range(1, MOST_DAYS):
            day = local.date() + DAY * ahead
            left -= self.is_working_day(day)
            if not left:
                return datetime.combine(day, local.time(), local.tzinfo).astimezone(UTC)
        return None

    def time_between(self, start: datetime, end: datetime) -> timedelta:
        spent = timedelta(0)
        for opens, closes in self._openings_from(start):
            if opens >= end:
                break
            spent += min(closes, end) - max(opens, start)
        return max(spent, timedelta(0))

    def latest_start(self, end: datetime, amount: timedelta) -> datetime | None:
        """The latest moment from which `amount` of working time is over at `end`."""
        left = amount
        for opens, closes in self._openings_before(end):
            until = min(closes, end)
            if left <= until - opens:
                return until - left
            left -= until - opens
        return None

    def _openings_from(self, at: datetime) -> Iterator[Opening]:
        day = self._day_of(at)
        for ahead in range(MOST_DAYS):
            for one in openings_of(self, day + DAY * ahead):
                if one[1] > at:
                    yield one

    def _openings_before(self, at: datetime) -> Iterator[Opening]:
        day = self._day_of(at)
        for ago in range(MOST_DAYS):
            for one in reversed(openings_of(self, day - DAY * ago)):
                if one[0] <= at:
                    yield one

    def _day_of(self, at: datetime) -> date:
        return at.astimezone(ZoneInfo(self.zone)).date()


@lru_cache(maxsize=4096)
def openings_of(hours: BusinessCalendar, day: date) -> tuple[Opening, ...]:
    """The openings of one day, in order; an hour that the clock skips is none."""
    if hours.is_day_off(day):
        return ()
    zone = ZoneInfo(hours.zone)
    found = []
    for span in hours.week[day.weekday()]:
        last_day = day + DAY if span.end == time(0) else day
        opens = datetime.combine(day, span.start, zone).astimezone(UTC)
        closes = datetime.combine(last_day, span.end, zone).astimezone(UTC)
        if opens < closes:
            found.append((opens, closes))
    return tuple(found)


def split_at_lunch(span: Span, lunch: Span | None) -> tuple[Span, ...]:
    if lunch is None:
        return (span,)
    parts = [Span(span.start, _earlier(span.end, lunch.start))]
    parts.append(Span(max(span.start, lunch.end), span.end))
    return tuple(one for one in parts if _minutes(one.start) < _minutes(one.end, at_end=True))


def _earlier(end: time, other: time) -> time:
    return other if _minutes(other) < _minutes(end, at_end=True) else end


def _minutes(clock: time, at_end: bool = False) -> int:
    return (clock.hour * 60 + clock.minute) or (24 * 60 if at_end else 0)
