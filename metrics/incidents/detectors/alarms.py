"""Alarms and breaches that other packages have judged already, as findings. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from metrics.incident_codes import Action, Cause
from metrics.incidents.findings import Finding

GUARDRAIL = "guardrail:"
# The beginning of an alarm's key: the cause, and what the alarm says was done.
CAUSE_BY_ALARM: tuple[tuple[str, Cause, Action], ...] = (
    (f"{GUARDRAIL}complaints", Cause.COMPLAINTS, Action.MACHINE_PAUSED),
    (f"{GUARDRAIL}blocked", Cause.BLOCKS, Action.MACHINE_PAUSED),
    (f"{GUARDRAIL}hard_bounces", Cause.BOUNCES, Action.MACHINE_PAUSED),
    (f"{GUARDRAIL}send_errors", Cause.SENDS_FAILING, Action.MACHINE_PAUSED),
    (f"{GUARDRAIL}domain_health", Cause.DOMAIN_HEALTH, Action.MACHINE_PAUSED),
    (f"{GUARDRAIL}authentication", Cause.AUTHENTICATION, Action.MACHINE_PAUSED),
    (f"{GUARDRAIL}health_verdict", Cause.FIGURES_STOPPED, Action.MACHINE_PAUSED),
    ("ghl:refusing", Cause.SENDS_FAILING, Action.TOLD),
    ("uncertain:", Cause.UNCERTAIN, Action.DEFERRED),
    ("ghl:token", Cause.GHL_ACCESS, Action.DEFERRED),
    ("ghl:scope:", Cause.GHL_ACCESS, Action.DEFERRED),
    ("ghl:unproven", Cause.GHL_ACCESS, Action.DEFERRED),
    ("ghl:daily", Cause.GHL_LIMIT, Action.DEFERRED),
    ("ghl:sync:", Cause.GHL_READING, Action.DEFERRED),
    ("clay:breaker", Cause.ENRICHMENT_STALLED, Action.FELL_BACK),
    ("clay:settings", Cause.ENRICHMENT_STALLED, Action.FELL_BACK),
    ("clay:budget:used_up", Cause.CLAY_BUDGET, Action.FELL_BACK),
    ("clay:budget", Cause.CLAY_BUDGET, Action.TOLD),
    ("slack", Cause.SLACK, Action.TOLD),
    ("llm:", Cause.LANGUAGE_MODEL, Action.FELL_BACK),
)
SILENT = ":silent"
MOST_KEYS = 10


@dataclass(frozen=True)
class AlarmFact:
    pk: int
    key: str
    opened_at: datetime


@dataclass(frozen=True)
class BreachFact:
    """The newest breach of a guardrail that acted."""

    level: str
    action: str
    events: tuple[str, ...]
    sends: int
    score: int | None
    phase_before: str
    phase_after: str


@dataclass(frozen=True)
class AlarmFacts:
    alarms: tuple[AlarmFact, ...] = ()
    breaches: Mapping[str, BreachFact] = field(default_factory=dict)  # by guardrail
    silences: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # by source
    clay_used: int | None = None


ACTION_BY_BREACH = {
    "alerted": Action.MACHINE_PAUSED,
    "deferred": Action.DEFERRED_TODAY,
    "halted": Action.HALTED,
    "dropped": Action.DROPPED,
    "noted": Action.HALTED,
}


def findings_of_alarms(facts: AlarmFacts) -> list[Finding]:
    """One finding for each cause; alarms with the same cause are one, the gravest acts for all."""
    grouped: dict[tuple[Cause, str], list[tuple[AlarmFact, Action]]] = {}
    for alarm in sorted(facts.alarms, key=lambda one: (not one.key.startswith(GUARDRAIL), one.pk)):
        cause, subject, action = classify_alarm(alarm.key)
        grouped.setdefault((cause, subject), []).append((alarm, action))
    return [_finding(cause, subject, found, facts) for (cause, subject), found in grouped.items()]


def classify_alarm(key: str) -> tuple[Cause, str, Action]:
    if key.endswith(SILENT):
        return Cause.SILENT_SOURCE, key.removesuffix(SILENT), Action.TOLD
    for beginning, cause, action in CAUSE_BY_ALARM:
        if key.startswith(beginning):
            return cause, "", action
    return Cause.OTHER, key, Action.TOLD


def _finding(
    cause: Cause, subject: str, found: list[tuple[AlarmFact, Action]], facts: AlarmFacts
) -> Finding:
    alarms, action = [alarm for alarm, _ in found], found[0][1]
    if cause == Cause.CLAY_BUDGET and any(one == Action.FELL_BACK for _, one in found):
        action = Action.FELL_BACK
    evidence: dict[str, Any] = {
        "alarms": [alarm.key for alarm in alarms][:MOST_KEYS],
        "count": len(alarms),
    }
    marks = [f"alarm:{alarm.pk}" for alarm in alarms]
    for alarm in alarms:
        breach = facts.breaches.get(alarm.key.removeprefix(GUARDRAIL))
        if alarm.key.startswith(GUARDRAIL) and breach is not None:
            marks.remove(
                f"alarm:{alarm.pk}"
            )  # raised anew for every breach: events say what is new
            marks += breach.events
            action = ACTION_BY_BREACH[breach.action]
            evidence |= _breach_numbers(breach)
    if subject in facts.silences:
        evidence |= facts.silences[subject]
    if cause == Cause.CLAY_BUDGET and facts.clay_used is not None:
        evidence["used"] = facts.clay_used
    pks = tuple(alarm.pk for alarm in alarms)
    return Finding(cause, tuple(marks), evidence, subject, action, pks)


def _breach_numbers(breach: BreachFact) -> dict[str, Any]:
    return {
        "level": breach.level,
        "events": len(breach.events),
        "sends_week": breach.sends,
        "score": breach.score,
        "phase_before": breach.phase_before,
        "phase_after": breach.phase_after,
    }
