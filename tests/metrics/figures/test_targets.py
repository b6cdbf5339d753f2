"""Where a month may end, without a database."""

import pytest
from scipy import stats

from metrics.figures.targets import MonthDays, count_target, sent_target


def test_a_cap_of_100_cannot_reach_2500_in_a_month_of_21_days() -> None:
    found = sent_target(2500, [], 0, MonthDays(over=0, left=21), cap=100)
    assert found.most == 2100
    assert not found.is_reachable
    assert found.projected is None


def test_a_projection_never_passes_the_cap_nor_falls_below_today() -> None:
    found = sent_target(2500, [90, 100, 80, 95, 100, 60], 560, MonthDays(6, 15), cap=100)
    assert found.most == 2060
    assert found.projected is not None
    low, high = found.projected
    assert 560 <= low < high <= 2060
    idle = sent_target(2500, [0] * 6, 30, MonthDays(6, 15), cap=100)
    assert idle.projected == (30, 30)
    assert sent_target(100, [20] * 4, 80, MonthDays(4, 17), cap=25).projected is None


@pytest.mark.parametrize(
    ("sent_today", "left", "most"),
    [
        (None, 2, 2200),  # a Sunday
        (0, 2, 2200),
        (40, 2, 2160),
        (100, 2, 2100),
        (100, 1, 2000),
        (120, 1, 2000),  # the cap was lowered during the day
    ],
)
def test_what_left_today_is_part_of_todays_cap(
    sent_today: int | None, left: int, most: int
) -> None:
    days = MonthDays(20, left, sent_today)

    found = sent_target(2100, [100] * 20, 2000, days, cap=100)

    assert (found.most, found.projected) == (most, (most, most))
    assert found.is_reachable is (most >= 2100)


def test_meetings_have_the_exact_poisson_interval() -> None:
    found = count_target("meetings", 15, 8, MonthDays(10, 10))
    low = stats.chi2.ppf(0.025, 16) / 2
    high = stats.chi2.ppf(0.975, 18) / 2
    assert found.projected == pytest.approx((8 + low, 8 + high))
    assert found.is_reachable


@pytest.mark.parametrize(("current", "over"), [(4, 10), (8, 4)])
def test_too_few_days_or_events_project_nothing(current: int, over: int) -> None:
    assert count_target("meetings", 15, current, MonthDays(over, 10)).projected is None
