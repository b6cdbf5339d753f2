"""What a test could show, and what may be said of two sides.

Figures held against others' and against counting.
"""

from uuid import UUID

import pytest

from caio_project.lib import statistics
from outreach.drafting import ab_assignment
from outreach.experiments import ab_statistics
from outreach.experiments.ab_statistics import SideCounts

ONE = str(UUID(int=1))


def side(
    assigned: int, ripe: int | None = None, answered: int = 0, left: int | None = None
) -> SideCounts:
    ripe = assigned if ripe is None else ripe
    return SideCounts(assigned, ripe if left is None else left, ripe, answered, 0)


def test_variant_is_stable_and_split_is_even() -> None:
    given = [ab_assignment.variant_of(ONE, person) for person in range(2000)]
    assert given == [ab_assignment.variant_of(ONE, person) for person in range(2000)]
    assert given.count("a") == 983  # of this test; a fair coin gives 1,000 give or take 44
    other = [ab_assignment.variant_of(str(UUID(int=2)), person) for person in range(2000)]
    assert (
        900 < sum(one == two for one, two in zip(given, other, strict=True)) < 1100
    )  # no test follows another


def test_the_plan_of_fifty_says_that_it_shows_little() -> None:
    found = ab_statistics.plan_experiment(50, people=0, answered=0, daily=25)
    assert (found.rate, found.is_assumed, found.hoped, found.days) == (0.07, True, 0.14, 2)
    assert found.power == statistics.statistical_power(0.07, 0.14, 25) < 0.2
    assert found.needed == 2 * statistics.trials_needed(0.07, 0.14, 0.8)
    assert found.seen is not None and statistics.statistical_power(
        0.07, found.seen, 25
    ) >= 0.8 > statistics.statistical_power(0.07, found.seen - 0.01, 25)
    assert found.sentence.startswith(
        "With 25 emails a side a rise from 7% (assumed) to 14% would be seen once in 10."
    )
    assert "These 50 take 2 days or more at today's cap" in found.sentence


def test_the_plan_goes_by_our_own_rate_once_there_is_one() -> None:
    found = ab_statistics.plan_experiment(200, people=100, answered=12, daily=0)
    assert (found.rate, found.is_assumed, found.days) == (0.12, False, None)
    assert "12% (today)" in found.sentence and "nothing leaves in this phase" in found.sentence
    assert ab_statistics.plan_experiment(50, people=29, answered=5, daily=25).is_assumed
    assert ab_statistics.plan_experiment(50, people=50, answered=0, daily=25).is_assumed


@pytest.mark.parametrize(("people", "answered"), [(30, 1), (100, 50), (100, 99), (30, 29)])
def test_a_plan_is_made_for_every_rate(people: int, answered: int) -> None:
    found = ab_statistics.plan_experiment(50, people, answered, daily=25)
    assert found.rate < found.hoped < 1 and 0 <= found.power <= 1 and found.needed > 0


@pytest.mark.parametrize(
    ("a", "b", "verdict", "why"),
    [
        (side(500, answered=30), side(500, answered=80), "b", "B is answered more often"),
        (side(500, answered=80), side(500, answered=30), "a", "A is answered more often"),
        (side(25, answered=1), side(25, answered=4), "inconclusive", "may be chance"),
        (side(25, answered=0), side(25, answered=0), "inconclusive", "may be chance"),
        (side(25, ripe=0), side(25, ripe=0), "inconclusive", "Nothing left"),
        (side(5, answered=0), side(45, answered=40), "inconclusive", "too uneven"),
        (
            side(500, answered=80, left=500),
            side(500, ripe=300, answered=90),
            "inconclusive",
            "too uneven",
        ),
    ],
)
def test_what_a_finished_test_says(a: SideCounts, b: SideCounts, verdict: str, why: str) -> None:
    found = ab_statistics.compare_sides(a, b, size=a.assigned + b.assigned, waiting=0)
    assert (found.verdict, found.is_complete) == (verdict, True)
    assert why in found.why


@pytest.mark.parametrize(("size", "waiting"), [(1001, 0), (1000, 1)])
def test_nothing_is_said_before_the_end(size: int, waiting: int) -> None:
    found = ab_statistics.compare_sides(
        side(500, answered=30), side(500, answered=80), size, waiting
    )
    assert (found.verdict, found.is_complete) == ("", False)
    assert found.why == "Too early to tell: wait until the test is complete."


def test_the_interval_is_newcombes() -> None:
    """56/70 against 48/80: Newcombe 1998, table II, method 10."""
    found = ab_statistics.compare_sides(side(80, answered=48), side(70, answered=56), 150, 0)
    assert found.difference == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert found.verdict == "b"
    assert "B less A lies between +5.2 and +33.4 points (95 %)." in found.why


def test_a_side_has_wilsons_interval_once_emails_are_ripe() -> None:
    """81 of 263: Newcombe 1998, method 3 of his table I."""
    assert side(263, answered=81).interval == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert side(5, ripe=0).interval is None


def test_the_rate_is_of_ripe_emails_only() -> None:
    assert side(50, ripe=40, answered=10).rate == 0.25
    assert side(50, ripe=40, answered=0).rate == 0
    assert side(50, ripe=0).rate is None


@pytest.mark.parametrize(
    ("size", "chance"),
    [
        (10, "seen once in 10."),
        (50, "seen once in 10."),
        (100, "seen 2 times in 10."),
        (400, "seen 6 times in 10."),
        (1000, "seen 10 times in 10."),
    ],
)
def test_a_chance_is_told_in_words(size: int, chance: str) -> None:
    assert chance in ab_statistics.plan_experiment(size, people=0, answered=0, daily=25).sentence
