"""Gates that nothing measures yet: they stay insufficient, with the reason."""

from datetime import datetime

from metrics.gates.gate import INSUFFICIENT, Comparison, Gate, ReasonCode, Threshold, Unit


def email_quality_score(now: datetime) -> Gate:
    threshold = Threshold(Comparison.AT_LEAST, 3.5, Unit.QUALITY_SCORE)
    return Gate("email quality score", (threshold,), 10, "all").with_verdict(
        INSUFFICIENT, ReasonCode.NO_QUALITY_SCORES
    )


def time_in_assisted(now: datetime) -> Gate:
    threshold = Threshold(Comparison.AT_LEAST, 14, Unit.DAYS)
    return Gate("time in assisted", (threshold,), 14, "").with_verdict(
        INSUFFICIENT, ReasonCode.NOT_MEASURED_YET
    )


def override_rate(now: datetime) -> Gate:
    threshold = Threshold(Comparison.UNDER, 0.10, Unit.SHARE)
    return Gate("override rate", (threshold,), 30, "").with_verdict(
        INSUFFICIENT, ReasonCode.NO_REREADING
    )


def sign_off(now: datetime) -> Gate:
    threshold = Threshold(Comparison.AT_LEAST, 1, Unit.PERSONS)
    return Gate("sign-off", (threshold,), 1, "7 days").with_verdict(
        INSUFFICIENT, ReasonCode.NO_SIGN_OFF
    )
