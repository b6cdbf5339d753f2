"""The guardrails: which counts and which domain health breach them, at which level. Pure.

A breach carries numbers; `guardrail_display` makes the sentence.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from outreach.choices import Guardrail, Level, MoveCode

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(hours=24), timedelta(days=7)
DNS_RECORDS = ("spf", "dkim", "dmarc")
# refusals that concern the address, not us
NOT_OUR_FAULT = (MoveCode.DND, MoveCode.UNSUBSCRIBED, MoveCode.INVALID)
UNCERTAIN_TOO_LONG = timedelta(minutes=15)
BOUNCE_PERCENT = 3  # GoHighLevel itself blocks at 5
LEAST_SENDS = 100  # fewer emails give no meaningful percentage
HEALTH_ALERT, HEALTH_HALT = 70, 50
HEALTH_FRESH = timedelta(hours=6)
MISSING_TOO_LONG = timedelta(hours=72)
NO_VERDICT = "verdict:none"


@dataclass(frozen=True)
class CountRule:
    """How many events within which time breach a guardrail."""

    alert: int
    alert_window: timedelta
    halt: int
    halt_window: timedelta


COUNT_RULES = {
    Guardrail.COMPLAINTS: CountRule(1, WEEK, 2, WEEK),
    # GoHighLevel stops at 5 %, and after three strikes for good.
    Guardrail.BLOCKED: CountRule(1, WEEK, 3, WEEK),
    Guardrail.HARD_BOUNCES: CountRule(2, DAY, 3, DAY),
    # The plan names no window for this alert. It has the 48 hours of the gate for send errors.
    Guardrail.SEND_ERRORS: CountRule(1, timedelta(hours=48), 3, HOUR),
}


MANY_A_DAY = 100  # emails: one complaint more is chance there
COMPLAINTS_OF_MANY = 3  # in a week
BLOCKS_THAT_DEFER = 2  # in 24 hours; the rest of the day nothing is sent


@dataclass(frozen=True)
class DomainHealth:
    """A dated verdict on the sending domain. `score` is 0-100, None where too little was sent."""

    domain: str
    score: int | None
    spf: str
    dkim: str
    dmarc: str
    evaluated_at: datetime
    # {"code", "points", "said"}: the points add up to the score
    reasons: tuple[dict[str, object], ...] = ()


@dataclass(frozen=True)
class MissingRecord:
    """A missing DNS record, and how long consecutive verdicts have found it missing."""

    record: str
    lasted: timedelta
    event: str


@dataclass(frozen=True)
class HealthState:
    """The newest verdict on the sending domain."""

    event: str
    age: timedelta
    score: int | None
    under_alert: str = ""  # the verdict with which the score fell under 70: one event for each fall
    under_halt: str = ""  # the same, under 50
    lost: tuple[MissingRecord, ...] = ()
    unknown: tuple[str, ...] = ()  # records of which DNS gave no answer


@dataclass(frozen=True)
class EventCounts:
    """What was counted at one moment. Events have stable ids, so that each is acted upon once."""

    # events within the window of each guardrail's alert, and of its halt
    alert: Mapping[Guardrail, tuple[str, ...]] = field(default_factory=dict)
    halt: Mapping[Guardrail, tuple[str, ...]] = field(default_factory=dict)
    bounces_week: tuple[str, ...] = ()
    sends_week: int = 0
    health: HealthState | None = None
    blocks_day: tuple[str, ...] = ()
    daily: int = 0  # what the phase allows in a day


@dataclass(frozen=True)
class Breach:
    """A guardrail that is breached now, at its strongest level."""

    guardrail: Guardrail
    level: Level
    events: tuple[str, ...]
    arguments: Mapping[str, Any] = field(default_factory=dict)  # of its sentence
    defers: bool = False  # nothing more is sent on the day


def halting_count(guardrail: Guardrail, daily: int) -> int:
    if guardrail == Guardrail.COMPLAINTS and daily >= MANY_A_DAY:
        return COMPLAINTS_OF_MANY
    return COUNT_RULES[guardrail].halt


def find_breaches(counts: EventCounts) -> tuple[Breach, ...]:
    found = [_count_breach(guardrail, counts) for guardrail in COUNT_RULES]
    found += [
        _score_breach(counts.health),
        _authentication_breach(counts.health),
        _verdict_age_breach(counts.health),
    ]
    return tuple(breach for breach in found if breach)


def _count_breach(guardrail: Guardrail, counts: EventCounts) -> Breach | None:
    rule = COUNT_RULES[guardrail]
    alerting, halting = counts.alert.get(guardrail, ()), counts.halt.get(guardrail, ())
    events: tuple[str, ...] = ()
    arguments: dict[str, Any] = {}
    if len(halting) >= halting_count(guardrail, counts.daily):
        events, arguments = halting, {"count": len(halting), "window": rule.halt_window}
    if guardrail == Guardrail.HARD_BOUNCES and bounce_rate_exceeded(counts):
        events = tuple(dict.fromkeys([*events, *counts.bounces_week]))
        arguments |= {"bounced": len(counts.bounces_week), "sent": counts.sends_week}
    if events:
        return Breach(guardrail, Level.HALT, events, arguments)
    if guardrail == Guardrail.BLOCKED and len(counts.blocks_day) >= BLOCKS_THAT_DEFER:
        arguments = {"count": len(counts.blocks_day), "window": DAY}
        return Breach(guardrail, Level.ALERT, counts.blocks_day, arguments, defers=True)
    if len(alerting) >= rule.alert:
        arguments = {"count": len(alerting), "window": rule.alert_window}
        return Breach(guardrail, Level.ALERT, alerting, arguments)
    return None


def bounce_rate_exceeded(counts: EventCounts) -> bool:
    bounced, sent = len(counts.bounces_week), counts.sends_week
    return sent >= LEAST_SENDS and 100 * bounced >= BOUNCE_PERCENT * sent


def _score_breach(health: HealthState | None) -> Breach | None:
    if health is None or health.score is None or health.score >= HEALTH_ALERT:
        return None
    if health.score < HEALTH_HALT:
        level, event, floor = Level.HALT, health.under_halt, HEALTH_HALT
    else:
        level, event, floor = Level.ALERT, health.under_alert, HEALTH_ALERT
    arguments = {"score": health.score, "floor": floor}
    return Breach(Guardrail.DOMAIN_HEALTH, level, (event,), arguments)


def _authentication_breach(health: HealthState | None) -> Breach | None:
    if health is None or not health.lost:
        return None
    long = [lost for lost in health.lost if lost.lasted >= MISSING_TOO_LONG]
    lost, level = (long, Level.HALT) if long else (list(health.lost), Level.ALERT)
    arguments = {"records": [one.record for one in lost], "too_long": bool(long)}
    return Breach(Guardrail.AUTHENTICATION, level, tuple(one.event for one in lost), arguments)


def _verdict_age_breach(health: HealthState | None) -> Breach | None:
    """No verdict at all is a breach, too: a domain that was not checked is not healthy."""
    if health is None:
        return Breach(Guardrail.HEALTH_VERDICT, Level.ALERT, (NO_VERDICT,), {"hours": None})
    if health.age <= HEALTH_FRESH:
        return None
    arguments = {"hours": round(health.age / HOUR)}
    return Breach(Guardrail.HEALTH_VERDICT, Level.ALERT, (health.event,), arguments)
