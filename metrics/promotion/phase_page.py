"""What the phase page shows: what is enforced, which gates stand before the next phase, and the history."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone

from caio_project.lib import calendar
from metrics.gates import agreement, gates
from outreach.auto_approval import eligibility
from outreach.choices import Band, Phase
from outreach.control import phase
from outreach.control.policy import LIMITS_BY_PHASE, PHASE_ORDER
from outreach.drafting.language_model import rewrite_requests
from outreach.guardrails import guardrail_counts, guardrail_display
from outreach.limits import sending_domains
from outreach.models import Control, ControlChange, Move
from outreach.review import review_actions

NBSP = "\u00a0"
VERDICT_WORDS = {gates.PASS: "Pass", gates.FAIL: "Fail", gates.INSUFFICIENT: "Not enough yet"}


@dataclass(frozen=True)
class GateRow:
    """One gate, said in words and numbers with units."""

    name: str
    now: str
    interval: str
    must_be: str
    sample: str
    window: str
    verdict: str
    words: str
    why: str


@dataclass(frozen=True)
class ShownEvaluation:
    target: str
    label: str
    verdict: str
    words: str
    at: datetime
    rows: list[GateRow]

    @property
    def passed(self) -> int:
        return sum(1 for row in self.rows if row.verdict == gates.PASS)


def show_evaluation(evaluation: gates.Evaluation) -> ShownEvaluation:
    limits = LIMITS_BY_PHASE[Phase(evaluation.target)]
    label = f"Phase {limits.number}: {Phase(evaluation.target).label}"
    rows = [_gate_row(gate) for gate in evaluation.gates]
    return ShownEvaluation(
        evaluation.target,
        label,
        evaluation.verdict,
        VERDICT_WORDS[evaluation.verdict],
        evaluation.at,
        rows,
    )


def _gate_row(gate: gates.Gate) -> GateRow:
    interval = ""
    if gate.interval:
        low, high = gate.interval
        interval = f"{low * 100:.1f}–{high * 100:.1f}{NBSP}%"
    return GateRow(
        gate.name.capitalize(), _value_words(gate), interval, _threshold_words(gate.threshold),
        f"{gate.sample} of {gate.needed}", gate.window, gate.verdict, VERDICT_WORDS[gate.verdict],
        gate.why.removeprefix("insufficient: "),
    )  # fmt: skip


def _threshold_words(threshold: str) -> str:
    """ ">= 30 %" in words, the number kept with its unit."""
    said = threshold.replace(">=", "at least").replace("<", "under").replace(">", "over")
    return said.replace(" %", f"{NBSP}%").replace(" h ", f"{NBSP}h ")


def _value_words(gate: gates.Gate) -> str:
    """The value with its unit; below its sample a share is not said, for it would be read as one."""
    if gate.value is None or (gate.unit == "share" and gate.sample < gate.needed):
        return "–"
    if gate.unit == "share":
        return f"{gate.value * 100:.1f}{NBSP}%"
    if gate.unit == "hours":
        return f"{gate.value:.1f}{NBSP}h"
    if gate.unit == "dollars":
        return f"${gate.value:,.0f}"
    if gate.unit == "stages":
        return f"{gate.value:.0f} of {gate.needed}"
    return f"{gate.value:g}"


@dataclass(frozen=True)
class AutoApprovalState:
    """Automatic approval as it stands."""

    switched_on: bool
    approves: str
    waits: tuple[str, ...]  # why it approves nothing now
    today: int
    returned: int


def auto_approval_state(row: Control, now: datetime) -> AutoApprovalState:
    start = calendar.start_of_day(now, settings.TEAM_TIME_ZONE)
    moved = Move.objects.filter(at__gte=start)
    return AutoApprovalState(
        row.auto_approve,
        _approval_scope(row),
        eligibility.machine_hold_reasons(row, now),
        moved.filter(why=review_actions.MACHINE).count(),
        moved.filter(why="machine_returned").count(),
    )


def switch_initial(may_turn_on: bool) -> dict[str, Any]:
    """The switch as its form shows it first."""
    row = phase.current_control()
    return {
        "on": "yes" if row.auto_approve and may_turn_on else "no",
        "under_intent": row.auto_max_intent,
        "warm_connections": not row.auto_no_warm_connections,
    }


def _approval_scope(row: Control) -> str:
    """ "LOW and WARM emails that score under 40 and have no warm connection"; "" in a phase without a machine."""
    bands = [
        band.label
        for band in (Band.LOW, Band.WARM)
        if band in phase.phase_limits(row).machine_approves
    ]
    if not bands:
        return ""
    warm = " and have no warm connection" if row.auto_no_warm_connections else ""
    return f"{' and '.join(bands)} emails that score under {row.auto_max_intent}{warm}"


def _next_machine(row: Control) -> Phase:
    """The machine that people are compared with: the one the next phase would have."""
    return Phase.ASSISTED if row.phase in (Phase.SHADOW, Phase.PARALLEL) else Phase.AUTONOMOUS


def domain_context() -> dict[str, Any]:
    """The domain we send from, in a sentence; who said so where somebody did."""
    name = sending_domains.our_domain()
    row = sending_domains.find_domain(name)
    return {"domain": {"name": name, "row": row, "sentence": sending_domains.describe_domain(row)}}


def phase_context() -> dict[str, Any]:
    control, now = phase.current_control(), timezone.now()
    target = gates.next_target()
    return {
        **domain_context(),
        "health": guardrail_counts.newest_verdict(),
        "gauges": guardrail_display.guardrail_table(guardrail_counts.count_events(now)),
        "machine": auto_approval_state(control, now),
        "agreement": agreement.measure_agreement(_next_machine(control), now),
        "writer": rewrite_requests.model_status(),
        "control": control,
        "limits": phase.phase_limits(control),
        "phases": [
            {"phase": one, "limits": LIMITS_BY_PHASE[one], "on": one == control.phase}
            for one in PHASE_ORDER
        ],
        "evaluation": show_evaluation(gates.recent_evaluation(target)) if target else None,
        "changes": ControlChange.objects.select_related("reason")[:20],
    }
