"""One gate into a phase: what it demands, what was measured, and the codes of verdict and reason.

Codes and numbers only, so that rows can keep them; `gate_words` makes the sentences.
"""

import operator
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

PASS, FAIL, INSUFFICIENT = "pass", "fail", "insufficient"


class Comparison(StrEnum):
    AT_LEAST = "at_least"
    UNDER = "under"
    OVER = "over"
    EXACTLY = "exactly"


_HOLDS = {
    Comparison.AT_LEAST: operator.ge,
    Comparison.UNDER: operator.lt,
    Comparison.OVER: operator.gt,
    Comparison.EXACTLY: operator.eq,
}


class Unit(StrEnum):
    NONE = ""
    SHARE = "share"
    HOURS = "hours"
    DAYS = "days"
    DOLLARS = "dollars"
    STAGES = "stages"
    ERRORS = "errors"
    PERSONS = "persons"
    DOMAIN_SCORE = "lowest score"
    QUALITY_SCORE = "quality score"


class Scope(StrEnum):
    """What of the sample a threshold holds for."""

    WHOLE = ""
    MEAN = "mean"
    EVERY_DAY = "every_day"
    EACH_HALF = "each_half"
    OVER_BASELINE = "over_baseline"


@dataclass(frozen=True)
class Threshold:
    """`value` is in `unit`; a share is from 0 to 1."""

    comparison: Comparison
    value: float
    unit: Unit
    scope: Scope = Scope.WHOLE

    def is_met_by(self, measured: float | None) -> bool:
        return measured is not None and _HOLDS[self.comparison](measured, self.value)


def exceeds_baseline(threshold: Threshold, value: Decimal, baseline: Decimal) -> bool:
    """Whether the value is over the baseline by the share of the threshold, to the cent.

    Any value is where the baseline is nothing.
    """
    return not baseline or value >= baseline * (1 + Decimal(str(threshold.value)))


class ReasonCode(StrEnum):
    """Why a gate has its verdict; beside each, its arguments."""

    SAMPLE_TOO_SMALL = "sample_too_small"  # left, of (SampleUnit), per_day (0: no cap says)
    THRESHOLD_MISSED = "threshold_missed"
    MET_ON_DAYS = "met_on_days"  # days, in a row, enough of them
    MET_ON_TOO_FEW_DAYS = "met_on_too_few_days"  # days, of
    STAGES_NOT_SEEN = "stages_not_seen"  # stages
    DAYS_MISSING = "days_missing"  # left, collecting, unmeasured, unknown (record: days)
    SENDS_FAILED = "sends_failed"  # failed, uncertain
    NO_QUALITY_SCORES = "no_quality_scores"  # of recorded evaluations alone
    NOT_MEASURED_YET = "not_measured_yet"
    MET_TODAY = "met_today"
    EVIDENCE_TOO_WEAK = "evidence_too_weak"  # evidence, enough, left (0: never), of, per_day
    EVIDENCE_ENOUGH = "evidence_enough"  # evidence, enough, day
    NOT_IN_PHASE = "not_in_phase"  # phase
    NO_REREADING = "no_rereading"
    NO_SIGN_OFF = "no_sign_off"
    SIGN_OFF_EXPIRED = "sign_off_expired"  # by, evaluation
    SIGN_OFF_OUTDATED = "sign_off_outdated"  # by, evaluation, gates
    SIGNER_MAY_NOT = "signer_may_not"  # by, evaluation
    SIGNED = "signed"  # by, evaluation
    NO_BASELINE = "no_baseline"
    PIPELINE_NOT_SET = "pipeline_not_set"
    OPPORTUNITIES_NOT_READ = "opportunities_not_read"


# What cannot be read for a while; what was met before is not lost by it.
UNREAD_FOR_NOW = (ReasonCode.DAYS_MISSING, ReasonCode.OPPORTUNITIES_NOT_READ)


class SampleUnit(StrEnum):
    SETTLED_REQUESTS = "settled_requests"
    SENDS = "sends"
    DECISIONS = "decisions"
    PEOPLE_EMAILED = "people_emailed"
    DAYS_WITH_SCORE = "days_with_score"
    DAYS = "days"
    SCORED_EMAILS = "scored_emails"
    EMAILS_REREAD = "emails_reread"


@dataclass(frozen=True)
class Reason:
    code: ReasonCode
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Gate:
    """One gate at one moment. `value` is in `unit`; `sample` and `needed` are counts."""

    name: str
    thresholds: tuple[Threshold, ...]
    needed: int
    window: str
    value: float | None = None
    unit: Unit = Unit.NONE
    interval: tuple[float, float] | None = None
    spread: float | None = None  # standard deviation, where the value is a mean of scores
    sample: int = 0
    met: bool = False  # threshold met and sample reached
    verdict: str = INSUFFICIENT
    reason: Reason | None = None
    evidence: float | None = None  # the largest since the phase began, where the gate asks for it
    weeks: tuple[tuple[str, int, int], ...] = ()  # Monday, people, of them answered
    raw: dict[str, Any] = field(default_factory=dict)

    def with_verdict(self, verdict: str, code: ReasonCode, **arguments: Any) -> "Gate":
        return replace(self, verdict=verdict, reason=Reason(code, arguments))

    def judge_sample(self, met: bool, sample_unit: SampleUnit, per_day: int = 0) -> "Gate":
        """The gate with its data: short of the sample it is insufficient, whatever the value.

        `per_day` is how many of what is missing may come in a day; 0 where no cap says.
        """
        if self.sample < self.needed:
            left = self.needed - self.sample
            return self.with_verdict(
                INSUFFICIENT,
                ReasonCode.SAMPLE_TOO_SMALL,
                left=left,
                of=sample_unit.value,
                per_day=per_day,
            )
        if not met:
            return self.with_verdict(FAIL, ReasonCode.THRESHOLD_MISSED)
        return replace(self, met=True)


@dataclass(frozen=True)
class Evaluation:
    """Every gate into the phase `target` at one moment."""

    target: str
    at: datetime
    verdict: str
    gates: tuple[Gate, ...]
