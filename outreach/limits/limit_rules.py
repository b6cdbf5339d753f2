"""How many emails may leave and when, as rules over what was claimed so far. Pure.

Sending and the forecast use the same rules.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from caio_project.lib import calendar
from outreach.limits import warm_up
from outreach.limits.limit_texts import LimitCode, limit_text
from outreach.limits.warm_up import WarmUp

HOUR = timedelta(hours=1)
NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class BindingLimit:
    """What keeps an email from leaving. `until` is None where only a person can end it."""

    limit: str  # a LimitCode, or a code of an older version
    until: datetime | None
    arguments: Mapping[str, Any] = field(default_factory=dict)  # of its sentence
    everything: bool = True  # False where other emails may go first

    @property
    def text(self) -> str:
        return limit_text(self.limit, self.arguments)


@dataclass(frozen=True)
class RecentSend:
    """An email that left or may have: when its slot was claimed, and the recipient's domain."""

    at: datetime
    domain: str


@dataclass(frozen=True)
class DailyLimit:
    """How many emails a day are allowed, and how many of them are used up."""

    limit: int
    used: int

    @property
    def left(self) -> int:
        return max(0, self.limit - self.used)


@dataclass(frozen=True)
class CurrentLimits:
    """The limits for every email at one moment, and how much of each is used up."""

    now: datetime
    zone: str  # of the team, whose day it is
    phase: str
    halted: bool
    daily: int  # what the phase allows in a day
    hourly: int
    domain_hourly: int
    gap: timedelta
    used_today: int = 0
    recent: tuple[RecentSend, ...] = ()  # of the last hour, newest first, `hourly` of them at most
    last: datetime | None = None
    away_until: datetime | None = None  # GoHighLevel cannot be used before
    away_for: str = ""
    away_failures: int = 0  # since it last took an email
    rest_until: datetime | None = None  # a guardrail lets nothing be sent before
    rest_for: str = ""
    warm_up: WarmUp | None = None  # of the domain we send from

    @property
    def day(self) -> date:
        return calendar.team_day(self.now, self.zone)

    @property
    def of_day(self) -> DailyLimit:
        """The limit of the phase or of the warm-up, whichever leaves less."""
        found = [DailyLimit(self.daily, self.used_today)]
        if self.warm_up:
            found.append(DailyLimit(self.warm_up.daily, self.warm_up.used))
        return min(found, key=lambda one: (one.left, one.limit))

    @property
    def left_this_hour(self) -> int:
        return max(0, self.hourly - len(self.recent))

    @property
    def full_domains(self) -> list[str]:
        counted = Counter(claim.domain for claim in self.recent)
        return [domain for domain, count in counted.items() if count >= self.domain_hourly]


def limit_on_everything(at: CurrentLimits) -> BindingLimit | None:
    if at.halted:
        return BindingLimit(LimitCode.HALTED, None)
    if at.daily == 0:
        return BindingLimit(LimitCode.PHASE, None)
    found = [*_day_limits(at), *_pace_limits(at)]
    if at.away_until and at.now < at.away_until:
        found.append(BindingLimit(LimitCode.GHL, at.away_until, {"reason": at.away_for}))
    if at.rest_until and at.now < at.rest_until:
        found.append(BindingLimit(LimitCode.REST, at.rest_until, {"reason": at.rest_for}))
    return strictest_limit(found)


def _day_limits(at: CurrentLimits) -> list[BindingLimit]:
    found = []
    if at.used_today >= at.daily:
        arguments: dict[str, Any] = {"used": at.used_today, "cap": at.daily}
        found.append(BindingLimit(LimitCode.DAILY, _tomorrow(at), arguments))
    warming = at.warm_up
    if warming and warming.used >= warming.daily:
        arguments = {"used": warming.used, "cap": warming.daily}
        arguments |= {"week": warming.week, "domain": warming.domain}
        found.append(BindingLimit(LimitCode.WARM_UP, _tomorrow(at), arguments))
    return found


def _tomorrow(at: CurrentLimits) -> datetime:
    return calendar.next_day(at.now, at.zone)


def _pace_limits(at: CurrentLimits) -> list[BindingLimit]:
    found = []
    if len(at.recent) >= at.hourly:
        until = at.recent[at.hourly - 1].at + HOUR
        found.append(BindingLimit(LimitCode.HOURLY, until, {"cap": at.hourly}))
    if at.last and at.now < at.last + at.gap:
        arguments = {"seconds": at.gap.total_seconds()}
        found.append(BindingLimit(LimitCode.GAP, at.last + at.gap, arguments))
    return found


def limit_on_domain(at: CurrentLimits, domain: str) -> BindingLimit | None:
    claimed = [claim.at for claim in at.recent if claim.domain == domain]
    if len(claimed) < at.domain_hourly:
        return None
    until = claimed[at.domain_hourly - 1] + HOUR
    arguments = {"cap": at.domain_hourly, "domain": domain}
    return BindingLimit(LimitCode.DOMAIN, until, arguments, everything=False)


def strictest_limit(limits: list[BindingLimit]) -> BindingLimit | None:
    """The limit that ends last. One that only a person can end counts as the last."""
    return max(limits, key=lambda limit: limit.until or NEVER, default=None)


def limits_at(at: CurrentLimits, now: datetime) -> CurrentLimits:
    recent = tuple(claim for claim in at.recent if claim.at > now - HOUR)
    day = calendar.team_day(now, at.zone)
    used = at.used_today if day == at.day else 0
    return replace(
        at, now=now, recent=recent, used_today=used, warm_up=warm_up.moved_to_day(at.warm_up, day)
    )


def limits_after_claim(at: CurrentLimits, domain: str) -> CurrentLimits:
    recent = (RecentSend(at.now, domain), *at.recent)[: at.hourly]
    warming = at.warm_up and replace(
        at.warm_up, since=at.warm_up.since or at.day, used=at.warm_up.used + 1
    )
    return replace(at, used_today=at.used_today + 1, recent=recent, last=at.now, warm_up=warming)
