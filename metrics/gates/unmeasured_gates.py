"""Gates that nothing measures yet: they stay insufficient, with the reason."""

from datetime import datetime

from metrics.gates.gate import INSUFFICIENT, Comparison, Gate, ReasonCode, Threshold, Unit


def override_rate(now: datetime) -> Gate:
    threshold = Threshold(Comparison.UNDER, 0.10, Unit.SHARE)
    return Gate("override rate", (threshold,), 30, "").with_verdict(
        INSUFFICIENT, ReasonCode.NO_REREADING
    )
