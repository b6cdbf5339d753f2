"""The guardrails as one table and one judgement: what was counted, and what it has to end in. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from outreach.choices import Guardrail, Level

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(hours=24), timedelta(days=7)
DNS_RECORDS = ("spf", "dkim", "dmarc")
NOT_OUR_FAULT = (
    "dnd",
    "unsubscribed",
    "invalid",
)  # refusals that say something about the address, not about us
UNCERTAIN_TOO_LONG = timedelta(minutes=15)
BOUNCE_PERCENT = 3  # GoHighLevel itself blocks at 5
LEAST_SENDS = 100  # below them a share of bounces says nothing
HEALTH_ALERT, HEALTH_HALT = 70, 50
HEALTH_FRESH = timedelta(hours=6)
MISSING_TOO_LONG = timedelta(hours=72)
NO_VERDICT = "verdict:none"


@dataclass(frozen=True)
class CountRule:
    """One guardrail that counts events: how many within which window."""

    alert: int
    alert_window: timedelta
    halt: int
    halt_window: timedelta
    one: str
    many: str


COUNT_RULES = {
    Guardrail.COMPLAINTS: CountRule(1, WEEK, 2, WEEK, "complaint", "complaints"),
    Guardrail.HARD_BOUNCES: CountRule(2, DAY, 3, DAY, "hard bounce", "hard bounces"),
    # For the alert the table names no window: the 48 hours of the gate, which wants none in them.
    Guardrail.SEND_ERRORS: CountRule(1, timedelta(hours=48), 3, HOUR, "send error", "send errors"),
}


@dataclass(frozen=True)
class DomainHealth:
    """A verdict on the sending domain, dated, from above. `score` is 0-100, None where the sample is too small."""

    domain: str
    score: int | None
    spf: str
    dkim: str
    dmarc: str
    evaluated_at: datetime
    reasons: tuple[
        dict[str, object], ...
    ] = ()  # {"code", "points", "said"}: the sum that makes the score


@dataclass(frozen=True)
class MissingRecord:
    """A record that DNS has said to be missing, from the first such verdict in a row to the newest."""

    record: str
    lasted: timedelta
    event: str


@dataclass(frozen=True)
class HealthState:
    """The newest verdict on the sending domain."""

    event: str
    age: timedelta
    score: int | None
    under_alert: str = ""  # the first of the verdicts in a row under 70: that fall is one event
    under_halt: str = ""  # the same, under 50
    lost: tuple[MissingRecord, ...] = ()


@dataclass(frozen=True)
class EventCounts:
    """What was counted at one moment. An event has an id that stays the same, so that it is acted upon once."""

    alert: Mapping[Guardrail, tuple[str, ...]] = field(
        default_factory=dict
    )  # events within each alert's window
    halt: Mapping[Guardrail, tuple[str, ...]] = field(default_factory=dict)
    bounces_week: tuple[str, ...] = ()
    sends_week: int = 0
    health: HealthState | None = None


@dataclass(frozen=True)
class Breach:
    """One guardrail that stands breached, at its strongest level."""

    guardrail: Guardrail
    level: Level
    events: tuple[str, ...]
    text: str


def find_breaches(counts: EventCounts) -> tuple[Breach, ...]:
    """Every guardrail that `counts` breach, in the order of the table."""
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
    texts = []
    if len(halting) >= rule.halt:
        events, texts = halting, [count_text(rule, halting, rule.halt_window)]
    if guardrail == Guardrail.HARD_BOUNCES and bounce_rate_exceeded(counts):
        events = tuple(dict.fromkeys([*events, *counts.bounces_week]))
        texts.append(
            f"{len(counts.bounces_week)} hard bounces of {counts.sends_week} emails sent in 7 days"
        )
    if events:
        return Breach(guardrail, Level.HALT, events, f"{', '.join(texts)}.")
    if len(alerting) >= rule.alert:
        return Breach(
            guardrail, Level.ALERT, alerting, f"{count_text(rule, alerting, rule.alert_window)}."
        )
    return None


def bounce_rate_exceeded(counts: EventCounts) -> bool:
    return (
        counts.sends_week >= LEAST_SENDS
        and 100 * len(counts.bounces_week) >= BOUNCE_PERCENT * counts.sends_week
    )


def count_text(rule: CountRule, events: tuple[str, ...], window: timedelta) -> str:
    """ "2 complaints in 7 days"."""
    return f"{len(events)} {rule.one if len(events) == 1 else rule.many} in {duration_text(window)}"


def duration_text(window: timedelta) -> str:
    if window == HOUR:
        return "an hour"
    return (
        f"{window.days} days" if window >= WEEK else f"{round(window.total_seconds() / 3600)} hours"
    )


def _score_breach(health: HealthState | None) -> Breach | None:
    if health is None or health.score is None or health.score >= HEALTH_ALERT:
        return None
    halts = health.score < HEALTH_HALT
    level, event = (Level.HALT, health.under_halt) if halts else (Level.ALERT, health.under_alert)
    floor = HEALTH_HALT if halts else HEALTH_ALERT
    return Breach(
        Guardrail.DOMAIN_HEALTH, level, (event,), f"Domain health is {health.score}, under {floor}."
    )


def _authentication_breach(health: HealthState | None) -> Breach | None:
    if health is None or not health.lost:
        return None
    long = [lost for lost in health.lost if lost.lasted >= MISSING_TOO_LONG]
    lost, level = (long, Level.HALT) if long else (list(health.lost), Level.ALERT)
    names = " and ".join(one.record.upper() for one in lost)
    since = " for 72 hours or longer" if long else ""
    verb = "is" if len(lost) == 1 else "are"
    text = f"{names} of the sending domain {verb} missing{since}."
    return Breach(Guardrail.AUTHENTICATION, level, tuple(one.event for one in lost), text)


def _verdict_age_breach(health: HealthState | None) -> Breach | None:
    """No verdict at all is as old as can be: what was not looked at is not healthy."""
    if health is None:
        return Breach(
            Guardrail.HEALTH_VERDICT,
            Level.ALERT,
            (NO_VERDICT,),
            "There is no verdict on domain health.",
        )
    if health.age <= HEALTH_FRESH:
        return None
    hours = round(health.age.total_seconds() / 3600)
    text = f"The verdict on domain health is {hours} hours old; after 6 it counts for nothing."
    return Breach(Guardrail.HEALTH_VERDICT, Level.ALERT, (health.event,), text)
