"""Whose a lead is, on its page and in the API: how it came about, and who may change it."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from leads.models import Lead, OwnerChange, OwnerRule, TeamMember
from leads.ownership import owner_assignment
from outreach.review import review_actions
from tests import factories
from tests.caio_project.test_api import key
from tests.conftest import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def alex(db: None) -> TeamMember:
    return factories.TeamMemberFactory(default_sender=True)


@pytest.fixture
def ben(alex: TeamMember) -> TeamMember:
    return factories.TeamMemberFactory(name="Ben Ito")


@pytest.fixture
def lead(alex: TeamMember) -> Lead:
    lead = factories.LeadFactory()
    owner_assignment.update_owner(lead)
    return lead


def page(client: Client, lead: Lead) -> str:
    answer = client.get(f"/sales/leads/{lead.public_id}")
    assert answer.status_code == 200
    return answer.content.decode()


def give(client: Client, lead: Lead, member: Any, shown: str | None = None) -> Any:
    shown = owner_assignment.owner_mark(Lead.objects.get(pk=lead.pk)) if shown is None else shown
    body = {"member": getattr(member, "pk", member), "shown": shown}
    return client.post(f"/sales/leads/{lead.public_id}/owner", body, follow=True)


def test_the_page_shows_the_owners_origin(
    client: Client, viewer: User, reviewer: User, lead: Lead, ben: TeamMember
) -> None:
    client.force_login(viewer)
    assert "The default sender" in page(client, lead)
    owner_assignment.assign_from_ghl(lead, "usr-9")
    assert "its user usr-9, who is none of the team members here" in page(client, lead)
    TeamMember.objects.filter(pk=ben.pk).update(ghl_user_id="usr-9")
    owner_assignment.update_due_owners()
    assert "Assigned in GoHighLevel" in page(client, lead)
    owner_assignment.assign_from_ghl(lead, "")
    OwnerRule.objects.create(name="Ohio", member=ben, states=["OH"])
    owner_assignment.apply_to_all(reviewer)
    owner_assignment.update_due_owners()
    assert "By the rule “Ohio”" in page(client, lead)
    owner_assignment.assign_by_hand(lead, ben, by=reviewer)
    text = page(client, lead)
    assert "Set by hand, by rita" in text and "Ben Ito owns this lead (by hand), rita" in text
    assert "/owner" not in text  # a Viewer is offered no form


@pytest.mark.parametrize("role", ["Reviewer", "Lead"])
def test_reviewers_and_leads_assign_and_return_owners(
    client: Client, lead: Lead, ben: TeamMember, role: str
) -> None:
    user = person("pat", role)
    client.force_login(user)
    assert f'action="/sales/leads/{lead.public_id}/owner"' in page(client, lead)
    answer = give(client, lead, ben)
    assert f"{lead} belongs to Ben Ito now." in answer.content.decode()
    now = Lead.objects.get()
    assert (now.owner, now.owner_how) == (ben, "hand")
    assert [(one.owner, one.by) for one in OwnerChange.objects.all()] == [(ben, user)]
    give(client, lead, "rules")
    assert Lead.objects.get().owner_how == "default"


def test_a_viewer_changes_nothing(
    client: Client, viewer: User, lead: Lead, ben: TeamMember
) -> None:
    client.force_login(viewer)
    before = Lead.objects.values().get()
    assert give(client, lead, ben).status_code == 403
    assert (Lead.objects.values().get(), OwnerChange.objects.count()) == (before, 0)


@pytest.mark.parametrize("member", ["", "0", "99999", "x", "²", "9" * 5000])
def test_a_missing_owner_is_explained(
    client: Client, reviewer: User, lead: Lead, member: str
) -> None:
    client.force_login(reviewer)
    before = Lead.objects.values().get()
    assert (
        "Choose one of the team. Nothing was done." in give(client, lead, member).content.decode()
    )
    assert Lead.objects.values().get() == before


def test_an_outdated_page_overwrites_nothing(
    client: Client, reviewer: User, lead: Lead, alex: TeamMember, ben: TeamMember
) -> None:
    client.force_login(reviewer)
    shown = owner_assignment.owner_mark(lead)
    owner_assignment.assign_by_hand(lead, ben, by=reviewer)
    assert "since you looked: Ben Ito" in give(client, lead, alex, shown).content.decode()
    assert Lead.objects.get().owner == ben


def test_another_signer_is_shown_on_both_pages(
    client: Client, reviewer: User, lead: Lead, ben: TeamMember
) -> None:
    client.force_login(reviewer)
    message = factories.held_email(lead)
    review_actions.mark_opened(message)
    owner_assignment.assign_by_hand(lead, ben, by=reviewer)
    for path in (f"/sales/leads/{lead.public_id}", f"/sales/queue/{message.public_id}"):
        text = client.get(path).content.decode()
        assert "The email is signed by Alex Moreno; the lead belongs to Ben Ito now." in text


def test_the_api_names_the_owner(
    client: Client, lead: Lead, ben: TeamMember, reviewer: User
) -> None:
    message = factories.held_email(lead)
    owner_assignment.assign_by_hand(lead, ben, by=reviewer)
    headers = key("messages:read")
    body = client.get(f"/api/messages/{message.public_id}", headers=headers).json()
    owner = body["owner"]
    assert (owner["name"], owner["how"], owner["rule"], owner["by"]) == (
        "Ben Ito",
        "hand",
        "",
        "rita",
    )
    assert owner["since"] == OwnerChange.objects.get().at.isoformat().replace("+00:00", "Z")
