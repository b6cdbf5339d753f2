"""Owners of merged leads, and the order in which facts arrive."""

from collections.abc import Callable
from importlib import import_module
from itertools import permutations
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User

from leads.identity import merge_undo, merging
from leads.models import Company, Lead, OwnerChange, TeamMember
from leads.ownership import owner_assignment
from leads.scoring import assess
from tests import factories
from tests.leads.ownership.conftest import now, rule, said, settled

pytestmark = pytest.mark.django_db

# Merges


@pytest.mark.parametrize("older_has_it", [True, False])
def test_a_merge_keeps_the_stronger_owner_until_undone(
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


def test_an_owner_assigned_after_a_merge_survives_undo(
    ben: TeamMember, cleo: TeamMember, reviewer: User
) -> None:
    older, younger = settled(), settled()
    owner_assignment.assign_by_hand(younger, ben, by=reviewer)
    row = merging.merge_leads(older, younger, source="person", by=reviewer)
    owner_assignment.assign_by_hand(older, cleo, by=reviewer)
    merge_undo.undo_merge(row, by=reviewer, reason="two people")
    assert (said(older), said(younger)) == (("Cleo Park", "hand"), ("Ben Ito", "hand"))


def test_a_merge_shares_gohighlevels_assignment(ben: TeamMember) -> None:
    older, younger = settled(), settled()
    owner_assignment.assign_from_ghl(younger, "usr-ben")
    merging.merge_leads(older, younger, source="person")
    assert (now(older).ghl_assigned_to, *said(older)) == ("usr-ben", "Ben Ito", "ghl")


# Any order


@pytest.mark.postgres_is_enough
def test_the_strongest_origin_wins_in_any_order(
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


def test_migrated_owners_keep_their_origin(
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
