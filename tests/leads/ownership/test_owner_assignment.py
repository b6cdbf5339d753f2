"""The owner of a lead: by rules, by GoHighLevel, by hand, and after a member leaves."""

import pytest
from django.contrib.auth.models import User

from leads import tasks
from leads.models import Company, Lead, OwnerChange, TeamMember
from leads.ownership import owner_assignment
from leads.scoring import assess
from tests import factories
from tests.fakes import rb2b
from tests.leads.conftest import arrived
from tests.leads.ownership.conftest import leave, now, rule, said, settled

pytestmark = pytest.mark.django_db

# When a lead is made, and when something new becomes known


def test_a_new_lead_follows_rules_then_default_sender(ben: TeamMember) -> None:
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


def test_tier_rules_apply_once_scored(ben: TeamMember) -> None:
    rule(ben, tiers=["tier_1"])
    lead = settled(title="CEO")
    assert said(lead) == ("Alex Moreno", "default")
    Lead.objects.update(needs_assessment_at=lead.first_seen_at)
    assert assess.assess_due() == 1
    assert (now(lead).tier, *said(lead)) == ("tier_1", "Ben Ito", "rule")


def test_a_later_company_fact_counts(ben: TeamMember) -> None:
    rule(ben, employees_from=1000)
    lead = settled()
    Company.objects.update(employees_from=5000)
    assess.assess_lead(now(lead))
    assert said(lead) == ("Ben Ito", "rule")


def test_editing_a_rule_moves_no_unchanged_leads(ben: TeamMember) -> None:
    lead = settled()
    assess.assess_lead(now(lead))
    rule(ben)
    assess.assess_lead(now(lead))
    assert said(lead) == ("Alex Moreno", "default")


@pytest.mark.parametrize(
    ("state", "of_company", "fits"), [("", "Ohio", True), ("PA", "OH", False), ("oh", "", True)]
)
def test_the_companys_state_replaces_an_unknown_one(
    ben: TeamMember, state: str, of_company: str, fits: bool
) -> None:
    rule(ben, states=["OH"])
    lead = settled(state=state, company=factories.CompanyFactory(state=of_company))
    assert (said(lead)[0] == "Ben Ito") is fits


def test_the_source_is_the_first_one(ben: TeamMember) -> None:
    rule(ben, sources=["ghl"])
    sources = {
        "title": {"source": "clay", "at": "2026-03-01T10:00:00+00:00"},
        "email": {"source": "ghl", "at": "2026-02-01T10:00:00+00:00"},
    }
    assert said(settled(sources=sources)) == ("Ben Ito", "rule")
    assert said(settled()) == ("Alex Moreno", "default")


def test_a_lead_without_owner_gets_a_new_default_sender(db: None) -> None:
    lead = settled()
    assert (lead.owner, lead.owner_how, owner_assignment.update_due_owners()) == (None, "", 0)
    factories.TeamMemberFactory(default_sender=True)
    assert owner_assignment.update_due_owners() == 1
    assert said(lead) == ("Alex Moreno", "default")


# GoHighLevel


def test_gohighlevels_assignment_wins_over_rules(ben: TeamMember, cleo: TeamMember) -> None:
    rule(cleo)
    lead = settled()
    assert owner_assignment.assign_from_ghl(lead, "usr-ben") is True
    assert said(lead) == ("Ben Ito", "ghl")
    assert owner_assignment.assign_from_ghl(lead, "usr-ben") is False
    assert owner_assignment.assign_from_ghl(lead, "") is True
    assert said(lead) == ("Cleo Park", "rule")


def test_a_user_linked_later_gets_assigned_leads(ben: TeamMember, cleo: TeamMember) -> None:
    lead = settled()
    assert owner_assignment.assign_from_ghl(lead, "usr-cleo") is False
    TeamMember.objects.filter(pk=cleo.pk).update(ghl_user_id="usr-cleo")
    assert (owner_assignment.update_due_owners(), owner_assignment.update_due_owners()) == (1, 0)
    assert said(lead) == ("Cleo Park", "ghl")
    TeamMember.objects.filter(pk=cleo.pk).update(ghl_user_id="usr-other")
    assert (owner_assignment.update_due_owners(), owner_assignment.update_due_owners()) == (1, 0)
    assert said(lead) == ("Alex Moreno", "default")


# People


def test_an_owner_by_hand_wins_and_stays(ben: TeamMember, cleo: TeamMember, reviewer: User) -> None:
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


def test_a_returned_lead_follows_gohighlevel_or_rules(
    ben: TeamMember, cleo: TeamMember, reviewer: User
) -> None:
    lead = settled()
    owner_assignment.assign_by_hand(lead, cleo, by=reviewer)
    owner_assignment.assign_from_ghl(lead, "usr-ben")
    assert owner_assignment.assign_by_hand(lead, None, by=reviewer) is True
    assert said(lead) == ("Ben Ito", "ghl")


def test_an_inactive_member_cannot_get_a_lead(ben: TeamMember, reviewer: User) -> None:
    lead = settled()
    leave(ben)
    before = Lead.objects.values().get()
    with pytest.raises(owner_assignment.AssignmentRefused, match="Ben Ito has left the team"):
        owner_assignment.assign_by_hand(lead, ben, by=reviewer)
    assert (Lead.objects.values().get(), OwnerChange.objects.count()) == (before, 0)


def test_the_second_concurrent_assignment_is_refused(
    ben: TeamMember, cleo: TeamMember, reviewer: User
) -> None:
    lead = settled()
    on_the_page = owner_assignment.owner_mark(lead)
    owner_assignment.assign_by_hand(lead, ben, by=reviewer, shown=on_the_page)
    with pytest.raises(owner_assignment.AssignmentRefused, match="since you looked: Ben Ito"):
        owner_assignment.assign_by_hand(lead, cleo, by=reviewer, shown=on_the_page)
    assert said(lead) == ("Ben Ito", "hand")


# Who leaves


def test_leads_of_inactive_members_are_reassigned(
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
