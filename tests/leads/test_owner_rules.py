"""Whose a lead is by the rules: every condition, the order, and what is stronger than a rule."""

from dataclasses import replace
from typing import Any

import pytest

from leads.owner_rules import (
    DEFAULT,
    GHL,
    HAND,
    RULE,
    LeadFacts,
    Ownership,
    OwnershipRule,
    OwnerTeam,
    decide_ownership,
    is_stronger,
)

ALEX, BEN, CLEO = 1, 2, 3
FACTS = LeadFacts("US", "OH", "Logistics & Supply Chain", 200, "northline.test", "tier_1", "rb2b")
EVERYBODY = frozenset({ALEX, BEN, CLEO})
TEAM = OwnerTeam(
    active=EVERYBODY,
    by_ghl={"usr-3": CLEO},
    rules=(OwnershipRule(7, BEN, states=frozenset({"OH"})),),
    default=ALEX,
)


def rule(**asks: Any) -> OwnershipRule:
    return OwnershipRule(
        7, BEN, **{name: frozenset(v) if isinstance(v, list) else v for name, v in asks.items()}
    )


FITS: list[tuple[dict[str, Any], bool]] = [
    ({}, True),
    ({"countries": ["US"]}, True),
    ({"countries": ["CA", "US"]}, True),
    ({"countries": ["CA"]}, False),
    ({"states": ["OH"]}, True),
    ({"states": ["PA"]}, False),
    ({"industries": ["logistics"]}, True),
    ({"industries": ["supply chain"]}, True),
    ({"industries": ["chain supply"]}, False),
    ({"industries": ["log"]}, False),
    ({"industries": ["retail", "Logistics & Supply-Chain"]}, True),
    ({"industries": ["&"]}, False),
    ({"domains": ["northline.test"]}, True),
    ({"domains": ["north.test"]}, False),
    ({"tiers": ["tier_1", "tier_2"]}, True),
    ({"tiers": ["tier_3"]}, False),
    ({"sources": ["rb2b"]}, True),
    ({"sources": ["ghl"]}, False),
    ({"employees_from": 200}, True),
    ({"employees_from": 201}, False),
    ({"employees_to": 200}, True),
    ({"employees_to": 199}, False),
    ({"employees_from": 50, "employees_to": 500}, True),
    ({"employees_from": 0}, True),
    ({"states": ["OH"], "tiers": ["tier_2"]}, False),
    ({"states": ["OH"], "tiers": ["tier_1"], "employees_from": 50}, True),
]


@pytest.mark.parametrize(("asks", "fits"), FITS)
def test_all_conditions_must_hold(asks: dict[str, Any], fits: bool) -> None:
    assert rule(**asks).fits(FACTS) is fits


@pytest.mark.parametrize("asks", [asks for asks, _ in FITS if asks])
def test_unknown_facts_fit_no_condition(asks: dict[str, Any]) -> None:
    assert not rule(**asks).fits(LeadFacts())


def decided(
    now: Ownership = Ownership(None), known: str = "", assigned: str = "", **more: Any
) -> Ownership:
    return decide_ownership(
        now, known, more.pop("facts", FACTS), assigned, more.pop("team", TEAM), **more
    )


def test_the_first_fitting_rule_wins_then_the_default() -> None:
    assert decided() == Ownership(BEN, RULE, 7)
    two = replace(TEAM, rules=(OwnershipRule(9, CLEO, tiers=frozenset({"tier_1"})), *TEAM.rules))
    assert decided(team=two) == Ownership(CLEO, RULE, 9)
    assert decided(facts=LeadFacts()) == Ownership(ALEX, DEFAULT)
    assert decided(facts=LeadFacts(), team=replace(TEAM, default=None)) == Ownership(None)


@pytest.mark.parametrize("anew", [True, False])
def test_by_hand_beats_gohighlevel_which_beats_rules(anew: bool) -> None:
    assert decided(Ownership(ALEX, HAND), FACTS.mark, "usr-3", anew=anew) == Ownership(ALEX, HAND)
    assert decided(Ownership(ALEX, DEFAULT), FACTS.mark, "usr-3", anew=anew) == Ownership(CLEO, GHL)
    assert decided(Ownership(CLEO, GHL), FACTS.mark, "usr-3", anew=anew) == Ownership(CLEO, GHL)


def test_unknown_gohighlevel_users_leave_it_to_rules() -> None:
    for assigned in ("", "usr-99"):
        assert decided(Ownership(CLEO, GHL), FACTS.mark, assigned) == Ownership(BEN, RULE, 7)


def test_rules_apply_again_after_changes_or_on_request() -> None:
    by_default = Ownership(ALEX, DEFAULT)
    assert decided(by_default, FACTS.mark) == by_default
    assert decided(by_default, replace(FACTS, state="PA").mark) == Ownership(BEN, RULE, 7)
    assert decided(by_default, FACTS.mark, anew=True) == Ownership(BEN, RULE, 7)


@pytest.mark.parametrize("how", [HAND, GHL, RULE, DEFAULT])
def test_inactive_members_own_nothing(how: str) -> None:
    gone = replace(TEAM, active=EVERYBODY - {CLEO}, by_ghl={})
    assert decided(Ownership(CLEO, how), FACTS.mark, "usr-3", team=gone) == Ownership(BEN, RULE, 7)
    both = replace(gone, active=frozenset({ALEX}))
    assert decided(Ownership(CLEO, how), FACTS.mark, "usr-3", team=both) == Ownership(ALEX, DEFAULT)
    assert decided(
        Ownership(CLEO, how), FACTS.mark, team=replace(both, active=frozenset())
    ) == Ownership(None)


def test_the_mark_tells_facts_apart() -> None:
    other = [replace(FACTS, **{name: value}) for name, value in vars(LeadFacts()).items()]
    assert len({FACTS.mark, *(one.mark for one in other)}) == len(other) + 1


def test_origins_are_ordered_by_strength() -> None:
    order = [HAND, GHL, RULE, DEFAULT, ""]
    for n, one in enumerate(order):
        assert [is_stronger(one, other) for other in order] == [n < m for m in range(len(order))]
