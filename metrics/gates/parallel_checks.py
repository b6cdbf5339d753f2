"""The seven checks of the parallel phase, from real rows."""

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from leads.models import Assessment, Kind
from metrics.gates import gate_words
from metrics.gates.gate import FAIL, INSUFFICIENT, PASS, Evaluation, Gate
from outreach.choices import Status, Transport
from outreach.control import phase
from outreach.control.policy import LIMITS_BY_PHASE
from outreach.guardrails import guardrail_counts
from outreach.guardrails.guardrail_rules import HEALTH_FRESH, HEALTH_HALT
from outreach.limits import sending_domains
from outreach.models import DailySlots, Message, SendIntent


@dataclass(frozen=True)
class ParallelCheck:
    name: str
    state: str  # pass, fail or insufficient
    text: str


def check_parallel_phase(evaluation: Evaluation) -> list[ParallelCheck]:
    """GHL write, enrichment, quality, health, warm connections, daily limit, pipeline."""
    by_name = {gate.name: gate for gate in evaluation.gates}
    return [
        _ghl_write(),
        _from_gate("enrichment", by_name["enrichment rate"]),
        _from_gate("email quality", by_name["email quality score"]),
        _domain_health(),
        _warm_connections(),
        _daily_limit(),
        _from_gate("pipeline connected", by_name["pipeline connectivity"]),
    ]


def _from_gate(name: str, gate: Gate) -> ParallelCheck:
    return ParallelCheck(name, PASS if gate.met else gate.verdict, gate_words.reason_text(gate))


def _ghl_write() -> ParallelCheck:
    sent = (
        Message.objects.filter(status=Status.SENT, transport=Transport.GHL)
        .exclude(ghl_message_id="")
        .count()
    )
    if sent:
        return ParallelCheck("GHL write", PASS, f"{sent} emails were accepted")
    return ParallelCheck("GHL write", INSUFFICIENT, "nothing was sent through GoHighLevel yet")


def _domain_health() -> ParallelCheck:
    name, newest = f"domain health above {HEALTH_HALT}", guardrail_counts.newest_verdict()
    if newest is None or newest.evaluated_at < timezone.now() - HEALTH_FRESH:
        return ParallelCheck(name, INSUFFICIENT, "there is no verdict of the last 6 hours")
    if newest.score is None:
        return ParallelCheck(name, INSUFFICIENT, "too little was sent to say")
    return ParallelCheck(
        name, PASS if newest.score > HEALTH_HALT else FAIL, f"it is {newest.score}"
    )


def _warm_connections() -> ParallelCheck:
    since = timezone.now() - timedelta(days=30)
    made = Assessment.objects.filter(made_at__gte=since, warm__isnull=False)
    found = made.filter(lead__kind=Kind.LIVE).count()
    if found:
        return ParallelCheck("warm connections found", PASS, f"{found} in 30 days")
    return ParallelCheck("warm connections found", INSUFFICIENT, "none in 30 days")


def _daily_limit() -> ParallelCheck:
    """No day may exceed the largest cap there is; today may not exceed the enforced cap."""
    days = list(DailySlots.objects.order_by("-day")[:60])
    sent = SendIntent.objects.may_have_left().filter(message__kind=Kind.LIVE)
    if not days or not sent.exists():
        return ParallelCheck("daily limit enforced", INSUFFICIENT, "nothing was sent yet")
    most, largest = (
        max(row.used for row in days),
        max(limits.daily for limits in LIMITS_BY_PHASE.values()),
    )
    today = sending_domains.daily_cap(phase.current_control(), timezone.now())
    state = PASS if most <= largest else FAIL
    return ParallelCheck(
        "daily limit enforced", state, f"at most {most} on one day; the cap is {today} now"
    )
