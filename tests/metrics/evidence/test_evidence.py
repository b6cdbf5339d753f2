"""The evidence against independent values, and what must hold of it at any counts."""

from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from metrics.evidence.evidence import (
    ENOUGH,
    INTO_ASSISTED,
    INTO_AUTONOMOUS,
    OVERRIDES,
    POINTS,
    EvidenceRule,
    WeekCount,
    evidence,
    people_to_go,
    spread_of_weeks,
    with_spread_seen,
)

RULES = [INTO_ASSISTED, INTO_AUTONOMOUS, OVERRIDES]
weeks = st.lists(
    st.integers(0, 250).flatmap(lambda n: st.builds(WeekCount, st.integers(0, n), st.just(n))),
    max_size=12,
)


def alternatives(rule: EvidenceRule) -> list[float]:
    """24 rates, equally spaced in log-odds; written out here once more on purpose."""
    low, high = (log(p / (1 - p)) for p in (rule.lowest, rule.highest))
    odds = [low + (high - low) * n / 23 for n in range(24)]
    return [1 / (1 + 2.718281828459045**-x) for x in odds]


def probability(week: WeekCount, rate: float, spread: float) -> float:
    """By scipy's own beta-binomial distribution, with the coefficient that cancels."""
    if not spread:
        return float(stats.binom.pmf(week.answered, week.people, rate))
    c = (1 - rate) / (spread**2 * rate) - 1
    return float(stats.betabinom.pmf(week.answered, week.people, rate * c, (1 - rate) * c))


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(
    "found",
    [
        [WeekCount(9, 125)],
        [WeekCount(9, 125), WeekCount(14, 125), WeekCount(0, 3)],
        [WeekCount(1, 30), WeekCount(40, 250)],
    ],
)
def test_it_is_the_mean_of_products_of_scipys_likelihood_ratios(
    rule: EvidenceRule, found: list[WeekCount]
) -> None:
    products = []
    for rate in alternatives(rule):
        product = 1.0
        for week in found:
            product *= probability(week, rate, rule.spread)
            product /= probability(week, rule.null, rule.spread)
        products.append(product)
    assert len(products) == POINTS
    assert evidence(found, rule) == pytest.approx(sum(products) / POINTS, rel=1e-9)


def test_it_is_no_product_of_weekly_means() -> None:
    found = [WeekCount(14, 125)] * 4
    wrong = evidence(found[:1], INTO_ASSISTED) ** 4
    assert evidence(found, INTO_ASSISTED) > 1.3 * wrong


@pytest.mark.parametrize("rule", RULES)
def test_nothing_is_no_evidence(rule: EvidenceRule) -> None:
    assert evidence([], rule) == 1
    assert evidence([WeekCount(0, 0)] * 3, rule) == pytest.approx(1)


@given(weeks, st.randoms(use_true_random=False))
def test_the_order_of_weeks_does_not_matter(found: list[WeekCount], random: object) -> None:
    shuffled = list(found)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert evidence(found, INTO_ASSISTED) == pytest.approx(evidence(shuffled, INTO_ASSISTED))


@given(weeks, st.integers(1, 100))
def test_somebody_who_has_not_answered_only_lowers_it(found: list[WeekCount], people: int) -> None:
    """A late answer counts as none until it comes, so that the bound holds."""
    before = evidence([*found, WeekCount(0, 0)], INTO_ASSISTED)
    assert evidence([*found, WeekCount(0, people)], INTO_ASSISTED) <= before * (1 + 1e-9)


@given(weeks.filter(lambda found: any(w.answered < w.people for w in found)))
def test_one_more_answer_only_raises_it(found: list[WeekCount]) -> None:
    at = next(n for n, week in enumerate(found) if week.answered < week.people)
    more = [*found[:at], WeekCount(found[at].answered + 1, found[at].people), *found[at + 1 :]]
    assert evidence(more, INTO_ASSISTED) >= evidence(found, INTO_ASSISTED) * (1 - 1e-9)


@pytest.mark.parametrize(("answered", "people"), [(-1, 3), (4, 3)])
def test_what_is_no_count_is_refused(answered: int, people: int) -> None:
    with pytest.raises(ValueError, match="no count of a week"):
        WeekCount(answered, people)


def test_evidence_beyond_any_number_is_a_number() -> None:
    assert ENOUGH < evidence([WeekCount(500, 1000)] * 200, INTO_ASSISTED) < float("inf")


class TestForecast:
    def test_it_is_reached_by_as_many_more(self) -> None:
        left = people_to_go([], INTO_ASSISTED, 0.10, 125)
        assert left > 0 and left % 125 == 0
        answered = [WeekCount(12, 125), WeekCount(13, 125)] * (left // 250 + 1)
        assert evidence(answered, INTO_ASSISTED) >= ENOUGH

    @pytest.mark.parametrize("rate", [0.0, 0.05])
    def test_a_rate_no_better_than_the_null_never_gets_there(self, rate: float) -> None:
        assert people_to_go([], INTO_ASSISTED, rate, 125) == 0

    def test_what_is_reached_needs_nobody(self) -> None:
        assert people_to_go([WeekCount(60, 200)], INTO_ASSISTED, 0.10, 125) == 0


class TestSpread:
    def test_weeks_alike_show_little(self) -> None:
        assert spread_of_weeks([WeekCount(10, 125)] * 8) == 0

    def test_weeks_that_differ_show_how_much(self) -> None:
        """Rates of 4 and 12 % in turn: a standard deviation of half the mean."""
        found = spread_of_weeks([WeekCount(40, 1000), WeekCount(120, 1000)] * 10)
        assert found == pytest.approx(0.5, abs=0.03)

    @pytest.mark.parametrize(
        "found", [[], [WeekCount(5, 50)] * 3, [WeekCount(0, 50)] * 9, [WeekCount(0, 0)] * 9]
    )
    def test_too_few_say_nothing(self, found: list[WeekCount]) -> None:
        assert spread_of_weeks(found) is None

    @pytest.mark.parametrize(
        ("seen", "spread"), [(None, 0.3), (0.1, 0.3), (0.45, 0.45), (2.0, 0.6)]
    )
    def test_a_larger_one_replaces_the_rules_a_smaller_never(
        self, seen: float | None, spread: float
    ) -> None:
        assert with_spread_seen(INTO_ASSISTED, seen).spread == spread
