"""Whose a lead is, from what comes in, from GoHighLevel, from people and from who leaves the team."""

from collections.abc import Callable
from importlib import import_module
from itertools import permutations
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User

from leads import tasks
from leads.identity import merge_undo, merging
from leads.models import Company, Lead, OwnerChange, OwnerRule, OwnerRun, TeamMember
from leads.ownership import owner_assignment
from leads.scoring import assess
from tests import factories
from tests.fakes import rb2b
from tests.leads.conftest import arrived

pytestmark = pytest.mark.django_db


@pytest.fixture
def alex(db: None) -> TeamMember:
    return factories.TeamMemberFactory(default_sender=True)


@pytest.fixture
def ben(alex: TeamMember) -> TeamMember:
    return factories.TeamMemberFactory(name="Ben Ito", ghl_user_id="usr-ben")


@pytest.fixture
def cleo(alex: TeamMember) -> TeamMember:
    return factories.TeamMemberFactory(name="Cleo Park")


def rule(member: TeamMember, **asks: Any) -> OwnerRule:
    return OwnerRule.objects.create(name=f"Rule {OwnerRule.objects.count()}", member=member, **asks)


def settled(**fields: Any) -> Lead:
    """A lead as it stands after its first look at the rules."""
    lead = factories.LeadFactory(**fields)
    owner_assignment.update_owner(lead)
    return now(lead)


def now(lead: Lead) -> Lead:
    return Lead.objects.select_related("owner", "owner_rule").get(pk=lead.pk)


def said(lead: Lead) -> tuple[str, str]:
    one = now(lead)
    return str(one.owner), one.owner_how


def leave(member: TeamMember) -> None:
    TeamMember.objects.filter(pk=member.pk).update(active=False)


# When a lead is made, and when something new becomes known


def test_a_new_lead_goes_by_the_rules_and_else_to_the_default_sender(ben: TeamMember) -> None:
    east = rule(ben, states=["NY"])
    there = arrived(rb2b.person({"State": "New York"}))
    assert (there.owner, there.owner_how, there.owner_rule) == (ben, "rule", east)
    other = arrived(
        rb2b.person({"State": "Ohio", "Business Email": "o@other.test", "LinkedIn URL": None})
    )
    assert said(other) == ("Alex Moreno", "default")
    assert [(one.lead, one.rule, one.by) for one in OwnerChange.objects.all()] == [
        (there, east, None)
    ]


def test_the_tier_is_known_once_it_was_scored(ben: TeamMember) -> None:
    rule(ben, tiers=["tier_1"])
    lead = settled(title="CEO")
    assert said(lead) == ("Alex Moreno", "default")
    Lead.objects.update(needs_assessment_at=lead.first_seen_at)
    assert assess.assess_due() == 1
    assert (now(lead).tier, *said(lead)) == ("tier_1", "Ben Ito", "rule")


def test_a_fact_of_the_company_that_comes_later_counts(ben: TeamMember) -> None:
    rule(ben, employees_from=1000)
    lead = settled()
    Company.objects.update(employees_from=5000)
    assess.assess_lead(now(lead))
    assert said(lead) == ("Ben Ito", "rule")


def test_a_rule_that_was_changed_moves_nobody_of_whom_nothing_new_is_known(ben: TeamMember) -> None:
    lead = settled()
    assess.assess_lead(now(lead))
    rule(ben)
    assess.assess_lead(now(lead))
    assert said(lead) == ("Alex Moreno", "default")


@pytest.mark.parametrize(
    ("state", "of_company", "fits"), [("", "Ohio", True), ("PA", "OH", False), ("oh", "", True)]
)
def test_where_the_persons_state_is_not_known_the_companys_is_taken(
    ben: TeamMember, state: str, of_company: str, fits: bool
) -> None:
    rule(ben, states=["OH"])
    lead = settled(state=state, company=factories.CompanyFactory(state=of_company))
    assert (said(lead)[0] == "Ben Ito") is fits


def test_the_way_they_became_known_is_the_first_one(ben: TeamMember) -> None:
    rule(ben, sources=["ghl"])
    sources = {
        "title": {"source": "clay", "at": "2026-03-01T10:00:00+00:00"},
        "email": {"source": "ghl", "at": "2026-02-01T10:00:00+00:00"},
    }
    assert said(settled(sources=sources)) == ("Ben Ito", "rule")
    assert said(settled()) == ("Alex Moreno", "default")


def test_without_anybody_a_lead_has_no_owner_until_there_is_a_default_sender(db: None) -> None:
    lead = settled()
    assert (lead.owner, lead.owner_how, owner_assignment.update_due_owners()) == (None, "", 0)
    factories.TeamMemberFactory(default_sender=True)
    assert owner_assignment.update_due_owners() == 1
    assert said(lead) == ("Alex Moreno", "default")


# GoHighLevel


def test_whom_gohighlevel_assigns_wins_over_rules_and_may_change(
    ben: TeamMember, cleo: TeamMember
) -> None:
    rule(cleo)
    lead = settled()
    assert owner_assignment.assign_from_ghl(lead, "usr-ben") is True
    assert said(lead) == ("Ben Ito", "ghl")
    assert owner_assignment.assign_from_ghl(lead, "usr-ben") is False
    assert owner_assignment.assign_from_ghl(lead, "") is True
    assert said(lead) == ("Cleo Park", "rule")


def test_a_user_whom_we_learn_of_later_gets_what_was_theirs(
    ben: TeamMember, cleo: TeamMember
) -> None:
    lead = settled()
    assert owner_assignment.assign_from_ghl(lead, "usr-cleo") is False
    TeamMember.objects.filter(pk=cleo.pk).update(ghl_user_id="usr-cleo")
    assert (owner_assignment.update_due_owners(), owner_assignment.update_due_owners()) == (1, 0)
    assert said(lead) == ("Cleo Park", "ghl")
    TeamMember.objects.filter(pk=cleo.pk).update(ghl_user_id="usr-other")
    assert (owner_assignment.update_due_owners(), owner_assignment.update_due_owners()) == (1, 0)
    assert said(lead) == ("Alex Moreno", "default")


# People


def test_by_hand_wins_over_everything_and_stays(
    ben: TeamMember, cleo: TeamMember, reviewer: User
) -> None:
    rule(ben)
    lead = settled()
    assert (
        owner_assignment.assign_by_hand(
            lead, cleo, by=reviewer, shown=owner_assignment.owner_mark(lead)
        )
        is True
    )
    owner_assignment.assign_from_ghl(lead, "usr-ben")
    Company.objects.update(employees_from=9999)
    assess.assess_lead(now(lead))
    owner_assignment.apply_to_all(reviewer)
    owner_assignment.update_due_owners()
    assert said(lead) == ("Cleo Park", "hand")
    change = owner_assignment.newest_change(lead)
    assert change is not None and (change.owner, change.how, change.by) == (cleo, "hand", reviewer)


def test_a_lead_given_back_goes_to_whom_gohighlevel_or_the_rules_say(
    ben: TeamMember, cleo: TeamMember, reviewer: User
) -> None:
    lead = settled()
    owner_assignment.assign_by_hand(lead, cleo, by=reviewer)
    owner_assignment.assign_from_ghl(lead, "usr-ben")
    assert owner_assignment.assign_by_hand(lead, None, by=reviewer) is True
    assert said(lead) == ("Ben Ito", "ghl")


def test_who_has_left_cannot_be_given_a_lead(ben: TeamMember, reviewer: User) -> None:
    lead = settled()
    leave(ben)
    before = Lead.objects.values().get()
    with pytest.raises(owner_assignment.AssignmentRefused, match="Ben Ito has left the team"):
        owner_assignment.assign_by_hand(lead, ben, by=reviewer)
    assert (Lead.objects.values().get(), OwnerChange.objects.count()) == (before, 0)


def test_of_two_who_give_it_at_once_the_second_is_told(
    ben: TeamMember, cleo: TeamMember, reviewer: User
) -> None:
    lead = settled()
    on_the_page = owner_assignment.owner_mark(lead)
    owner_assignment.assign_by_hand(lead, ben, by=reviewer, shown=on_the_page)
    with pytest.raises(owner_assignment.AssignmentRefused, match="since you looked: Ben Ito"):
        owner_assignment.assign_by_hand(lead, cleo, by=reviewer, shown=on_the_page)
    assert said(lead) == ("Ben Ito", "hand")


# Who leaves


def test_the_leads_of_who_left_fall_to_the_next(
    ben: TeamMember, cleo: TeamMember, reviewer: User
) -> None:
    rule(ben, states=["OH"])
    rule(cleo, states=["OH", "PA"])
    by_rule, by_ghl, by_hand = settled(), settled(state="TX"), settled(state="TX")
    owner_assignment.assign_from_ghl(by_ghl, "usr-ben")
    owner_assignment.assign_by_hand(by_hand, ben, by=reviewer)
    leave(ben)
    tasks.keep_owners()
    assert [said(lead) for lead in (by_rule, by_ghl, by_hand)] == [
        ("Cleo Park", "rule"), ("Alex Moreno", "default"), ("Alex Moreno", "default"),
    ]  # fmt: skip
    assert owner_assignment.update_due_owners() == 0


# Rules for everybody


def test_a_preview_says_who_would_move_and_changes_nothing(
    ben: TeamMember, cleo: TeamMember, reviewer: User
) -> None:
    leads = [settled() for _ in range(3)] + [settled(state="PA")]
    owner_assignment.assign_by_hand(leads[0], cleo, by=reviewer)
    owner_assignment.assign_from_ghl(leads[1], "usr-ben")
    owner_assignment.assign_from_ghl(leads[3], "usr-9")
    new = OwnerRule(name="Ohio", member=ben, states=["OH"])
    before = list(Lead.objects.order_by("pk").values())
    found = owner_assignment.preview_owners(owner_assignment.rules_with(new))
    assert (found.leads, found.moved, found.by_hand, found.by_ghl) == (4, 1, 1, 1)
    assert found.moves == [owner_assignment.OwnerMove(1, "Alex Moreno", "Ben Ito")]
    assert found.unknown == [("usr-9", 1)]
    assert list(Lead.objects.order_by("pk").values()) == before
    new.save()
    assert owner_assignment.preview_owners() == found


def test_rules_are_applied_step_by_step_by_the_sweep(ben: TeamMember, lead_user: User) -> None:
    leads = [settled() for _ in range(5)]
    rule(ben)
    run = owner_assignment.apply_to_all(lead_user)
    assert [owner_assignment.update_due_owners(batch=2) for _ in range(4)] == [2, 2, 1, 0]
    run.refresh_from_db()
    assert (run.looked_at, run.moved, run.ended_at is None) == (5, 5, False)
    assert {said(lead) for lead in leads} == {("Ben Ito", "rule")}
    assert {one.by for one in OwnerChange.objects.all()} == {lead_user}
    assert owner_assignment.update_due_owners() == 0


def test_a_run_started_again_takes_the_place_of_the_first(ben: TeamMember, lead_user: User) -> None:
    lead = settled()
    first, second = (
        owner_assignment.apply_to_all(lead_user),
        owner_assignment.apply_to_all(lead_user),
    )
    rule(ben)
    assert [owner_assignment.update_due_owners(), owner_assignment.update_due_owners()] == [1, 0]
    first.refresh_from_db(), second.refresh_from_db()
    assert (first.looked_at, second.looked_at, OwnerRun.objects.filter(ended_at=None).count()) == (
        0,
        1,
        0,
    )
    assert said(lead) == ("Ben Ito", "rule")


def test_in_the_order_of_their_numbers_and_only_those_in_use(
    ben: TeamMember, cleo: TeamMember
) -> None:
    rule(ben, position=20)
    first = rule(cleo, position=10)
    assert said(settled()) == ("Cleo Park", "rule")
    OwnerRule.objects.filter(pk=first.pk).update(active=False)
    assert said(settled()) == ("Ben Ito", "rule")


# Merges


@pytest.mark.parametrize("older_has_it", [True, False])
def test_a_merge_keeps_the_stronger_kind_of_owner_and_an_undo_gives_each_its_own(
    ben: TeamMember, reviewer: User, older_has_it: bool
) -> None:
    older, younger = settled(), settled()
    mine, other = (older, younger) if older_has_it else (younger, older)
    owner_assignment.assign_by_hand(mine, ben, by=reviewer)
    row = merging.merge_leads(older, younger, source="person", by=reviewer)
    assert said(older) == ("Ben Ito", "hand")
    change = owner_assignment.newest_change(now(older))
    assert change is not None and (change.owner, change.by) == (ben, reviewer)
    assess.assess_lead(now(older))
    assert said(older) == ("Ben Ito", "hand")
    merge_undo.undo_merge(row, by=reviewer, reason="two people")
    assert (said(mine), said(other)) == (("Ben Ito", "hand"), ("Alex Moreno", "default"))


def test_an_owner_given_since_a_merge_stays_after_its_undo(
    ben: TeamMember, cleo: TeamMember, reviewer: User
) -> None:
    older, younger = settled(), settled()
    owner_assignment.assign_by_hand(younger, ben, by=reviewer)
    row = merging.merge_leads(older, younger, source="person", by=reviewer)
    owner_assignment.assign_by_hand(older, cleo, by=reviewer)
    merge_undo.undo_merge(row, by=reviewer, reason="two people")
    assert (said(older), said(younger)) == (("Cleo Park", "hand"), ("Ben Ito", "hand"))


def test_whom_gohighlevel_assigns_is_known_of_both_after_a_merge(ben: TeamMember) -> None:
    older, younger = settled(), settled()
    owner_assignment.assign_from_ghl(younger, "usr-ben")
    merging.merge_leads(older, younger, source="person")
    assert (now(older).ghl_assigned_to, *said(older)) == ("usr-ben", "Ben Ito", "ghl")


# Any order


def test_in_whatever_order_things_are_said_the_strongest_stands(
    ben: TeamMember, cleo: TeamMember, reviewer: User
) -> None:
    dora = factories.TeamMemberFactory(name="Dora Lind")
    rule(dora, states=["OH"])
    said_of: dict[str, tuple[Callable[[Lead], Any], tuple[str, str]]] = {
        "by hand": (
            lambda lead: owner_assignment.assign_by_hand(lead, cleo, by=reviewer),
            ("Cleo Park", "hand"),
        ),
        "by GoHighLevel": (
            lambda lead: owner_assignment.assign_from_ghl(lead, "usr-ben"),
            ("Ben Ito", "ghl"),
        ),
        "of the company": (
            lambda lead: Company.objects.filter(leads=lead).update(employees_from=lead.pk + 5000),
            ("Dora Lind", "rule"),
        ),
        "by a merge": (
            lambda lead: merging.merge_leads(lead, settled(), source="person"),
            ("Dora Lind", "rule"),
        ),
    }
    names = list(said_of)
    for count in range(len(names) + 1):
        for order in permutations(names, count):
            lead = settled()
            for name in order:
                said_of[name][0](now(lead))
                assess.assess_lead(now(lead))
            strongest = next(
                (said_of[name][1] for name in names if name in order), ("Dora Lind", "rule")
            )
            assert said(lead) == strongest, order
    assert owner_assignment.update_due_owners() == 0


# What was before


def test_owners_from_before_are_taken_for_what_they_were(
    alex: TeamMember, ben: TeamMember, cleo: TeamMember
) -> None:
    of_alex, of_ben, of_cleo, nobodys = (
        factories.LeadFactory(owner=one) for one in (alex, ben, cleo, None)
    )
    import_module("leads.migrations.0016_owners_known").say_how(apps, None)
    known = [
        (one.owner_how, one.ghl_assigned_to)
        for one in map(now, (of_alex, of_ben, of_cleo, nobodys))
    ]
    assert known == [("default", ""), ("ghl", "usr-ben"), ("", ""), ("", "")]
    assess.assess_lead(now(of_ben))
    assert said(of_ben) == ("Ben Ito", "ghl")
    assert not OwnerChange.objects.exists()
