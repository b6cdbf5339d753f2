"""An event is found by whom it is about, whichever way it came; bodies are never searched."""

import json
from typing import Any

import pytest
from django.db import connection

from leads.enrichment import clay_push
from leads.identity import merging
from leads.inbound import event_search, events
from leads.models import Company, InboundEvent, Lead
from tests.factories import LeadFactory
from tests.fakes import rb2b
from tests.fakes.clay import FakeClay

pytestmark = pytest.mark.django_db


def visit(**fields: Any) -> InboundEvent:
    stored = events.store_event(
        "rb2b", rb2b.to_body(rb2b.person({name.replace("_", " "): v for name, v in fields.items()}))
    )
    events.process_due()
    return InboundEvent.objects.get(public_id=stored.public_id)


def found(words: str, shown: Any = str) -> set[int]:
    return set(
        event_search.find_events(InboundEvent.objects.all(), words, shown).values_list(
            "pk", flat=True
        )
    )


@pytest.fixture
def dana() -> InboundEvent:
    visit(Last_Name="Raman")  # somebody else
    return visit(
        First_Name="Dana", Last_Name="van Okafor", Business_Email="dana@ploverly.test",
        LinkedIn_URL="https://www.linkedin.com/in/dana-okafor",
        Company_Name="Ploverly Freight, Inc.",
        Website="https://www.ploverly.test",
    )  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [
        "dana@ploverly.test", " Dana@Ploverly.test ", "https://linkedin.com/in/Dana-Okafor/",
        "dana van okafor",
        "Van Okafor", "Ploverly Freight", "ploverly freight inc", "ploverly.test",
        "www.ploverly.test",
    ],
)  # fmt: skip
def test_visit_is_found_by_person_and_company(dana: InboundEvent, words: str) -> None:
    assert found(words) == {dana.pk}


@pytest.mark.parametrize(
    "words",
    [
        "dan",
        "okafor",
        "nobody@ploverly.test",
        "pricing",
        "ploverly",
        "https://www.linkedin.com/in/dana",
        "%",
        "@",
        "'",
    ],
)
def test_parts_of_names_and_bodies_find_nothing(dana: InboundEvent, words: str) -> None:
    assert found(words) == set()


def test_events_are_found_by_event_or_lead_id(dana: InboundEvent) -> None:
    lead = dana.visit.lead
    assert lead is not None
    assert found(f"event {dana.public_id}") == {dana.pk}
    assert found(f"https://ours.test/sales/leads/{lead.public_id}") == {dana.pk}
    assert found("00000000-0000-4000-8000-000000000000") == set()


def test_clays_answers_are_found_by_their_person(clay: FakeClay, dana: InboundEvent) -> None:
    clay_push.push_due()
    asked = Lead.objects.get(email="dana@ploverly.test").enrichments.get()
    stored = events.store_event(
        "clay", json.dumps({"request_id": asked.request_id, "title": "CEO"}).encode()
    )
    events.process_due()
    answer = InboundEvent.objects.get(public_id=stored.public_id)
    assert answer.about == asked.lead
    assert found("dana@ploverly.test") == found("Ploverly Freight") == {dana.pk, answer.pk}


def test_whoever_became_one_is_found_by_either_address(dana: InboundEvent) -> None:
    other = visit(
        Business_Email="d.okafor@elsewhere.test", First_Name="Dana", Last_Name="van Okafor"
    )
    leads = Lead.objects.filter(email__in=["dana@ploverly.test", "d.okafor@elsewhere.test"])
    merging.merge_leads(*leads.order_by("pk"), source="person", reason="the same")
    for words in ("dana@ploverly.test", "d.okafor@elsewhere.test", str(leads[0].public_id)):
        assert found(words) == {dana.pk, other.pk}


def test_company_only_visit_is_found_by_name() -> None:
    stored = events.store_event(
        "rb2b", rb2b.to_body(rb2b.company_only({"Company Name": "Quarry Insurance"}))
    )
    events.process_due()
    assert Company.objects.filter(name="Quarry Insurance").exists()
    assert found("Quarry Insurance") == {InboundEvent.objects.get(public_id=stored.public_id).pk}


def test_reason_is_found_by_its_visible_words() -> None:
    events.store_event("rb2b", b"[1]")
    events.process_due()
    event = InboundEvent.objects.get()
    assert found("json LIST") == {event.pk}
    assert found("json list", lambda reason: "***") == set()


def test_no_body_is_read_and_no_index_missed(django_assert_max_num_queries: Any) -> None:
    lead = LeadFactory()
    with django_assert_max_num_queries(8):
        found(f"{lead.first_name} {lead.last_name}")
    queries = [
        InboundEvent.objects.filter(pk__in=event_search._events_about([lead.pk], [1], [2])).query
    ]
    assert all('"body" LIKE' not in str(query) for query in queries)


@pytest.mark.postgres
def test_postgres_goes_by_indexes() -> None:
    """With the planner told to read whole tables only where there is no other way, it reads
    none.
    """
    lead = LeadFactory()
    rows = event_search.find_events(
        InboundEvent.objects.order_by("-received_at"), lead.email or "", str
    )
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        plan = rows[:50].explain()
    assert "Seq Scan" not in plan
