"""The guardrails in words, for pages, the API and alarms. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from caio_project.lib.words.check_states import CheckState
from outreach.choices import Guardrail, Level
from outreach.guardrails import guardrail_rules
from outreach.guardrails.guardrail_rules import (
    HOUR,
    LEAST_SENDS,
    WEEK,
    Breach,
    EventCounts,
    HealthState,
)

NOUNS = {
    Guardrail.COMPLAINTS: ("complaint", "complaints"),
    Guardrail.BLOCKED: ("block by a receiver", "blocks by receivers"),
    Guardrail.HARD_BOUNCES: ("hard bounce", "hard bounces"),
    Guardrail.SEND_ERRORS: ("send error", "send errors"),
}


def describe_breach(breach: Breach) -> str:
    if breach.guardrail == Guardrail.DOMAIN_HEALTH:
        return "Domain health is {score}, under {floor}.".format(**breach.arguments)
    if breach.guardrail == Guardrail.AUTHENTICATION:
        return _missing_records_text(breach.arguments["records"], breach.arguments["too_long"])
    if breach.guardrail == Guardrail.HEALTH_VERDICT:
        return _old_verdict_text(breach.arguments["hours"])
    return _counts_text(breach)


def _counts_text(breach: Breach) -> str:
    arguments, parts = breach.arguments, []
    if "count" in arguments:
        count, window = arguments["count"], duration_text(arguments["window"])
        parts.append(f"{count} {NOUNS[breach.guardrail][count != 1]} in {window}")
    if "sent" in arguments:
        parts.append("{bounced} hard bounces of {sent} emails sent in 7 days".format(**arguments))
    return f"{', '.join(parts)}."


def _missing_records_text(records: list[str], too_long: bool) -> str:
    names, verb = _record_names(records), "are" if len(records) > 1 else "is"
    since = " for 72 hours or longer" if too_long else ""
    return f"{names} of the sending domain {verb} missing or broken{since}."


def _record_names(records: Iterable[str]) -> str:
    return " and ".join(record.upper() for record in records)


def _old_verdict_text(hours: int | None) -> str:
    if hours is None:
        return "There is no verdict on domain health."
    return f"The verdict on domain health is {hours} hours old; after 6 it counts for nothing."


def duration_text(duration: timedelta) -> str:
    if duration <= HOUR:
        return "an hour" if duration == HOUR else "less than an hour"
    return f"{duration.days} days" if duration >= WEEK else f"{round(duration / HOUR)} hours"


# --- The table ---

CLEAR, NOT_KNOWN = "clear", "not_known"
LEVEL_STATES = {
    CLEAR: CheckState.PASS,
    Level.ALERT: CheckState.ALERT,
    Level.HALT: CheckState.FAIL,
    NOT_KNOWN: CheckState.NOT_KNOWN,
}
LEVEL_WORDS = {CLEAR: "Clear", Level.ALERT: "Alert", Level.HALT: "Breached", NOT_KNOWN: "Not known"}


@dataclass(frozen=True)
class GuardrailStatus:
    """One row of the guardrail table."""

    guardrail: Guardrail
    now: str
    alert_at: str
    halt_at: str  # "" where it never halts
    level: str  # clear, alert, halt; "not_known" where there is nothing to judge from yet
    why: str  # the sentence of the breach, or what is missing; "" where it is clear

    @property
    def state(self) -> CheckState:
        return LEVEL_STATES[self.level]

    @property
    def words(self) -> str:
        return LEVEL_WORDS[self.level]


def guardrail_table(counts: EventCounts) -> list[GuardrailStatus]:
    breaches = {breach.guardrail: breach for breach in guardrail_rules.find_breaches(counts)}
    rows = [_count_row(guardrail, counts) for guardrail in guardrail_rules.COUNT_RULES]
    rows += _health_rows(counts.health)
    return [_status(row, breaches.get(row[0]), _what_is_missing(row[0], counts)) for row in rows]


def _status(
    row: tuple[Guardrail, str, str, str], breach: Breach | None, missing: str
) -> GuardrailStatus:
    if breach:
        return GuardrailStatus(*row, breach.level, describe_breach(breach))
    return GuardrailStatus(*row, NOT_KNOWN if missing else CLEAR, missing)


def _what_is_missing(guardrail: Guardrail, counts: EventCounts) -> str:
    """What there is no data of, where a guardrail cannot be judged; "" where it can."""
    health = counts.health
    if guardrail in guardrail_rules.COUNT_RULES:
        return "" if counts.sends_week else "Nothing was sent in 7 days."
    if health is None:
        return "The sending domain was not checked yet."
    if guardrail == Guardrail.DOMAIN_HEALTH and health.score is None:
        return "Too few emails were sent to say."
    if guardrail == Guardrail.AUTHENTICATION and health.unknown:
        return f"DNS gave no answer about {_record_names(health.unknown)}."
    return ""


def _count_row(guardrail: Guardrail, counts: EventCounts) -> tuple[Guardrail, str, str, str]:
    rule = guardrail_rules.COUNT_RULES[guardrail]
    halting, alerting = counts.halt.get(guardrail, ()), counts.alert.get(guardrail, ())
    events = {rule.halt_window: halting, rule.alert_window: alerting}
    now = ", ".join(_threshold(len(found), window) for window, found in events.items())
    halt = _threshold(guardrail_rules.halting_count(guardrail, counts.daily), rule.halt_window)
    if guardrail == Guardrail.HARD_BOUNCES:
        now += f", {_bounce_share(counts)}"
        percent = f"{guardrail_rules.BOUNCE_PERCENT}\u00a0%"
        halt += f", or {percent} of at least {LEAST_SENDS} sent in 7 days"
    alert = _threshold(rule.alert, rule.alert_window)
    if guardrail == Guardrail.BLOCKED:
        rest = _threshold(guardrail_rules.BLOCKS_THAT_DEFER, guardrail_rules.DAY)
        alert += f"; {rest}: the rest of the day off"
    return guardrail, now, alert, halt


def _threshold(count: int, window: timedelta) -> str:
    return f"{count} in {duration_text(window)}"


def _bounce_share(counts: EventCounts) -> str:
    """Bounces of a week, with a percentage only where enough was sent for one."""
    bounced, sent = len(counts.bounces_week), counts.sends_week
    percent = f" ({100 * bounced / sent:.1f}\u00a0%)" if sent >= LEAST_SENDS else ""
    return f"{bounced} of {sent} sent in 7 days{percent}"


def _health_rows(health: HealthState | None) -> list[tuple[Guardrail, str, str, str]]:
    alert, halt = guardrail_rules.HEALTH_ALERT, guardrail_rules.HEALTH_HALT
    records = ("one missing", "one missing for 72 hours")
    return [
        (Guardrail.DOMAIN_HEALTH, _score_text(health), f"under {alert}", f"under {halt}"),
        (Guardrail.AUTHENTICATION, _records_text(health), *records),
        (Guardrail.HEALTH_VERDICT, _age_text(health), "older than 6 hours", ""),
    ]


def _score_text(health: HealthState | None) -> str:
    if health is None:
        return "no verdict yet"
    return "too little sent to say" if health.score is None else str(health.score)


def _records_text(health: HealthState | None) -> str:
    if health is None:
        return "not known"
    missing = [
        f"{one.record.upper()} missing for {duration_text(one.lasted)}" for one in health.lost
    ]
    missing += [f"{record.upper()} not known" for record in health.unknown]
    return ", ".join(missing) or "none is missing"


def _age_text(health: HealthState | None) -> str:
    if health is None:
        return "no verdict yet"
    return f"{health.age / HOUR:.1f} hours" if health.age >= HOUR else "less than an hour"
