"""The CUSUM against scipy's likelihoods, and against what was simulated for it."""

from math import log
from statistics import median

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from metrics.evidence.cusum import REPLY_RATE, CusumRule, cusum, first_alarm

counts = st.lists(
    st.integers(0, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), max_size=30
)


def test_one_count_is_the_log_of_scipys_likelihood_ratio() -> None:
    expected = binom.logpmf(1, 50, 0.04) - binom.logpmf(1, 50, 0.07)
    assert expected > 0
    assert cusum([(1, 50)]) == pytest.approx([expected])
    assert cusum([(1, 50), (1, 50)]) == pytest.approx([expected, 2 * expected])


def test_the_alarm_is_that_of_the_rule() -> None:
    assert CusumRule(0.07, 0.04, log(250)) == REPLY_RATE
    line = cusum([(0, 50)] * 10)
    at = first_alarm(line)
    assert at == 3  # 174 people without an answer: 50 log(.96/.93) a day
    assert line[at - 1] < log(250) <= line[at]
    assert first_alarm(line[:at]) is None
    assert first_alarm([]) is None


def test_good_days_bring_it_back_to_nothing_and_no_further() -> None:
    assert cusum([(9, 50)] * 3) == [0, 0, 0]
    line = cusum([(0, 50), (9, 50), (0, 50)])
    assert line[1] == 0
    assert line[2] == line[0]


@given(counts, counts)
def test_earlier_values_do_not_depend_on_later_counts(
    first: list[tuple[int, int]], later: list[tuple[int, int]]
) -> None:
    line = cusum([*first, *later])
    assert line[: len(first)] == cusum(first)
    assert all(level >= 0 for level in line)


@pytest.mark.parametrize("count", [(-1, 3), (4, 3)])
def test_what_is_no_count_is_refused(count: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="is no count"):
        cusum([(1, 20), count])


def test_it_alarms_as_often_and_as_early_as_was_simulated() -> None:
    """50 people a working day: in 14 to 17 % of healthy years; a fall from 8 to 4 % in 16 days,
    of which 12 are working days.
    """
    random = np.random.default_rng(7)
    years = random.binomial(50, 0.07, (500, 260)).tolist()
    alarms = [first_alarm(cusum((k, 50) for k in year)) is not None for year in years]
    assert 0.10 < sum(alarms) / 500 < 0.22
    falls = np.hstack(
        [random.binomial(50, 0.08, (200, 40)), random.binomial(50, 0.04, (200, 120))]
    ).tolist()
    seen = [first_alarm(cusum((k, 50) for k in fall)) for fall in falls]
    days = [at - 39 for at in seen if at is not None and at >= 40]
    assert 9 <= median(days) <= 15
