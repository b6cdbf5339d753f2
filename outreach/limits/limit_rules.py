"""How much may leave and when, as rules over what was claimed so far. Pure: the door and the forecast ask the same."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from caio_project.lib import calendar
from outreach.limits import warm_up
from outreach.limits.warm_up import WarmUp

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class BindingLimit:
    """What keeps an email from leaving. `until` is None where only a person can end it."""

    limit: str
    until: datetime | None
    text: str
    everything: bool = True  # False where other emails may go first


@dataclass(frozen=True)
class RecentSend:
    """One send that left or may have: when its slot was claimed, and to which domain."""

    at: datetime
    domain: str


@dataclass(frozen=True)
class DailyLimit:
    """The stricter of what the phase and the warm-up allow in a day, and how much of it is used up."""

    limit: int
    used: int

    @property
    def left(self) -> int:
        return max(0, self.limit - self.used)


@dataclass(frozen=True)
class CurrentLimits:
    """The limits that hold for every email, and how much of each is used up."""

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
    warm_up: WarmUp | None = None  # of the domain we send from

    @property
    def day(self) -> date:
        return calendar.team_day(self.now, self.zone)

    @property
    def of_day(self) -> DailyLimit:
        """Whichever leaves less."""
        found = [DailyLimit(self.daily, self.used_today)]
        if self.warm_up:
            found.append(DailyLimit(self.warm_up.daily, self.warm_up.used))
        return min(found, key=lambda one: (one.left, one.limit))

    @property
    def left_this_hour(self) -> int:
        return max(0, self.hourly - len(self.recent))

    @property
    def full_domains(self) -> list[str]:
        """The domains that nothing more may leave to now."""
        counted = Counter(claim.domain for claim in self.recent)
        return [domain for domain, count in counted.items() if count >= self.domain_hourly]


def limit_on_everything(at: CurrentLimits) -> BindingLimit | None:
    """The strictest limit that holds every email back now."""
    if at.halted:
        return BindingLimit("halted", None, "Sending is halted.")
    if at.daily == 0:
        return BindingLimit("phase", None, "Nothing is sent in Shadow.")
    waits = []
    if at.used_today >= at.daily:
        waits.append(
            BindingLimit(
                "daily",
                calendar.next_day(at.now, at.zone),
                f"{at.used_today} of {at.daily} sent today",
            )
        )
    if at.warm_up and at.warm_up.used >= at.warm_up.daily:
        text = f"{at.warm_up.used} of {at.warm_up.daily} sent today in week {at.warm_up.week} of {at.warm_up.domain}"
        waits.append(BindingLimit("warm_up", calendar.next_day(at.now, at.zone), text))
    if len(at.recent) >= at.hourly:
        waits.append(
            BindingLimit("hourly", at.recent[at.hourly - 1].at + HOUR, f"{at.hourly} an hour")
        )
    if at.last and at.now < at.last + at.gap:
        waits.append(
            BindingLimit("gap", at.last + at.gap, f"{at.gap.total_seconds():.0f} s between emails")
        )
    if at.away_until and at.now < at.away_until:
        waits.append(
            BindingLimit("ghl", at.away_until, f"GoHighLevel cannot be used: {at.away_for}")
        )
    return strictest_limit(waits)


def limit_on_domain(at: CurrentLimits, domain: str) -> BindingLimit | None:
    """Whether the recipient's domain has had what it may have in an hour."""
    claimed = [claim.at for claim in at.recent if claim.domain == domain]
    if len(claimed) < at.domain_hourly:
        return None
    until = claimed[at.domain_hourly - 1] + HOUR
    return BindingLimit(
        "domain", until, f"{at.domain_hourly} an hour to {domain}", everything=False
    )


def strictest_limit(waits: list[BindingLimit]) -> BindingLimit | None:
    """The one that ends last; one that only a person can end outlasts them all."""
    return max(waits, key=lambda wait: wait.until or datetime.max.replace(tzinfo=UTC), default=None)


def limits_at(at: CurrentLimits, now: datetime) -> CurrentLimits:
    """How things stand at a later moment if nothing is claimed until then."""
    recent = tuple(claim for claim in at.recent if claim.at > now - HOUR)
    day = calendar.team_day(now, at.zone)
    used = at.used_today if day == at.day else 0
    return replace(
        at, now=now, recent=recent, used_today=used, warm_up=warm_up.moved_to_day(at.warm_up, day)
    )


def limits_after_claim(at: CurrentLimits, domain: str) -> CurrentLimits:
    """How things stand once a slot was claimed now."""
    recent = (RecentSend(at.now, domain), *at.recent)[: at.hourly]
    ours = at.warm_up and replace(
        at.warm_up, since=at.warm_up.since or at.day, used=at.warm_up.used + 1
    )
    return replace(at, used_today=at.used_today + 1, recent=recent, last=at.now, warm_up=ours)
