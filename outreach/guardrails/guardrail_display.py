"""Where each guardrail stands, in words, for pages and the API. Pure."""

from dataclasses import dataclass
from datetime import timedelta

from outreach.choices import Guardrail
from outreach.guardrails import guardrail_rules
from outreach.guardrails.guardrail_rules import CountRule, EventCounts, HealthState, duration_text


@dataclass(frozen=True)
class GuardrailStatus:
    """One row of the guardrail table."""

    guardrail: Guardrail
    now: str
    alert_at: str
    halt_at: str  # "" where it never halts
    level: str  # clear, alert or halt
    why: str  # the sentence of the breach; "" where it is clear


def guardrail_table(counts: EventCounts) -> list[GuardrailStatus]:
    """Every guardrail in the order of the table, breached or not."""
    stands = {breach.guardrail: breach for breach in guardrail_rules.find_breaches(counts)}
    said = [_count_row(guardrail, counts) for guardrail in guardrail_rules.COUNT_RULES]
    said += [
        (Guardrail.DOMAIN_HEALTH, _score_text(counts.health), f"under {guardrail_rules.HEALTH_ALERT}",
         f"under {guardrail_rules.HEALTH_HALT}"),
        (Guardrail.AUTHENTICATION, _records_text(counts.health), "one missing", "one missing for 72 hours"),
        (Guardrail.HEALTH_VERDICT, _age_text(counts.health), "older than 6 hours", ""),
    ]  # fmt: skip
    return [
        GuardrailStatus(name, now, alert, halt, stands[name].level if name in stands else "clear",
              stands[name].text if name in stands else "")
        for name, now, alert, halt in said
    ]  # fmt: skip


def _count_row(guardrail: Guardrail, counts: EventCounts) -> tuple[Guardrail, str, str, str]:
    rule = guardrail_rules.COUNT_RULES[guardrail]
    windows = {
        rule.halt_window: counts.halt.get(guardrail, ()),
        rule.alert_window: counts.alert.get(guardrail, ()),
    }
    now = ", ".join(
        f"{len(events)} in {duration_text(window)}" for window, events in windows.items()
    )
    halt = _threshold(rule, rule.halt, rule.halt_window)
    if guardrail == Guardrail.HARD_BOUNCES:
        now += f", {_bounce_share(counts)}"
        halt += f", or {guardrail_rules.BOUNCE_PERCENT}\u00a0% of at least {guardrail_rules.LEAST_SENDS} sent in 7 days"
    return guardrail, now, _threshold(rule, rule.alert, rule.alert_window), halt


def _threshold(rule: CountRule, count: int, window: timedelta) -> str:
    return f"{count} in {duration_text(window)}"


def _bounce_share(counts: EventCounts) -> str:
    """A share below its sample is not said, for it would be read as one."""
    bounced, sent = len(counts.bounces_week), counts.sends_week
    percent = f" ({100 * bounced / sent:.1f}\u00a0%)" if sent >= guardrail_rules.LEAST_SENDS else ""
    return f"{bounced} of {sent} sent in 7 days{percent}"


def _score_text(health: HealthState | None) -> str:
    if health is None:
        return "no verdict yet"
    return "too little sent to say" if health.score is None else str(health.score)


def _records_text(health: HealthState | None) -> str:
    if health is None:
        return "not known"
    return (
        ", ".join(
            f"{one.record.upper()} missing for {duration_text(one.lasted)}" for one in health.lost
        )
        or "none is missing"
    )


def _age_text(health: HealthState | None) -> str:
    return "no verdict yet" if health is None else f"{health.age / guardrail_rules.HOUR:.1f} hours"
