"""Whether the evaluations on record are whole: each chained to the one before, each verdict what
its own counts say.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from math import isclose

from metrics.evidence.evidence import ENOUGH, EvidenceRule, WeekCount, evidence
from metrics.gates.gate import (
    FAIL,
    INSUFFICIENT,
    PASS,
    Gate,
    ReasonCode,
    Scope,
    Threshold,
    Unit,
    exceeds_baseline,
)
from metrics.gates.gate_evaluation import (
    DAYS_IN_A_ROW,
    HELD_FOR_DAYS,
    METRIC_VERSION,
    OLD_VERSIONS,
    content_hash,
    overall_verdict,
)
from metrics.gates.gate_words import NOT_MEASURABLE, read_stored_gate
from metrics.models import GateEvaluation

# Verdicts that rest on a row elsewhere, or on there being none.
FROM_OTHER_ROWS = {
    **dict.fromkeys(NOT_MEASURABLE, INSUFFICIENT),
    ReasonCode.NOT_IN_PHASE: INSUFFICIENT,
    ReasonCode.STAGES_NOT_SEEN: INSUFFICIENT,
    ReasonCode.SIGN_OFF_EXPIRED: INSUFFICIENT,
    ReasonCode.SIGN_OFF_OUTDATED: INSUFFICIENT,
    ReasonCode.SIGNER_MAY_NOT: INSUFFICIENT,
    ReasonCode.SIGNED: PASS,
}
ROUNDED_GROWTH_VERSION = "3"  # compared the growth as a float, so that exactly 20 % failed
RELATIVE_ERROR = 1e-9  # of floating-point sums on another machine


@dataclass(frozen=True)
class Problem:
    evaluation: int
    text: str


@dataclass(frozen=True)
class Verification:
    """`rerun` of the `checked` evaluations had counts to run the verdicts again from."""

    checked: int
    rerun: int
    problems: tuple[Problem, ...]


def verify_evaluations(progress: Callable[[int], None] = lambda rows: None) -> Verification:
    before, checked, rerun = "", 0, 0
    problems: list[Problem] = []
    for row in GateEvaluation.objects.order_by("pk").iterator():
        problems += [Problem(row.pk, text) for text in _problems_of_chain(row, before)]
        if row.metric_version not in OLD_VERSIONS:
            problems += [Problem(row.pk, text) for text in _problems_of_verdicts(row)]
            rerun += 1
        before, checked = row.sha256, checked + 1
        progress(1)
    return Verification(checked, rerun, tuple(problems))


def _problems_of_chain(row: GateEvaluation, before: str) -> Iterator[str]:
    if row.before != before:
        yield "it does not follow the evaluation before it: one was taken out, put in or changed"
    if row.sha256 != content_hash(row):
        yield "what it says is not what was recorded: its hash differs"


def _problems_of_verdicts(row: GateEvaluation) -> Iterator[str]:
    gates = tuple(read_stored_gate(stored) for stored in row.gates)
    for gate in gates:
        if (found := verdict_again(gate, row.metric_version)) != gate.verdict:
            yield f"{gate.name}: it says {gate.verdict}, its counts say {found}"
        if gate.evidence is not None and not isclose(
            gate.evidence, evidence_again(gate), rel_tol=RELATIVE_ERROR
        ):
            yield f"{gate.name}: its weeks give another evidence than it says"
    if (found := overall_verdict(gates)) != row.verdict:
        yield f"it says {row.verdict}, its gates say {found}"


def evidence_again(gate: Gate) -> float:
    """From the frozen weeks of the strongest look."""
    weeks = [WeekCount(answered, people) for _, people, answered in gate.raw["strongest_weeks"]]
    return evidence(weeks, EvidenceRule(**gate.raw["rule"]))


def verdict_again(gate: Gate, metric_version: str = METRIC_VERSION) -> str:
    """The verdict from the frozen counts of a gate, whatever verdict stands beside them."""
    code = gate.reason.code if gate.reason else None
    if code in FROM_OTHER_ROWS:
        return FROM_OTHER_ROWS[code]
    if gate.thresholds[0].unit == Unit.ERRORS and gate.value:
        return FAIL
    if gate.sample < gate.needed:
        return INSUFFICIENT
    if not all(_is_met(gate, one, metric_version) for one in gate.thresholds):
        return FAIL
    if gate.evidence is not None:
        return PASS if evidence_again(gate) >= ENOUGH else INSUFFICIENT
    if gate.name in HELD_FOR_DAYS:
        days = gate.reason.arguments.get("days", 0) if gate.reason else 0
        return PASS if days >= DAYS_IN_A_ROW else INSUFFICIENT
    return PASS


def _is_met(gate: Gate, threshold: Threshold, metric_version: str) -> bool:
    if threshold.unit in (Unit.STAGES, Unit.DAYS):
        return True  # the sample says it
    if threshold.scope == Scope.EACH_HALF:
        halves = [gate.raw["first_half"], gate.raw["second_half"]]
        return all(people and threshold.is_met_by(n / people) for n, people in halves)
    if threshold.scope == Scope.OVER_BASELINE:
        value, base = gate.raw["value"], gate.raw["baseline"]
        if metric_version == ROUNDED_GROWTH_VERSION:
            return not base or threshold.is_met_by(value / base - 1)
        return exceeds_baseline(threshold, Decimal(str(value)), Decimal(str(base)))
    return threshold.is_met_by(gate.value)
