"""Rules of automatic approval: which emails they fit, and that none ever adds an approval."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.choices import Phase
from outreach.control.approval_rules import EmailSegment, SegmentRule, names_that_fit
from outreach.control.policy import LIMITS_BY_PHASE, AutoApproval, EmailFacts, machine_verdict_now

EMAIL = EmailSegment(
    intent=10,
    template="tier_3.general",
    tier="tier_3",
    industry="Logistics & Supply Chain",
    country="US",
    employees_from=200,
    owner=7,
)


@pytest.mark.parametrize(
    ("rule", "fits"),
    [
        ({"templates": {"tier_3.general", "other"}}, True),
        ({"templates": {"other"}}, False),
        ({"tiers": {"tier_3"}}, True),
        ({"tiers": {"tier_1"}}, False),
        ({"industries": {"logistics"}}, True),
        ({"industries": {"logis"}}, False),
        ({"countries": {"CA", "US"}}, True),
        ({"countries": {"CA"}}, False),
        ({"employees_from": 200}, True),
        ({"employees_from": 201}, False),
        ({"employees_to": 200}, True),
        ({"employees_to": 199}, False),
        ({"owner": 7}, True),
        ({"owner": 8}, False),
        ({"from_intent": 10}, True),
        ({"from_intent": 11}, False),
        ({"tiers": {"tier_3"}, "countries": {"CA"}}, False),
    ],
)
def test_all_conditions_must_hold(rule: dict[str, object], fits: bool) -> None:
    sets = {name: frozenset(v) if isinstance(v, set) else v for name, v in rule.items()}
    assert SegmentRule("r", **sets).fits(EMAIL) is fits  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("unknown", "rule"),
    [
        ({"employees_from": None}, {"employees_from": 1000}),
        ({"industry": ""}, {"industries": frozenset({"retail"})}),
        ({"country": ""}, {"countries": frozenset({"CA"})}),
        ({"tier": ""}, {"tiers": frozenset({"tier_1"})}),
        ({"template": ""}, {"templates": frozenset({"other"})}),
    ],
)
def test_unknown_facts_are_left_to_a_person(
    unknown: dict[str, object], rule: dict[str, object]
) -> None:
    made = SegmentRule("r", **rule)  # type: ignore[arg-type]
    assert not made.fits(EMAIL)
    assert made.fits(replace(EMAIL, **unknown))  # type: ignore[arg-type]


def test_nobodys_lead_fits_no_rule_for_an_owner() -> None:
    assert not SegmentRule("r", owner=7).fits(replace(EMAIL, owner=None))


def test_a_rule_without_conditions_is_empty() -> None:
    assert SegmentRule("r").is_empty
    assert not SegmentRule("r", from_intent=1).is_empty
    assert not SegmentRule("r", employees_to=0).is_empty


COUNTRIES, TIERS = st.sampled_from(["", "US", "CA", "DE"]), st.sampled_from(["tier_1", "tier_3"])
TEMPLATES = st.sampled_from(["", "a", "b"])
INDUSTRIES = st.sampled_from(["", "Logistics & Supply Chain", "Hospitality", "IT services"])
SIZES, OWNERS = st.none() | st.integers(0, 2000), st.none() | st.integers(1, 3)

emails = st.builds(
    EmailSegment,
    intent=st.integers(0, 100),
    template=TEMPLATES,
    tier=TIERS,
    industry=INDUSTRIES,
    country=COUNTRIES,
    employees_from=SIZES,
    owner=OWNERS,
)
rules = st.builds(
    SegmentRule,
    name=st.text("abc", min_size=1, max_size=3),
    templates=st.frozensets(TEMPLATES),
    tiers=st.frozensets(TIERS),
    industries=st.frozensets(st.sampled_from(["logistics", "it", "hospital"])),
    countries=st.frozensets(COUNTRIES),
    employees_from=SIZES,
    employees_to=SIZES,
    owner=OWNERS,
    from_intent=st.integers(0, 100),
)
machines = st.builds(
    AutoApproval,
    switched_on=st.booleans(),
    under_intent=st.integers(0, 100),
    no_warm=st.booleans(),
    held_up=st.sampled_from([(), ("Sending is halted.",)]),
)


@given(
    email=emails,
    some=st.lists(rules, max_size=4),
    added=rules,
    phase=st.sampled_from(list(Phase)),
    machine=machines,
    warm=st.booleans(),
)
def test_adding_a_rule_never_adds_an_approval(
    email: EmailSegment,
    some: list[SegmentRule],
    added: SegmentRule,
    phase: Phase,
    machine: AutoApproval,
    warm: bool,
) -> None:
    def verdict(of: list[SegmentRule]) -> tuple[bool, set[str]]:
        facts = EmailFacts(
            intent=email.intent,
            tier=email.tier,
            employees_from=email.employees_from,
            warm=warm,
            critical_reason="",
            guards_passed=True,
            address_verified=True,
            country=email.country,
            allowed_countries=frozenset({"US", "CA"}),
            unsourced_phrases=0,
            rules=names_that_fit(of, email),
        )
        found = machine_verdict_now(LIMITS_BY_PHASE[phase], facts, machine)
        return found.machine_approves, set(found.reasons)

    before, reasons_before = verdict(some)
    after, reasons_after = verdict([*some, added])

    assert before or not after
    assert reasons_before <= reasons_after
    assert not (added.fits(email) and after)
