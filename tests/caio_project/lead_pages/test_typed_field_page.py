"""A missing first name or title is typed where the blocked draft stands."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from leads.models import Lead
from leads.scoring import assess
from outreach.drafting import drafts, recheck
from outreach.models import Message
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def blocked() -> Message:
    """A draft that cannot be written: its template names the title, and none is known."""
    factories.TeamMemberFactory(default_sender=True)
    message = drafts.write_draft(factories.draft_email(factories.LeadFactory(title="")))
    Message.objects.update(status="blocked", blocked_by="missing_field", guards=[])
    return message


def post(client: Client, lead: Lead, field: str, value: str) -> str:
    address = f"/sales/leads/{lead.public_id}/field"
    typed = {"field": field, "value": value, "next": "/sales/queue?show=blocked"}
    response = client.post(address, typed)
    assert (response.status_code, response["Location"]) == (303, "/sales/queue?show=blocked")
    return client.get(response["Location"]).content.decode()


def test_the_lane_asks_for_what_is_missing(
    client: Client, reviewer: User, viewer: User, blocked: Message
) -> None:
    client.force_login(reviewer)
    page = client.get("/sales/queue?show=blocked").content.decode()
    assert "Save job title" in page and "Save first name" not in page
    client.force_login(viewer)
    assert "Save job title" not in client.get("/sales/queue?show=blocked").content.decode()


def test_a_typed_field_frees_the_draft(client: Client, reviewer: User, blocked: Message) -> None:
    client.force_login(reviewer)
    page = post(client, blocked.lead, "title", "VP Sales")
    assert "job title saved" in page
    assess.assess_due()
    assert recheck.free_blocked() == 1
    blocked.refresh_from_db()
    assert (blocked.status, blocked.lead.title) == ("held", "VP Sales")


def test_a_refused_field_changes_nothing(client: Client, reviewer: User, blocked: Message) -> None:
    client.force_login(reviewer)
    assert "Nothing was stored. Job title: type it first." in post(
        client, blocked.lead, "title", "  "
    )
    blocked.refresh_from_db()
    assert (blocked.status, blocked.lead.title) == ("blocked", "")
