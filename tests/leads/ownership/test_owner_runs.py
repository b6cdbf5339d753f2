"""Applying owner rules to all leads: the preview, and the run."""

import pytest
from django.contrib.auth.models import User

from leads.models import Lead, OwnerChange, OwnerRule, OwnerRun, TeamMember
from leads.ownership import owner_assignment, owner_preview
from tests.leads.ownership.conftest import rule, said, settled

pytestmark = pytest.mark.django_db


def test_a_preview_counts_moves_and_changes_nothing(
    ben: TeamMember, cleo: TeamMember, reviewer: User
) -> None:
    leads = [settled() for _ in range(3)] + [settled(state="PA")]
    owner_assignment.assign_by_hand(leads[0], cleo, by=reviewer)
    owner_assignment.assign_from_ghl(leads[1], "usr-ben")
    owner_assignment.assign_from_ghl(leads[3], "usr-9")
    new = OwnerRule(name="Ohio", member=ben, states=["OH"])
    before = list(Lead.objects.order_by("pk").values())
    found = owner_preview.preview_owners(owner_preview.rules_with(new))
    assert (found.leads, found.moved, found.by_hand, found.by_ghl) == (4, 1, 1, 1)
    assert found.moves == [owner_preview.OwnerMove(1, "Alex Moreno", "Ben Ito")]
    assert found.unknown == [("usr-9", 1)]
    assert list(Lead.objects.order_by("pk").values()) == before
    new.save()
    assert owner_preview.preview_owners() == found


def test_the_sweep_applies_rules_in_steps(ben: TeamMember, lead_user: User) -> None:
    leads = [settled() for _ in range(5)]
    rule(ben)
    run = owner_assignment.apply_to_all(lead_user)
    assert [owner_assignment.update_due_owners(batch=2) for _ in range(4)] == [2, 2, 1, 0]
    run.refresh_from_db()
    assert (run.looked_at, run.moved, run.ended_at is None) == (5, 5, False)
    assert {said(lead) for lead in leads} == {("Ben Ito", "rule")}
    assert {one.by for one in OwnerChange.objects.all()} == {lead_user}
    assert owner_assignment.update_due_owners() == 0


def test_a_new_run_replaces_an_open_one(ben: TeamMember, lead_user: User) -> None:
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


def test_active_rules_apply_in_order(ben: TeamMember, cleo: TeamMember) -> None:
    rule(ben, position=20)
    first = rule(cleo, position=10)
    assert said(settled()) == ("Cleo Park", "rule")
    OwnerRule.objects.filter(pk=first.pk).update(active=False)
    assert said(settled()) == ("Ben Ito", "rule")
