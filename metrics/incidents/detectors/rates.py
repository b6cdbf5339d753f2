"""The signals: reply rate, enrichment rate and time to decide. Pure.

None speaks below its sample, and each counts anew from where a person cleared it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from metrics.evidence.cusum import REPLY_RATE, CusumRule, cusum
from metrics.gates.gate import Gate
from metrics.incident_codes import Action, Cause
from metrics.incidents.findings import Finding


@dataclass(frozen=True)
class DayCount:
    day: date
    answered: int
    people: int


def falling_reply_rate(
    days: Sequence[DayCount], rule: CusumRule = REPLY_RATE, least_people: int = 100
) -> list[Finding]:
    """The CUSUM is at its alarm now, in a run of at least `least_people` people."""
    line = cusum(((one.answered, one.people) for one in days), rule)
    if not line or line[-1] < rule.alarm:
        return []
    begins = max((at + 1 for at, level in enumerate(line) if level == 0), default=0)
    run = days[begins:]
    people, answered = sum(one.people for one in run), sum(one.answered for one in run)
    if people < least_people:
        return []
    evidence = {
        "people": people,
        "answered": answered,
        "since": str(run[0].day),
        "level": round(line[-1], 2),
        "alarm": round(rule.alarm, 2),
        "healthy": rule.healthy,
    }
    marks = (f"run:{run[0].day}",)
    return [Finding(Cause.REPLY_RATE, marks, evidence, action=Action.TEST_PROPOSED)]


def missed_gate(gate: Gate, cause: Cause, counted_since: str = "") -> list[Finding]:
    """The gate's own threshold is missed with its sample met."""
    threshold = gate.thresholds[0]
    if gate.value is None or gate.sample < gate.needed or threshold.is_met_by(gate.value):
        return []
    evidence = {
        "value": round(gate.value, 4),
        "threshold": threshold.value,
        "sample": gate.sample,
        "needed": gate.needed,
    }
    marks = (f"since:{counted_since or 'the beginning'}",)
    return [Finding(cause, marks, evidence, action=Action.HELD_PROMOTION)]
