"""How often the gates promote a sender whose rate is known: the bounds they were chosen by."""

import pytest

from metrics.evidence.simulation import Scenario, simulate
from outreach.choices import Guardrail
from outreach.guardrails.guardrail_rules import halting_count


def assisted(true_rate: float, per_day: int, days: int, drift: float) -> tuple[float, int | None]:
    found = simulate(Scenario(true_rate, per_day, days, drift))["assisted"]
    assert found.paths == 2_000
    return found.promoted, found.median_day


@pytest.mark.parametrize("per_day", [25, 50])
@pytest.mark.parametrize("drift", [0, 0.3])
@pytest.mark.parametrize("days", [120, 365])
def test_a_bad_sender_is_promoted_at_most_one_time_in_twenty(
    per_day: int, drift: float, days: int
) -> None:
    assert assisted(0.05, per_day, days, drift)[0] <= 0.05


def test_a_sender_at_the_threshold_gets_there_in_most_histories() -> None:
    """A product of weekly mixtures, the wrong formula, gives under 55 %."""
    assert 0.60 <= assisted(0.07, 25, 120, 0)[0] <= 0.80


def test_a_good_sender_gets_there_soon() -> None:
    promoted, median_day = assisted(0.10, 25, 120, 0)
    assert promoted > 0.99 and median_day is not None and 14 <= median_day <= 25


def test_nobody_passes_before_the_sample_is_there() -> None:
    assert assisted(1.0, 25, 10, 0) == (0, None)
    # 200 people by the second Wednesday; three days later is a Saturday.
    assert assisted(1.0, 25, 20, 0) == (1, 15)


def test_without_replies_nobody_passes() -> None:
    assert assisted(0.0, 50, 365, 0) == (0, None)


def test_autonomous_takes_fourteen_days_and_its_own_evidence() -> None:
    found = simulate(Scenario(0.10, 50, 120))
    into, above = found["assisted"].median_day, found["autonomous"].median_day
    assert into and above and above >= into + 14
    assert simulate(Scenario(0.06, 50, 120))["autonomous"].promoted < 0.05


@pytest.mark.parametrize(("per_day", "low", "high"), [(25, 0.09, 0.18), (50, 0.34, 0.48)])
def test_complaints_drop_a_phase_as_often_as_counted_by_hand(
    per_day: int, low: float, high: float
) -> None:
    """At one complaint in a thousand, two in seven days come within 90 days in 13 and 41 % of
    histories; a part of them before the first promotion.
    """
    found = simulate(Scenario(0.5, per_day, 90, complaint_rate=0.001))
    assert low * 0.6 <= found["assisted"].demoted + found["autonomous"].demoted <= high
    assert simulate(Scenario(0.5, per_day, 90))["autonomous"].demoted == 0


def test_a_higher_cap_allows_one_complaint_more() -> None:
    assert [halting_count(Guardrail.COMPLAINTS, n) for n in (25, 50, 99, 100, 400)] == [
        2,
        2,
        2,
        3,
        3,
    ]


def test_the_same_seed_gives_the_same() -> None:
    one, again = (simulate(Scenario(0.08, 25, 60, 0.3, 300, seed=7)) for _ in range(2))
    assert one == again != simulate(Scenario(0.08, 25, 60, 0.3, 300, seed=8))


def test_it_tells_how_far_it_is() -> None:
    told: list[int] = []
    simulate(Scenario(0.08, 25, 30, paths=10), told.append)
    assert sum(told) == 30
