"""The gate of the override rate: of automatic approvals re-read blind, how many a person would have
rejected or edited.
"""

from dataclasses import asdict
from datetime import date, datetime

from approvals.rereading import override_rate as rereading
from metrics.evidence.evidence import OVERRIDES, WeekCount, evidence, people_to_go
from metrics.gates.evidence_verdict import judge_evidence
from metrics.gates.gate import Comparison, Gate, SampleUnit, Threshold, Unit
from outreach.control import phase

LEAST_READ = 30
A_WEEK = 15  # emails that are re-read at three a working day


def override_rate(now: datetime) -> Gate:
    """It passes by its evidence, on the day that reaches it, and by no row of days."""
    threshold = Threshold(Comparison.UNDER, 0.10, Unit.SHARE)
    since = rereading.counted_since(phase.current_control())
    emails = rereading.load_drawn(since) if since else []
    found = rereading.count_rate(emails)
    by_day = rereading.counts_by_day(emails)
    strongest_day, strongest = _strongest_day(by_day)
    counts = [WeekCount(overridden, read) for _, overridden, read in by_day]
    gate = Gate(
        name="override rate",
        thresholds=(threshold,),
        needed=LEAST_READ,
        window="since Assisted began",
        value=found.rate,
        unit=Unit.SHARE,
        interval=found.interval,
        sample=found.read,
        evidence=strongest,
        weeks=tuple((str(day), read, overridden) for day, overridden, read in by_day),
        raw={
            "drawn": found.drawn,
            "read": found.read,
            "overridden": found.overridden,
            "rule": asdict(OVERRIDES),
            "strongest_day": str(strongest_day) if strongest_day else "",
            "strongest_weeks": [
                [str(day), read, overridden]
                for day, overridden, read in by_day
                if strongest_day is not None and day <= strongest_day
            ],
            "left": people_to_go(counts, OVERRIDES, found.rate or 0.0, A_WEEK),
            "per_day": 0,
        },
    )
    return judge_evidence(gate, SampleUnit.EMAILS_REREAD, threshold.is_met_by(found.rate))


def _strongest_day(by_day: list[tuple[date, int, int]]) -> tuple[date | None, float]:
    """The first day after which the evidence was largest; 1 and no day where it never rose."""
    best: tuple[date | None, float] = (None, 1.0)
    for last in range(1, len(by_day) + 1):
        reached = evidence((WeekCount(k, n) for _, k, n in by_day[:last]), OVERRIDES)
        if reached > best[1]:
            best = (by_day[last - 1][0], reached)
    return best
