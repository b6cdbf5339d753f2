"""The phase page: the enforced phase, the gates before the next one, and the history."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.utils import timezone

from caio_project.lib import calendar
from caio_project.lib.words.check_states import CheckState
from metrics.figures import agreement
from metrics.gates import gate_evaluation, gate_words
from metrics.gates.gate import FAIL, INSUFFICIENT, PASS, Evaluation, Gate, Unit
from metrics.gates.gate_words import NBSP
from metrics.models import Baseline, GateEvaluation
from outreach.auto_approval import eligibility
from outreach.choices import Band, MoveCode, Phase
from outreach.control import phase
from outreach.control.policy import LIMITS_BY_PHASE, PHASE_ORDER
from outreach.drafting.language_model import rewrite_requests
from outreach.guardrails import guardrail_counts, guardrail_display
from outreach.limits import sending_domains
from outreach.models import Control, ControlChange, Move

VERDICT_STATES = {PASS: CheckState.PASS, FAIL: CheckState.FAIL, INSUFFICIENT: CheckState.NOT_KNOWN}
VERDICT_WORDS = {PASS: "Pass", FAIL: "Fail", INSUFFICIENT: "Not enough yet"}


@dataclass(frozen=True)
class WeekRow:
    monday: date
    people: int
    answered: int

    @property
    def rate(self) -> str:
        return f"{self.answered / self.people * 100:.1f}{NBSP}%" if self.people else "–"


@dataclass(frozen=True)
class GateRow:
    name: str
    now: str
    interval: str
    must_be: str
    sample: str
    window: str
    verdict: str
    words: str
    why: str
    evidence: float | None
    weeks: tuple[WeekRow, ...]
    null: str  # the rate that the evidence speaks against

    @property
    def counts_replies(self) -> bool:
        return self.name.startswith("Reply rate")

    @property
    def state(self) -> CheckState:
        return VERDICT_STATES[self.verdict]


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
        return sum(1 for row in self.rows if row.verdict == PASS)

    @property
    def with_evidence(self) -> list[GateRow]:
        return [row for row in self.rows if row.evidence is not None]


def phase_label(which: Phase) -> str:
    return f"Phase {LIMITS_BY_PHASE[which].number}: {which.label}"


def show_evaluation(evaluation: Evaluation) -> ShownEvaluation:
    label = phase_label(Phase(evaluation.target))
    rows = [_gate_row(gate) for gate in evaluation.gates]
    return ShownEvaluation(
        evaluation.target,
        label,
        evaluation.verdict,
        VERDICT_WORDS[evaluation.verdict],
        evaluation.at,
        rows,
    )


def _gate_row(gate: Gate) -> GateRow:
    interval = ""
    if gate.interval:
        low, high = gate.interval
        interval = f"{low * 100:.1f}–{high * 100:.1f}{NBSP}%"
    return GateRow(
        name=gate.name.capitalize(),
        now=_value_words(gate),
        interval=interval,
        must_be=gate_words.threshold_words(gate),
        sample=f"{gate.sample} of {gate.needed}",
        window=gate.window,
        verdict=gate.verdict,
        words=VERDICT_WORDS[gate.verdict],
        why=gate_words.reason_words(gate),
        evidence=gate.evidence,
        weeks=tuple(WeekRow(date.fromisoformat(week), *counts) for week, *counts in gate.weeks),
        null=f"{gate.raw['rule']['null'] * 100:g}{NBSP}%" if gate.evidence is not None else "",
    )


def _value_words(gate: Gate) -> str:
    """The value with its unit. A share below its sample is left out: it would be read as one."""
    if gate.value is None or (gate.unit == Unit.SHARE and gate.sample < gate.needed):
        return "–"
    match gate.unit:
        case Unit.SHARE:
            return f"{gate.value * 100:.1f}{NBSP}%"
        case Unit.HOURS:
            return f"{gate.value:.1f}{NBSP}h"
        case Unit.DOLLARS:
            return f"${gate.value:,.0f}"
        case Unit.STAGES:
            return f"{gate.value:.0f} of {gate.needed}"
        case Unit.QUALITY_SCORE:
            spread = "" if gate.spread is None else f", spread {gate.spread:.2f}"
            return f"{gate.value:.2f}{spread}"
        case _:
            return f"{gate.value:g}"


@dataclass(frozen=True)
class AutoApprovalState:
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
        moved.filter(why=MoveCode.MACHINE).count(),
        moved.filter(why="machine_returned").count(),
    )


def switch_initial(may_turn_on: bool) -> dict[str, Any]:
    row = phase.current_control()
    return {
        "on": "yes" if row.auto_approve and may_turn_on else "no",
        "under_intent": row.auto_max_intent,
        "warm_connections": not row.auto_no_warm_connections,
    }


def _approval_scope(row: Control) -> str:
    """ "LOW and WARM emails that score under 40 …"; "" in a phase without a machine."""
    bands = [
        band.label
        for band in (Band.LOW, Band.WARM)
        if band in phase.phase_limits(row).machine_approves
    ]
    if not bands:
        return ""
    warm = " and have no warm connection" if row.auto_no_warm_connections else ""
    return f"{' and '.join(bands)} emails that score under {row.auto_max_intent}{warm}"


def next_machine(row: Control) -> Phase:
    """The machine that people are compared with: the next phase's."""
    return Phase.ASSISTED if row.phase in (Phase.SHADOW, Phase.PARALLEL) else Phase.AUTONOMOUS


def domain_context() -> dict[str, Any]:
    name = sending_domains.our_domain()
    row = sending_domains.find_domain(name)
    return {"domain": {"name": name, "row": row, "sentence": sending_domains.describe_domain(row)}}


def phase_context() -> dict[str, Any]:
    control, now = phase.current_control(), timezone.now()
    target = gate_evaluation.next_target()
    return {
        **domain_context(),
        "health": guardrail_counts.newest_verdict(),
        "gauges": guardrail_display.guardrail_table(guardrail_counts.count_events(now, control)),
        "machine": auto_approval_state(control, now),
        "agreement": agreement.measure_agreement(next_machine(control), now),
        "writer": rewrite_requests.model_status(),
        "control": control,
        "limits": phase.phase_limits(control),
        "phases": [
            {"phase": one, "limits": LIMITS_BY_PHASE[one], "on": one == control.phase}
            for one in PHASE_ORDER
        ],
        "evaluation": show_evaluation(gate_evaluation.recent_evaluation(target))
        if target
        else None,
        "on_record": GateEvaluation.objects.filter(target=target).order_by("-pk").first(),
        "baseline": Baseline.objects.select_related("by").first(),
        "changes": ControlChange.objects.select_related("reason")[:20],
    }
