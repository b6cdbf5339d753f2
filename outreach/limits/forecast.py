"""What will leave when, if nothing changes: the limits of `pacing` and `reserve`, played forward over counts. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from caio_project.lib import calendar
from caio_project.lib.calendar import WorkingHours
from outreach.limits import limit_rules, priority_reserve
from outreach.limits.limit_rules import BindingLimit, CurrentLimits
from outreach.limits.priority_reserve import LaterGroup
from outreach.limits.time_zones import TimeZonePlace

HORIZON = timedelta(days=42)  # a warm-up and a week


@dataclass(frozen=True)
class EmailGroup:
    """Approved emails that are alike to the limits. Of those that may leave, the smallest `order` goes first."""

    order: tuple[Any, ...]  # begins with the rank
    place: TimeZonePlace | None  # None keeps nobody's hours
    domain: str  # "" where its limit cannot bind
    count: int
    not_before: datetime | None = None
    mark: int | None = None  # the one email that it is, where it is one

    @property
    def rank(self) -> int:
        return int(self.order[0])


@dataclass(frozen=True)
class ForecastSend:
    """One email leaves."""

    at: datetime
    line: EmailGroup
    longest: "LongestLimit | None" = None


@dataclass(frozen=True)
class LongestLimit:
    """The limit for everything that has held the queue up longest by then, in words for any day, and how long."""

    limit: str
    text: str
    lasted: timedelta


def _longer_limit(
    was: LongestLimit | None, wait: BindingLimit, until: datetime, at: CurrentLimits
) -> LongestLimit:
    text = f"{at.of_day.limit} a day" if wait.limit in ("daily", "warm_up") else wait.text
    held = LongestLimit(wait.limit, text, until - at.now)
    return held if was is None or held.lasted > was.lasted else was


def forecast_sends(
    at: CurrentLimits, lines: Iterable[EmailGroup], hours: WorkingHours
) -> Iterator[ForecastSend]:
    """What leaves, one by one, within the horizon; ends earlier where nothing can leave until a person acts."""
    clock, end = OfficeClock(hours), calendar.start_of_day(at.now + HORIZON, at.zone)
    longest: LongestLimit | None = None
    waiting = sorted((line for line in lines if line.count), key=lambda line: line.order)
    while waiting and at.now < end:
        if wait := limit_rules.limit_on_everything(at):
            if wait.until is None:
                return
            longest = _longer_limit(longest, wait, wait.until, at)
            at = limit_rules.limits_at(at, wait.until)
            continue
        n = _next_group(at, waiting, clock)
        if n is None:
            at = limit_rules.limits_at(at, _next_change(at, waiting, clock))
            continue
        line = waiting[n]
        yield ForecastSend(at.now, line, longest)
        at = limit_rules.limits_after_claim(at, line.domain)
        waiting[n : n + 1] = [replace(line, count=line.count - 1)] if line.count > 1 else []


class OfficeClock:
    """When offices are open, each span worked out once."""

    def __init__(self, hours: WorkingHours):
        self.hours, self.spans = hours, dict[TimeZonePlace, tuple[datetime, datetime]]()

    def span(self, place: TimeZonePlace | None, now: datetime) -> tuple[datetime, datetime] | None:
        """The hours that hold now or come next; None where it is always open."""
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
    """The first that may leave now, as its place in `waiting`; None where none may."""
    full = _full_domains(at)
    for n, line in enumerate(waiting):
        free = line.domain not in full and (line.not_before is None or line.not_before <= at.now)
        if free and clock.opens(line.place, at.now) <= at.now:
            return (
                None
                if priority_reserve.reserve_limit(
                    at, opening_later_today(at, line.rank, waiting, clock)
                )
                else n
            )
    return None


def opening_later_today(
    at: CurrentLimits, rank: int, waiting: Iterable[EmailGroup], clock: OfficeClock
) -> list[LaterGroup]:
    """The more urgent ones whose offices open later on the team's day."""
    found, ends = [], calendar.next_day(at.now, at.zone) if rank else at.now
    for line in waiting:
        if line.rank >= rank:
            break
        span = clock.span(line.place, at.now)
        if line.place and span and at.now < span[0] < ends:
            found.append(
                LaterGroup(line.place.zone, span[0], min(span[1], ends), line.domain, line.count)
            )
    return found


def _full_domains(at: CurrentLimits) -> set[str]:
    return {domain for domain in at.full_domains if domain}


def _next_change(at: CurrentLimits, waiting: list[EmailGroup], clock: OfficeClock) -> datetime:
    """The first later moment at which an office opens, a domain has room, an email's own wait or the day ends."""
    moments = {calendar.next_day(at.now, at.zone)}
    for line in waiting:
        moments |= {clock.opens(line.place, at.now), line.not_before or at.now}
    moments |= {
        wait.until
        for domain in _full_domains(at)
        if (wait := limit_rules.limit_on_domain(at, domain)) and wait.until
    }
    return min(moment for moment in moments if moment > at.now)


# --- By day -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DayCount:
    day: date  # of the team's calendar
    count: int


@dataclass(frozen=True)
class Forecast:
    """When what waits has left."""

    waiting: int
    days: tuple[DayCount, ...]  # those on which something leaves, within the horizon
    last_at: datetime | None  # when the last one leaves; None where it does not within the horizon
    last_day: (
        date | None
    )  # the same as a day, reckoned on at the last week's pace beyond it; None where nothing leaves

    @property
    def today(self) -> int:
        return self.days[0].count if self.days else 0


def count_by_day(at: CurrentLimits, lines: list[EmailGroup], hours: WorkingHours) -> Forecast:
    """How many leave on each day of the team's calendar, and when the last one does."""
    waiting, counted, last = sum(line.count for line in lines), dict[date, int](), at.now
    for one in forecast_sends(at, lines, hours):
        day, last = calendar.team_day(one.at, at.zone), one.at
        counted[day] = counted.get(day, 0) + 1
    days = tuple(DayCount(day, count) for day, count in sorted(counted.items()))
    left = waiting - sum(counted.values())
    if not left:
        return Forecast(waiting, days, last if waiting else None, days[-1].day if days else None)
    return Forecast(waiting, days, None, _extrapolated_day(at, days, left))


def _extrapolated_day(at: CurrentLimits, days: tuple[DayCount, ...], left: int) -> date | None:
    """The day on which the rest has left, at the pace of the last seven days before the horizon's end."""
    end = calendar.team_day(at.now + HORIZON, at.zone)
    pace = sum(one.count for one in days if timedelta(0) < end - one.day <= timedelta(days=7))
    return end + timedelta(days=-(-left * 7 // pace) - 1) if pace else None
