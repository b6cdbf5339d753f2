"""The verdict of a gate that asks for evidence, from its own counts. Pure."""

from metrics.evidence.evidence import ENOUGH
from metrics.gates.gate import INSUFFICIENT, PASS, Gate, ReasonCode, SampleUnit


def judge_evidence(gate: Gate, unit: SampleUnit, met: bool) -> Gate:
    """Sample and threshold of today first, then the evidence.

    `gate.raw` has `per_day` (0: no cap says), `left` and `strongest_day`.
    """
    gate = gate.judge_sample(met, unit, gate.raw["per_day"])
    if not gate.met:
        return gate
    found = {"evidence": gate.evidence or 0.0, "enough": ENOUGH}
    if found["evidence"] < ENOUGH:
        more = {"left": gate.raw["left"], "of": unit.value, "per_day": gate.raw["per_day"]}
        return gate.with_verdict(INSUFFICIENT, ReasonCode.EVIDENCE_TOO_WEAK, **found, **more)
    return gate.with_verdict(
        PASS, ReasonCode.EVIDENCE_ENOUGH, **found, day=gate.raw["strongest_day"]
    )
