"""Members, rules and leads with an owner."""

from typing import Any

import pytest

from leads.models import Lead, OwnerRule, TeamMember
from leads.ownership import owner_assignment
from tests import factories


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
