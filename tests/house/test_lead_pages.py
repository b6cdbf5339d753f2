"""The pages of leads: where somebody is, whether we may write, and what happened."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from leads import suppression
from leads.models import Lead
from outreach.states import Status
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(client: Client, viewer: User) -> Any:
    client.force_login(viewer)

    def get(path: str) -> str:
        answer = client.get(path)
        assert answer.status_code == 200
        return answer.content.decode()

    return get


def test_the_list_says_where_everybody_is(page: Any) -> None:
    held = factories.held().lead
    stopped = factories.LeadFactory()
    suppression.stop(stopped.email, "customer", "test", stopped)
    factories.LeadFactory(no_address=True)
    text = page("/sales/leads")
    assert held.name in text
    for where in (Status.HELD.label, "Stopped: customer", "No address to write to"):
        assert where in text


def test_the_list_costs_the_same_at_any_length(page: Any, django_assert_max_num_queries: Any) -> None:
    for _ in range(30):
        factories.LeadFactory()
    with django_assert_max_num_queries(20):
        page("/sales/leads")


@pytest.mark.parametrize(
    ("show", "there"), [("stopped", True), ("no_address", False), ("stuck", False), ("example", False)]
)
def test_filters_keep_what_fits(page: Any, show: str, there: bool) -> None:
    lead = factories.LeadFactory(first_name="Quentin")
    suppression.stop(lead.email, "unsubscribed", "test", lead)
    assert ("Quentin" in page(f"/sales/leads?show={show}")) is there
    assert "Quentin" in page(f"/sales/leads?search=quentin+{lead.company.name.split()[0]}")
    assert "Quentin" not in page("/sales/leads?search=nobody")


def test_a_lead_shows_its_points_its_facts_and_its_timeline(page: Any) -> None:
    message = factories.held()
    factories.VisitFactory(lead=message.lead)
    text = page(f"/sales/leads/{message.lead.public_id}")
    for there in ("Score 78 of 100", "Pricing", "Visited /pricing", "Waiting for a decision", "Yes: "):
        assert there in text


def test_a_stopped_lead_says_so_first(page: Any) -> None:
    lead = factories.LeadFactory()
    suppression.stop(lead.email, "complained", "Mailgun", lead)
    assert "We must not write: Complained of spam (Mailgun)." in page(f"/sales/leads/{lead.public_id}")


def test_says_what_would_make_somebody_hot(page: Any) -> None:
    lead = factories.LeadFactory(title="Clerk", score=44)
    factories.AssessmentFactory(lead=lead, intent=44, tier="tier_3")
    factories.VisitFactory(lead=lead)
    text = page(f"/sales/leads/{lead.public_id}")
    assert "26 points are missing for HOT. A visit to “Demo” and one of us knowing them: the score would be 89." in text


def test_payload_text_is_escaped(page: Any) -> None:
    lead = factories.LeadFactory(first_name="<script>alert(1)</script>")
    for path in ("/sales/leads", f"/sales/leads/{lead.public_id}"):
        assert "<script>alert" not in page(path)


def test_without_the_permission_nothing_is_shown(client: Client) -> None:
    lead = factories.LeadFactory()
    assert client.get("/sales/leads").status_code == 302
    client.force_login(User.objects.create_user("nobody"))
    assert client.get(f"/sales/leads/{lead.public_id}").status_code == 403
    assert Lead.objects.count() == 1


def test_the_hot_filter_keeps_whom_the_queue_calls_hot(page: Any) -> None:
    by_score = factories.LeadFactory(first_name="Sam", score=70, tier="tier_3")
    by_size = factories.LeadFactory(first_name="Tia", score=10, tier="tier_1")
    neither = factories.LeadFactory(first_name="Uma", score=69, tier="tier_2")
    text = page("/sales/leads?show=hot")
    assert [lead.first_name in text for lead in (by_score, by_size, neither)] == [True, True, False]
