"""A gate is met by what was measured on enough of a sample, at, under and over its threshold."""

import pytest

from metrics.gates.gate import Comparison, Gate, Reason, ReasonCode, SampleUnit, Threshold, Unit

RATE = Threshold(Comparison.AT_LEAST, 0.07, Unit.SHARE)


def gate(sample: int, needed: int = 50) -> Gate:
    return Gate("reply_rate", (RATE,), needed, "since", value=0.08, sample=sample)


@pytest.mark.parametrize(
    ("comparison", "under", "exactly_at", "over"),
    [
        (Comparison.AT_LEAST, False, True, True),
        (Comparison.UNDER, True, False, False),
        (Comparison.OVER, False, False, True),
        (Comparison.EXACTLY, False, True, False),
    ],
)
def test_a_threshold_is_exact_at_its_value(
    comparison: Comparison, under: bool, exactly_at: bool, over: bool
) -> None:
    threshold = Threshold(comparison, 3, Unit.DAYS)
    measured = [threshold.is_met_by(value) for value in (2.99, 3, 3.01)]
    assert measured == [under, exactly_at, over]


@pytest.mark.parametrize("comparison", Comparison)
def test_nothing_measured_meets_no_threshold(comparison: Comparison) -> None:
    assert Threshold(comparison, 0, Unit.ERRORS).is_met_by(None) is False


@pytest.mark.parametrize(
    ("comparison", "is_met"),
    [
        (Comparison.AT_LEAST, True),
        (Comparison.UNDER, False),
        (Comparison.OVER, False),
        (Comparison.EXACTLY, True),
    ],
)
def test_zero_is_a_measured_value(comparison: Comparison, is_met: bool) -> None:
    assert Threshold(comparison, 0, Unit.ERRORS).is_met_by(0) is is_met


def test_a_gate_without_data_is_unmet_and_undecided() -> None:
    found = Gate("reply_rate", (RATE,), 50, "since")
    assert (found.value, found.sample, found.met) == (None, 0, False)
    assert (found.verdict, found.reason) == ("insufficient", None)


@pytest.mark.parametrize("met", [True, False])
@pytest.mark.parametrize(("sample", "left"), [(0, 50), (1, 49), (49, 1)])
def test_too_small_a_sample_decides_nothing(met: bool, sample: int, left: int) -> None:
    found = gate(sample).judge_sample(met, SampleUnit.SENDS, per_day=25)
    assert (found.met, found.verdict) == (False, "insufficient")
    assert found.reason == Reason(
        ReasonCode.SAMPLE_TOO_SMALL, {"left": left, "of": "sends", "per_day": 25}
    )


def test_a_sample_without_daily_cap_promises_no_day() -> None:
    found = gate(10).judge_sample(False, SampleUnit.DECISIONS)
    assert found.reason and found.reason.arguments == {"left": 40, "of": "decisions", "per_day": 0}


@pytest.mark.parametrize("sample", [50, 51, 500])
def test_with_its_sample_a_gate_is_met_or_fails(sample: int) -> None:
    met = gate(sample).judge_sample(True, SampleUnit.SENDS)
    assert (met.met, met.reason, met.value) == (True, None, 0.08)
    missed = gate(sample).judge_sample(False, SampleUnit.SENDS)
    assert (missed.met, missed.verdict) == (False, "fail")
    assert missed.reason == Reason(ReasonCode.THRESHOLD_MISSED)


def test_a_verdict_changes_nothing_measured() -> None:
    measured = gate(60)
    found = measured.with_verdict("fail", ReasonCode.MET_ON_TOO_FEW_DAYS, days=2, of=5)
    assert (found.verdict, found.value, found.sample) == ("fail", 0.08, 60)
    assert found.reason == Reason(ReasonCode.MET_ON_TOO_FEW_DAYS, {"days": 2, "of": 5})
    assert measured.reason is None
