"""Gates that nothing measures yet: they stay insufficient, with the reason."""

from datetime import datetime

from metrics.gates.gate import INSUFFICIENT, Comparison, Gate, ReasonCode, Threshold, Unit


def email_quality_score(now: datetime) -> Gate:
    threshold = Threshold(Comparison.AT_LEAST, 3.5, Unit.QUALITY_SCORE)
    return Gate("email quality score", (threshold,), 10, "all").with_verdict(
        INSUFFICIENT, ReasonCode.NO_QUALITY_SCORES
    )


def override_rate(now: datetime) -> Gate:
    threshold = Threshold(Comparison.UNDER, 0.10, Unit.SHARE)
    return Gate("override rate", (threshold,), 30, "").with_verdict(
        INSUFFICIENT, ReasonCode.NO_REREADING
    )
