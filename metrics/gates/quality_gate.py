"""The gate of email quality: what people scored, from 1 to 5."""

from datetime import datetime
from fractions import Fraction

from approvals.quality import summary
from metrics.gates.gate import Comparison, Gate, SampleUnit, Threshold, Unit

LEAST_EMAILS = 10


def email_quality_score(now: datetime) -> Gate:
    """The mean of scored live emails, five dimensions each; every email counts once."""
    threshold = Threshold(Comparison.AT_LEAST, 3.5, Unit.QUALITY_SCORE)
    means = summary.email_means()
    mean = sum(means, Fraction(0)) / len(means) if means else None
    spread = summary.spread_of(means)
    gate = Gate(
        "email quality score",
        (threshold,),
        needed=LEAST_EMAILS,
        window="all",
        value=None if mean is None else float(mean),
        unit=Unit.QUALITY_SCORE,
        spread=spread,
        sample=len(means),
        raw={"emails": len(means), "spread": spread},
    )
    return gate.judge_sample(threshold.is_met_by(gate.value), SampleUnit.SCORED_EMAILS)
