"""Who at a company is emailed first."""

import pytest

from outreach.control import company_slot
from outreach.control.company_slot import SlotRank


def rank(score: int | None, title: str = "", **more: object) -> SlotRank:
    facts = {"tier": "tier_3", "employees_from": 10, "warm": False, **more}
    return company_slot.rank_person(
        score, facts["tier"], facts["employees_from"], title, warm=facts["warm"]
    )


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (rank(77), rank(40)),
        (rank(29, tier="tier_1", employees_from=201), rank(60)),  # HOT by size
        (rank(39, warm=True), rank(39)),  # WARM before LOW
        (rank(30, warm=True), rank(39)),
        (rank(50, "Chief Revenue Officer"), rank(50, "Sales Manager")),
        (rank(50, "VP of Sales"), rank(50, "Assistant to the CEO")),
        (rank(1), rank(None)),
    ],
)
def test_better_placed_person_goes_first(better: SlotRank, worse: SlotRank) -> None:
    assert better.is_before(worse)
    assert not worse.is_before(better)


def test_of_two_alike_neither_goes_first() -> None:
    assert not rank(50, "CEO").is_before(rank(50, "Founder & CEO"))
    assert not rank(50, "Founder & CEO").is_before(rank(50, "CEO"))


def test_score_comes_before_seniority() -> None:
    assert rank(51, "Intern").is_before(rank(50, "CEO"))
