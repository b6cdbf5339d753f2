"""Statistics against published examples, and against each other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caio_project.lib import statistics


def test_the_wilson_interval_is_the_textbooks() -> None:
    assert statistics.wilson_interval(0, 0) is None
    assert statistics.wilson_interval(10, 100) == pytest.approx((0.0552, 0.1744), abs=1e-4)


def test_the_interval_of_a_difference_is_newcombes() -> None:
    """His example (a): 56 of 70 against 48 of 80 is 0.2000, from 0.0524 to 0.3339."""
    assert statistics.difference_interval(48, 80, 56, 70) == pytest.approx(
        (0.0524, 0.3339), abs=1e-4
    )


def test_without_trials_there_is_no_difference() -> None:
    assert statistics.difference_interval(0, 0, 1, 10) is None
    assert statistics.difference_interval(1, 10, 0, 0) is None


@given(st.integers(1, 200), st.integers(1, 200), st.data())
def test_an_interval_contains_its_difference_and_mirrors(
    n: int, m: int, data: st.DataObject
) -> None:
    a, b = data.draw(st.integers(0, n)), data.draw(st.integers(0, m))
    low, high = statistics.difference_interval(a, n, b, m) or (1, -1)
    assert low <= b / m - a / n + 1e-12
    assert high >= b / m - a / n - 1e-12
    assert statistics.difference_interval(b, m, a, n) == pytest.approx((-high, -low))


def test_how_many_trials_tell_five_percent_from_eight() -> None:
    """A standard two-proportion table: 1,059 a side for 5 % and 8 % at 80 % power, two-sided."""
    needed = statistics.trials_needed(0.05, 0.08)
    assert needed == pytest.approx(1059, abs=2)
    assert statistics.statistical_power(0.05, 0.08, needed) == pytest.approx(0.8, abs=0.001)


def test_fifty_emails_can_hardly_tell_anything() -> None:
    assert statistics.statistical_power(0.065, 0.08, 25) < 0.06


def test_power_without_trials_or_difference() -> None:
    assert statistics.statistical_power(0.05, 0.08, 0) == 0.0
    assert statistics.statistical_power(0.05, 0.05, 100) == 0.05
    with pytest.raises(ValueError, match="cannot be told apart"):
        statistics.trials_needed(0.05, 0.05)


@pytest.mark.parametrize(
    ("one", "other", "chance"), [(0, 0, 1.0), (25, 25, 1.0), (30, 20, 0.2026), (40, 10, 2.39e-05)]
)
def test_how_likely_a_split_is(one: int, other: int, chance: float) -> None:
    assert statistics.even_split_p_value(one, other) == pytest.approx(chance, rel=1e-2)
