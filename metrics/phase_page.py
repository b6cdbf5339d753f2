"""What the phase page shows: what is enforced, which gates stand before the next phase, and the history."""

from dataclasses import dataclass
from typing import Any

from metrics import gates
from outreach import phase
from outreach.models import ControlChange
from outreach.policy import ORDER, POLICY, Phase

NBSP = "\u00a0"
WORDS = {gates.PASS: "Pass", gates.FAIL: "Fail", gates.INSUFFICIENT: "Not enough yet"}


@dataclass(frozen=True)
class Row:
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
class Shown:
    target: str
    label: str
    verdict: str
    words: str
    rows: list[Row]

    @property
    def passed(self) -> int:
        return sum(1 for row in self.rows if row.verdict == gates.PASS)


def shown(evaluation: gates.Evaluation) -> Shown:
    limits = POLICY[Phase(evaluation.target)]
    label = f"Phase {limits.number}: {Phase(evaluation.target).label}"
    rows = [_row(gate) for gate in evaluation.gates]
    return Shown(evaluation.target, label, evaluation.verdict, WORDS[evaluation.verdict], rows)


def _row(gate: gates.Gate) -> Row:
    interval = ""
    if gate.interval:
        low, high = gate.interval
        interval = f"{low * 100:.1f}–{high * 100:.1f}{NBSP}%"
    return Row(
        gate.name.capitalize(), _value(gate), interval, _must_be(gate.threshold),
        f"{gate.sample} of {gate.needed}", gate.window, gate.verdict, WORDS[gate.verdict],
        gate.why.removeprefix("insufficient: "),
    )  # fmt: skip


def _must_be(threshold: str) -> str:
    """ ">= 30 %" in words, the number kept with its unit."""
    said = threshold.replace(">=", "at least").replace("<", "under").replace(">", "over")
    return said.replace(" %", f"{NBSP}%").replace(" h ", f"{NBSP}h ")


def _value(gate: gates.Gate) -> str:
    """The value with its unit; below its sample a share is not said, for it would be read as one."""
    if gate.value is None or (gate.unit == "share" and gate.sample < gate.needed):
        return "–"
    if gate.unit == "share":
        return f"{gate.value * 100:.1f}{NBSP}%"
    if gate.unit == "hours":
        return f"{gate.value:.1f}{NBSP}h"
    if gate.unit == "stages":
        return f"{gate.value:.0f} of {gate.needed}"
    return f"{gate.value:g}"


def page() -> dict[str, Any]:
    control = phase.control()
    target = gates.next_target()
    return {
        "control": control,
        "limits": phase.limits_of(control),
        "phases": [{"phase": one, "limits": POLICY[one], "on": one == control.phase} for one in ORDER],
        "evaluation": shown(gates.evaluate(target)) if target else None,
        "changes": ControlChange.objects.select_related("reason")[:20],
    }
