"""The pages of leads: where somebody is, whether we may write, and what happened."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from leads.identity import merging, other_addresses
from leads.models import Enrichment, Lead
from leads.suppression import suppression
from outreach.choices import Status
from outreach.models import EmailEvent, Meeting, Message, Opportunity, Reply, ReplyText
from outreach.review import review_actions
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


def test_the_list_shows_where_each_lead_is(page: Any) -> None:
    held = factories.held_email().lead
    stopped = factories.LeadFactory()
    suppression.suppress(stopped.email, "customer", "test", stopped)
    factories.LeadFactory(no_address=True)
    text = page("/sales/leads")
    assert held.name in text
    for where in (Status.HELD.label, "Stopped: customer", "No address to write to"):
        assert where in text


def test_the_list_costs_the_same_at_any_length(
    page: Any, django_assert_max_num_queries: Any
) -> None:
    for _ in range(30):
        factories.LeadFactory()
    page("/sales/leads")  # the first page of a session stores it

    with django_assert_max_num_queries(20):
        page("/sales/leads")


@pytest.mark.parametrize(
    ("show", "there"),
    [("stopped", True), ("no_address", False), ("stuck", False), ("example", False)],
)
def test_filters_keep_what_fits(page: Any, show: str, there: bool) -> None:
    lead = factories.LeadFactory(first_name="Quentin")
    suppression.suppress(lead.email, "unsubscribed", "test", lead)
    assert ("Quentin" in page(f"/sales/leads?show={show}")) is there
    assert "Quentin" in page(f"/sales/leads?search=quentin+{lead.company.name.split()[0]}")
    assert "Quentin" not in page("/sales/leads?search=nobody")


def test_a_lead_shows_points_facts_and_timeline(page: Any) -> None:
    message = factories.held_email()
    factories.VisitFactory(lead=message.lead)
    text = page(f"/sales/leads/{message.lead.public_id}")
    for there in (
        "Intent 78 of 100",
        "Pricing",
        "Visited /pricing",
        "Drafted, waiting for a decision",
        "Not on a do-not-contact list: ",
    ):
        assert there in text


def test_a_country_that_is_not_allowed_is_a_no_on_page_and_list(page: Any) -> None:
    lead = factories.LeadFactory(country="DE", first_name="Georg")
    text = " ".join(page(f"/sales/leads/{lead.public_id}").split())
    assert "Do not email: DE is not in ALLOWED_COUNTRIES." in text and "Yes:" not in text
    assert "Georg" not in page("/sales/leads?show=may") and "Georg" in page("/sales/leads")
    Lead.objects.update(country="")
    assert "Georg" in page("/sales/leads?show=may")


def test_without_an_address_it_is_said_once(page: Any) -> None:
    lead = factories.LeadFactory(no_address=True)
    assert page(f"/sales/leads/{lead.public_id}").count("there is no address to email") == 1
    assert "There is no address" not in page(f"/sales/leads/{lead.public_id}")


def test_facts_name_their_source_as_people_do(page: Any) -> None:
    lead = factories.LeadFactory()
    text = page(f"/sales/leads/{lead.public_id}")
    assert "RB2B, " in text and "rb2b, " not in text


def test_other_addresses_are_shown_with_their_source(page: Any) -> None:
    lead = factories.LeadFactory()
    other_addresses.keep_address(lead, "dana@old.test", "clay", is_dead=True)
    other_addresses.keep_address(lead, "dana@side.test", "rb2b")
    text = " ".join(page(f"/sales/leads/{lead.public_id}").split())
    assert "<dt>other address</dt> <dd>dana@old.test (does not exist)" in text
    assert "<dt>other address</dt> <dd>dana@side.test <span" in text


def test_a_decided_email_is_reached_from_the_timeline(page: Any) -> None:
    message = factories.held_email()
    reason = "The subject says nothing about them."
    review_actions.reject_email(message, 1, tag="weak_subject", reason=reason, by=None)
    Message.objects.filter(pk=message.pk).update(transport="ghl")
    text = page(f"/sales/leads/{message.lead.public_id}")
    assert f'href="/sales/queue/{message.public_id}">Rejected' in text
    Message.objects.filter(pk=message.pk).update(transport="history")
    text = page(f"/sales/leads/{message.lead.public_id}")
    assert "Rejected" in text and f'{message.public_id}">Rejected' not in text


def test_a_stopped_lead_shows_it_first(page: Any) -> None:
    lead = factories.LeadFactory()
    suppression.suppress(lead.email, "complained", "Mailgun", lead)
    text = " ".join(page(f"/sales/leads/{lead.public_id}").split())
    assert "Do not contact: Complained of spam (Mailgun)." in text


def test_the_page_says_what_would_make_hot(page: Any) -> None:
    lead = factories.LeadFactory(title="Clerk", score=44)
    factories.AssessmentFactory(lead=lead, intent=44, tier="tier_3")
    factories.VisitFactory(lead=lead)
    text = page(f"/sales/leads/{lead.public_id}")
    for there in (
        "26 points are missing for HOT.",
        "A visit to “Demo” and one of us knowing them: the score would be 89.",
    ):
        assert there in text


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


def test_the_hot_filter_agrees_with_the_queue(page: Any) -> None:
    by_score = factories.LeadFactory(first_name="Sam", score=70, tier="tier_3")
    by_size = factories.LeadFactory(first_name="Tia", score=10, tier="tier_1")
    neither = factories.LeadFactory(first_name="Uma", score=69, tier="tier_2")
    text = page("/sales/leads?show=hot")
    assert [lead.first_name in text for lead in (by_score, by_size, neither)] == [True, True, False]


def test_the_list_can_be_filtered(page: Any) -> None:
    olga = factories.TeamMemberFactory(name="Olga")
    held, other = (
        factories.held_email(
            factories.LeadFactory(first_name="Quentin", owner=olga, tier="tier_1")
        ).lead,
        "Rosalind",
    )
    old = timezone.now() - timedelta(days=40)
    rosalind = factories.LeadFactory(
        first_name=other, tier="tier_2", last_seen_at=old, linkedin_key="in/rosa-lind"
    )
    suppression.suppress(rosalind.email, "customer", "test", rosalind)
    asked = {
        "tier=tier_1": True, "tier=tier_2": False, f"owner={olga.pk}": True, "owner=none": False,
        "seen=7": True, "email=held": True, "email=none": False, "why=customer": False,
        "show=may": True, "show=stopped": False,
        f"search={held.email}": True, "search=linkedin.com/in/rosa-lind": False,
    }  # fmt: skip
    for query, is_quentin in asked.items():
        text = page(f"/sales/leads?{query}")
        assert ("Quentin" in text, other in text) == (is_quentin, not is_quentin), query
    both = page("/sales/leads?search=test")
    assert "Quentin" in both and other in both


def test_a_merged_leads_address_finds_the_survivor(page: Any) -> None:
    one, other = factories.LeadFactory(first_name="Quentin"), factories.LeadFactory()
    merging.merge_leads(one, other, source="person")
    for words in (other.email, f"https://www.linkedin.com/{other.linkedin_key}"):
        assert "Quentin" in page(f"/sales/leads?search={words}")


@pytest.mark.parametrize(
    "query", ["tier=tier_9", "owner=x", "seen=-1", "email=gone", "why=because", "show=me"]
)
def test_an_unknown_choice_is_named_and_filters_nothing(page: Any, query: str) -> None:
    lead = factories.LeadFactory()
    text = page(f"/sales/leads?{query}")
    assert lead.name in text
    assert "Select a valid choice" in text


def test_paging_keeps_the_filter(page: Any) -> None:
    for n in range(51):
        factories.LeadFactory(tier="tier_1", last_seen_at=timezone.now() - timedelta(minutes=n))
    text = page("/sales/leads?tier=tier_1")
    assert "?tier=tier_1&amp;after=" in text
    assert text.count('class="who"') == 50


def test_the_timeline_has_everything_that_happened(page: Any) -> None:
    lead = factories.LeadFactory()
    now = timezone.now()
    factories.VisitFactory(lead=lead, path="/pricing", seen_at=now)
    factories.VisitFactory(lead=lead, path="/demo", seen_at=now + timedelta(minutes=3))
    Enrichment.objects.create(
        lead=lead, state="settled", outcome="answered", gained=["title"], settled_at=now
    )
    message = factories.held_email(lead)
    EmailEvent.objects.create(key="k1", message=message, kind="opened", source="poll", at=now)
    reply = Reply.objects.create(
        ghl_message_id="m1",
        lead=lead,
        message=message,
        received_at=now,
        source="poll",
        sorted_as="question",
    )
    ReplyText.objects.create(reply=reply, body="What does it cost?", said="What does it cost?")
    times = {"booked_at": now, "starts_at": now, "changed_at": now}
    Meeting.objects.create(ghl_id="a1", lead=lead, status="confirmed", **times)
    Opportunity.objects.create(
        ghl_id="o1", lead=lead, status="open", value=5000, opened_at=now, changed_at=now
    )
    suppression.suppress(lead.email, "customer", "import", lead)
    other = factories.LeadFactory(first_name="Quentin")
    factories.VisitFactory(lead=other, path="/from-the-other", seen_at=now - timedelta(hours=2))
    merging.merge_leads(lead, other, source="person", reason="They told us.")
    text = page(f"/sales/leads/{lead.public_id}")
    for there in (
        "Visited /pricing, /demo, 2 pages", "/from-the-other", "Answered: gained title",
        "Scored 78, fit 95, tier 1", "Drafted, waiting for a decision", "Opened",
        "Answered: Question", "What does it cost?", "confirmed",
        "Opportunity at GoHighLevel: open, 5,000", "Stopped: Customer (import)", "became one lead",
        "They told us.",
    ):  # fmt: skip
        assert there in text, there


def test_queries_do_not_grow_with_the_timeline(
    page: Any, django_assert_max_num_queries: Any
) -> None:
    lead = factories.LeadFactory()
    for n in range(60):
        factories.VisitFactory(lead=lead, seen_at=timezone.now() - timedelta(hours=n))
        factories.AssessmentFactory(lead=lead)
    for _ in range(3):
        merging.merge_leads(lead, factories.LeadFactory(), source="person")
    page("/sales/leads")  # the first page of a session stores it

    with django_assert_max_num_queries(70):
        text = page(f"/sales/leads/{lead.public_id}")
    assert "older" in text
