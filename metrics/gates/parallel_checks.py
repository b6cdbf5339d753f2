"""The seven checks of the parallel phase, as the rollout plan lists them, from real rows."""

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from leads.models import Assessment
from metrics.gates import gates
from outreach.choices import Status
from outreach.control import phase
from outreach.control.policy import POLICY
from outreach.guardrails import guardrails
from outreach.guardrails.guardrail_rules import HEALTH_FRESH, HEALTH_HALT
from outreach.limits import sending_domains
from outreach.models import DailySlots, Message, Transport


@dataclass(frozen=True)
class Check:
    name: str
    state: str  # pass, fail or insufficient
    text: str


def parallel_phase(evaluation: gates.Evaluation) -> list[Check]:
    """GHL write, enrichment, email quality, domain health, warm connections, daily limit, pipeline."""
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


def _from_gate(name: str, gate: gates.Gate) -> Check:
    return Check(name, gates.PASS if gate.met else gate.verdict, gate.why)


def _ghl_write() -> Check:
    sent = (
        Message.objects.filter(status=Status.SENT, transport=Transport.GHL)
        .exclude(ghl_message_id="")
        .count()
    )
    if sent:
        return Check("GHL write", gates.PASS, f"{sent} emails were accepted")
    return Check("GHL write", gates.INSUFFICIENT, "nothing was sent through GoHighLevel yet")


def _domain_health() -> Check:
    name, newest = f"domain health above {HEALTH_HALT}", guardrails.newest_health()
    if newest is None or newest.evaluated_at < timezone.now() - HEALTH_FRESH:
        return Check(name, gates.INSUFFICIENT, "there is no verdict of the last 6 hours")
    if newest.score is None:
        return Check(name, gates.INSUFFICIENT, "too little was sent to say")
    return Check(
        name, gates.PASS if newest.score > HEALTH_HALT else gates.FAIL, f"it is {newest.score}"
    )


def _warm_connections() -> Check:
    since = timezone.now() - timedelta(days=30)
    found = Assessment.objects.filter(made_at__gte=since, warm__isnull=False).count()
    if found:
        return Check("warm connections found", gates.PASS, f"{found} in 30 days")
    return Check("warm connections found", gates.INSUFFICIENT, "none in 30 days")


def _daily_limit() -> Check:
    """No day may have more claims than the largest cap there is; today, than the cap enforced."""
    days = list(DailySlots.objects.order_by("-day")[:60])
    if not days:
        return Check("daily limit enforced", gates.INSUFFICIENT, "nothing was sent yet")
    most, largest = max(row.used for row in days), max(limits.daily for limits in POLICY.values())
    today = sending_domains.cap(phase.control(), timezone.now())
    state = gates.PASS if most <= largest else gates.FAIL
    return Check(
        "daily limit enforced", state, f"at most {most} on one day; the cap is {today} now"
    )
