"""Which emails leave when if nothing changes. Pure.

The limits and the reserve are applied step by step to counts of waiting emails.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import takewhile
from typing import Any

from caio_project.lib import calendar
from caio_project.lib.calendar import WorkingHours
from outreach.limits import limit_rules, priority_reserve
from outreach.limits.limit_rules import BindingLimit, CurrentLimits
from outreach.limits.limit_texts import LimitCode
from outreach.limits.priority_reserve import LaterGroup
from outreach.limits.time_zones import TimeZonePlace

HORIZON = timedelta(days=42)  # a warm-up and a week


@dataclass(frozen=True)
class EmailGroup:
    """Approved emails that every limit treats alike. Of the groups that may leave, the smallest
    `order` goes first.
    """

    order: tuple[Any, ...]  # begins with the rank
    place: TimeZonePlace | None  # None: leaves at any hour
    domain: str  # "" where the limit of the domain cannot be reached
    count: int
    not_before: datetime | None = None
    mark: int | None = None  # the primary key, where the group is one email

    @property
    def rank(self) -> int:
        return int(self.order[0])


@dataclass(frozen=True)
class LongestLimit:
    """The limit that has held every email up longest so far. Its arguments name no single day."""

    limit: str
    arguments: Mapping[str, Any]
    lasted: timedelta


@dataclass(frozen=True)
class ForecastSend:
    """One email of `group` leaves."""

    at: datetime
    group: EmailGroup
    longest: LongestLimit | None = None


def forecast_sends(
    at: CurrentLimits, groups: Iterable[EmailGroup], hours: WorkingHours
) -> Iterator[ForecastSend]:
    """Yield each email that leaves within the horizon, in order.

    Ends earlier where only a person can end a limit.
    """
    clock, end = OfficeClock(hours), calendar.start_of_day(at.now + HORIZON, at.zone)
    longest: LongestLimit | None = None
    waiting = sorted((group for group in groups if group.count), key=lambda group: group.order)
    while waiting and at.now < end:
        if limit := limit_rules.limit_on_everything(at):
            if limit.until is None:
                return
            longest = _longer_limit(longest, limit, limit.until, at)
            at = limit_rules.limits_at(at, limit.until)
            continue
        n = _next_group(at, waiting, clock)
        if n is None:
            at = limit_rules.limits_at(at, _next_change(at, waiting, clock))
            continue
        group = waiting[n]
        yield ForecastSend(at.now, group, longest)
        at = limit_rules.limits_after_claim(at, group.domain)
        waiting[n : n + 1] = [replace(group, count=group.count - 1)] if group.count > 1 else []


def _longer_limit(
    was: LongestLimit | None, limit: BindingLimit, until: datetime, at: CurrentLimits
) -> LongestLimit:
    lasted = until - at.now
    if was is not None and lasted <= was.lasted:
        return was
    of_a_day = limit.limit in (LimitCode.DAILY, LimitCode.WARM_UP)
    arguments = {"a_day": at.of_day.limit} if of_a_day else limit.arguments
    return LongestLimit(limit.limit, arguments, lasted)


class OfficeClock:
    """The opening hours of offices, with the spans that were computed already."""

    def __init__(self, hours: WorkingHours):
        self.hours, self.spans = hours, dict[TimeZonePlace, tuple[datetime, datetime]]()

    def span(self, place: TimeZonePlace | None, now: datetime) -> tuple[datetime, datetime] | None:
        """The current or next opening hours; None where the place is always open."""
        if place is None or self.hours.are_always:
            return None
        found = self.spans.get(place)
        if found is None or found[1] <= now:
            found = calendar.next_working_hours(
                now, place.zone, self.hours, place.country, place.state
            )
            self.spans[place] = found
        return found

    def opens(self, place: TimeZonePlace | None, now: datetime) -> datetime:
        span = self.span(place, now)
        return max(now, span[0]) if span else now


def _next_group(at: CurrentLimits, waiting: list[EmailGroup], clock: OfficeClock) -> int | None:
    full = _full_domains(at)
    for n, group in enumerate(waiting):
        is_due = group.not_before is None or group.not_before <= at.now
        if group.domain in full or not is_due or clock.opens(group.place, at.now) > at.now:
            continue
        later = opening_later_today(at, group.rank, waiting, clock)
        return None if priority_reserve.reserve_limit(at, later) else n
    return None


def opening_later_today(
    at: CurrentLimits, rank: int, waiting: Iterable[EmailGroup], clock: OfficeClock
) -> list[LaterGroup]:
    found, ends = [], calendar.next_day(at.now, at.zone) if rank else at.now
    for group in takewhile(lambda one: one.rank < rank, waiting):
        span = clock.span(group.place, at.now)
        if group.place and span and at.now < span[0] < ends:
            closes = min(span[1], ends)
            found.append(LaterGroup(group.place.zone, span[0], closes, group.domain, group.count))
    return found


def _full_domains(at: CurrentLimits) -> set[str]:
    return {domain for domain in at.full_domains if domain}


def _next_change(at: CurrentLimits, waiting: list[EmailGroup], clock: OfficeClock) -> datetime:
    """The next moment at which an email may become free to leave.

    An office opens, a domain's hour passes, an email's own wait ends or the day ends.
    """
    moments = {calendar.next_day(at.now, at.zone)}
    for group in waiting:
        moments |= {clock.opens(group.place, at.now), group.not_before or at.now}
    moments |= {
        limit.until
        for domain in _full_domains(at)
        if (limit := limit_rules.limit_on_domain(at, domain)) and limit.until
    }
    return min(moment for moment in moments if moment > at.now)


# --- By day ---


@dataclass(frozen=True)
class DayCount:
    day: date  # of the team's calendar
    count: int


@dataclass(frozen=True)
class Forecast:
    """How many waiting emails leave on which day, and when the last one leaves."""

    waiting: int
    days: tuple[DayCount, ...]  # those on which something leaves, within the horizon
    last_at: datetime | None  # when the last one leaves; None where it does not within the horizon
    # beyond the horizon extrapolated at the last week's pace; None where no email leaves
    last_day: date | None

    @property
    def today(self) -> int:
        return self.days[0].count if self.days else 0


def count_by_day(at: CurrentLimits, groups: list[EmailGroup], hours: WorkingHours) -> Forecast:
    waiting, counted, last = sum(group.count for group in groups), dict[date, int](), at.now
    for one in forecast_sends(at, groups, hours):
        day, last = calendar.team_day(one.at, at.zone), one.at
        counted[day] = counted.get(day, 0) + 1
    days = tuple(DayCount(day, count) for day, count in sorted(counted.items()))
    left = waiting - sum(counted.values())
    if not left:
        return Forecast(waiting, days, last if waiting else None, days[-1].day if days else None)
    return Forecast(waiting, days, None, _extrapolated_day(at, days, left))


def _extrapolated_day(at: CurrentLimits, days: tuple[DayCount, ...], left: int) -> date | None:
    end = calendar.team_day(at.now + HORIZON, at.zone)
    pace = sum(one.count for one in days if timedelta(0) < end - one.day <= timedelta(days=7))
    return end + timedelta(days=-(-left * 7 // pace) - 1) if pace else None
