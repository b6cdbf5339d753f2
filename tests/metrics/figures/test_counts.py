"""What counts say, without a database."""

from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from caio_project.lib import statistics
from metrics.figures.counts import Counts, class_of, measure, quantile_of, seconds_of
from metrics.figures.definitions import FIGURES, Dimension, Reading, Tally, definitions_by


def test_every_figure_says_how_it_is_counted() -> None:
    for code, figure in FIGURES.items():
        assert figure.code == code
        assert figure.definition.endswith(".")
        assert figure.numerator
        assert (figure.reading in (Reading.SHARE, Reading.MEAN)) <= bool(figure.denominator)
        assert figure.reading in (Reading.COUNT,) or figure.needed


def test_figures_by_a_dimension_are_those_that_have_it() -> None:
    assert definitions_by(None) == tuple(FIGURES.values())
    by_template = {one.code for one in definitions_by(Dimension.TEMPLATE)}
    assert "reply_rate" in by_template
    assert not by_template & {"pipeline_value", "enrichment_rate", "cost_per_reply"}


def test_every_tally_has_a_figure_and_a_version() -> None:
    assert {one.tally for one in FIGURES.values()} == set(Tally)


def test_a_share_has_its_interval_and_needs_its_sample() -> None:
    found = measure(FIGURES["reply_rate"], Counts(numerator=4, denominator=50))
    assert found.value == pytest.approx(0.08)
    assert found.interval == pytest.approx(statistics.wilson_interval(4, 50))
    assert found.is_enough
    assert not measure(FIGURES["reply_rate"], Counts(4, 49)).is_enough


def test_without_data_there_is_no_value_and_never_enough() -> None:
    for figure in FIGURES.values():
        found = measure(figure, Counts())
        assert found.value == (0 if figure.reading == Reading.COUNT else None)
        assert found.interval is None
        assert found.is_enough == (figure.reading == Reading.COUNT)


def test_dollars_are_stored_as_cents_and_prices_need_a_cost() -> None:
    assert measure(FIGURES["pipeline_value"], Counts(1_250, 2)).value == 12.5
    assert measure(FIGURES["cost_per_reply"], Counts(5, 80), cost=100.0).value == 20
    assert measure(FIGURES["cost_per_reply"], Counts(5, 80), cost=None).value is None
    assert not measure(FIGURES["cost_per_reply"], Counts(4, 80), cost=100.0).is_enough


@given(st.lists(st.integers(0, 10**6), min_size=2, max_size=40))
def test_a_mean_has_the_interval_of_students_t(seconds: list[int]) -> None:
    counts = Counts(sum(seconds), len(seconds), sum(one * one for one in seconds))
    found = measure(FIGURES["approval_clock"], counts)
    hours = [Fraction(one, 3600) for one in seconds]
    assert found.value == pytest.approx(float(sum(hours) / len(hours)))
    error = stats.sem([float(one) for one in hours])
    half = stats.t.ppf(0.975, len(hours) - 1) * error if error else 0
    assert found.interval is not None
    assert found.interval[1] - found.value == pytest.approx(half, rel=1e-6, abs=1e-6)


def test_one_value_has_no_interval() -> None:
    assert measure(FIGURES["quality"], Counts(40_000, 1, 40_000**2)).interval is None


@given(st.lists(st.integers(0, 7 * 86_400), min_size=1, max_size=60), st.sampled_from((0.5, 0.9)))
def test_quantiles_from_classes_are_right_to_one_percent(waits: list[int], share: float) -> None:
    exact = sorted(waits)[max(0, -(-int(share * 100) * len(waits) // 100) - 1)]
    found = quantile_of(Counter(map(class_of, waits)), share)
    assert found is not None
    assert abs(found + 60 - (exact + 60)) <= 0.0101 * (exact + 60)


def test_a_median_is_read_from_the_classes() -> None:
    counts = Counts(denominator=3, classes=Counter([class_of(3600), class_of(7200), class_of(9)]))
    assert measure(FIGURES["approval_clock_median"], counts).value == pytest.approx(1, rel=0.011)
    assert quantile_of({}, 0.5) is None
    assert seconds_of(class_of(-5)) < 2


def test_counts_add_up() -> None:
    total = Counts(1, 2, 3, Counter({4: 1}))
    total.add(Counts(10, 20, 30, Counter({4: 1, 5: 2})))
    assert total == Counts(11, 22, 33, Counter({4: 2, 5: 2}))
