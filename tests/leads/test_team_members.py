"""Contacts and past employers that the team types in."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.test import Client

from leads.models import KnownContact, PastEmployer
from leads.scoring import assess
from tests.factories import TeamMemberFactory, known_contact
from tests.leads.scoring.test_connections import acme_lead


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("https://www.linkedin.com/in/Dana/", "in/dana"),
        ("in/Dana", "in/dana"),
        ("linkedin.com/in/dana", "in/dana"),
    ],
)
def test_a_typed_contact_is_stored_normalised(typed: str, key: str) -> None:
    contact = known_contact(
        "Dána Okafor",
        linkedin_key=typed,
        email="Dana@Acme.test",
        company_name="Acme, Inc.",
        domain="https://acme.test/x",
    )
    contact.refresh_from_db()
    assert (contact.linkedin_key, contact.email, contact.domain) == (
        key,
        "dana@acme.test",
        "acme.test",
    )
    assert (contact.name_key, contact.company_key) == ("dana okafor", "acme")


@pytest.mark.django_db
def test_a_typed_contact_that_cannot_match_is_refused() -> None:
    with pytest.raises(ValidationError, match="no LinkedIn address"):
        KnownContact(member=TeamMemberFactory(), name="Dana", linkedin_key="dana").full_clean()


@pytest.mark.django_db
def test_an_employment_ending_before_its_start_is_refused() -> None:
    with pytest.raises(ValidationError, match="It is before 2015"):
        PastEmployer(
            member=TeamMemberFactory(), company_name="Acme", from_year=2015, to_year=2014
        ).full_clean()


@pytest.mark.django_db
def test_team_edits_rescore_recently_seen_leads(
    client: Client, lead_user: User, django_capture_on_commit_callbacks: Any
) -> None:
    client.force_login(lead_user)
    member, lead = TeamMemberFactory(name="Alex"), acme_lead()
    sent = {
        "name": "Alex",
        "title": "Partner",
        "email": "",
        "booking_url": "",
        "notice_order": "0",
        "active": "on",
    }
    for prefix in ("past_employers", "known_contacts"):
        sent |= {f"{prefix}-TOTAL_FORMS": "0", f"{prefix}-INITIAL_FORMS": "0"}
    sent |= {
        "known_contacts-TOTAL_FORMS": "1",
        "known_contacts-0-name": "Priya",
        "known_contacts-0-company_name": "Northline",
    }
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(f"/admin/leads/teammember/{member.pk}/change/", sent)
    assert answer.status_code == 302
    assess.assess_due()
    assert lead.assessments.get().warm["kind"] == "known_there"


@pytest.mark.django_db
@pytest.mark.parametrize("typed", ["alex", "@alex", "C012345", "U0 1", "<@U012AB3CD>", "U"])
def test_what_is_no_slack_user_id_is_refused(reviewer: User, typed: str) -> None:
    member = TeamMemberFactory(user=reviewer)
    member.slack_user_id = typed
    with pytest.raises(ValidationError, match="is no Slack user id") as refused:
        member.full_clean()
    assert list(refused.value.message_dict) == ["slack_user_id"]


@pytest.mark.django_db
def test_a_slack_user_id_belongs_to_one_member_with_a_login(
    reviewer: User, lead_user: User
) -> None:
    TeamMemberFactory(name="Sam", slack_user_id="U012AB3CD", user=lead_user)
    other = TeamMemberFactory(name="Rita")
    other.slack_user_id = " u012ab3cd "
    with pytest.raises(ValidationError, match="Sam has this Slack user id already"):
        other.full_clean()
    other.slack_user_id = "U099"
    with pytest.raises(ValidationError, match="Choose their login above first"):
        other.full_clean()
    other.user = reviewer
    other.full_clean()


@pytest.mark.django_db
def test_the_admin_refuses_a_slack_user_id_of_two(client: Client, lead_user: User) -> None:
    client.force_login(lead_user)
    TeamMemberFactory(name="Sam", slack_user_id="U012AB3CD", user=lead_user)
    other = TeamMemberFactory(name="Rita")
    sent = {"name": "Rita", "notice_order": "0", "active": "on", "slack_user_id": "U012AB3CD"}
    for prefix in ("past_employers", "known_contacts"):
        sent |= {f"{prefix}-TOTAL_FORMS": "0", f"{prefix}-INITIAL_FORMS": "0"}
    answer = client.post(f"/admin/leads/teammember/{other.pk}/change/", sent)
    assert answer.status_code == 200
    assert "Sam has this Slack user id already" in answer.content.decode()
    other.refresh_from_db()
    assert other.slack_user_id == ""
