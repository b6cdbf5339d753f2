"""Merges, undos, visits and answers about the same people at once: one consistent state, and
nothing is lost.
"""

import itertools
from typing import Any

import pytest

from leads.enrichment import clay_answers, enrichment_requests
from leads.identity import merge_undo, merging
from leads.inbound import events
from leads.models import Company, Enrichment, InboundEvent, Lead, Merge, Visit
from leads.suppression import suppression
from tests.factories import CompanyFactory, LeadFactory, VisitFactory
from tests.fakes import rb2b
from tests.leads.conftest import in_threads
from tests.leads.identity.test_merging import ADDRESS, BOTH, LINKEDIN, visit
from tests.leads.inbound.test_event_races import work_off

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("committed")]

ROUNDS = 6


def consistent() -> None:
    assert not Lead.rows.filter(merged_into__merged_into__isnull=False).exists()
    for table in (Visit, Enrichment):
        assert not table.objects.filter(lead__merged_into__isnull=False).exists()
    away = Lead.rows.exclude(merged_into=None).count()
    assert Merge.objects.filter(state="merged").count() == away


def attempt(work: Any) -> Any:
    def run() -> Any:
        try:
            return work()
        except merging.MergeError as refused:
            return refused

    return run


def test_concurrent_bodies_of_one_person_become_one_lead() -> None:
    for n in range(ROUNDS):
        name = {"First Name": "Dana", "Last Name": "Okafor"}
        for who in (ADDRESS, LINKEDIN, BOTH, ADDRESS, LINKEDIN, BOTH):
            own = {key: value.replace("dana", f"dana{n}") for key, value in who.items() if value}
            events.store_event("rb2b", rb2b.to_body(visit({**dict.fromkeys(who), **own, **name})))
        in_threads([lambda: events.process_due(batch=1)] * 6)
        work_off(4)
    assert set(InboundEvent.objects.values_list("state", flat=True)) == {"processed"}
    consistent()
    assert Visit.objects.count() == 6 * ROUNDS
    for lead in Lead.objects.all():
        assert (lead.email is not None, lead.linkedin_key is not None, lead.visits.count()) == (
            True,
            True,
            6,
        )
    assert Lead.objects.count() == ROUNDS


def test_concurrent_merge_from_both_ends_happens_once() -> None:
    for _ in range(ROUNDS):
        one, other = LeadFactory(), LeadFactory()
        pairs = [(one, other), (other, one)] * 3
        found = in_threads(
            [attempt(lambda a=a, b=b: merging.merge_leads(a, b, source="person")) for a, b in pairs]
        )
        assert sum(isinstance(row, Merge) for row in found) == 1
        other.refresh_from_db()
        assert other.merged_into == one
    consistent()


def test_concurrent_ring_of_merges_becomes_one_lead() -> None:
    for _ in range(ROUNDS):
        ring = [LeadFactory() for _ in range(4)]
        for lead in ring:
            VisitFactory(lead=lead)
        pairs = list(itertools.combinations(ring, 2))
        in_threads(
            [attempt(lambda a=a, b=b: merging.merge_leads(a, b, source="person")) for a, b in pairs]
        )
        assert set(
            Lead.rows.filter(pk__in=[lead.pk for lead in ring[1:]]).values_list(
                "merged_into", flat=True
            )
        ) == {ring[0].pk}
        assert ring[0].visits.count() == 4
    consistent()


def test_concurrent_changes_of_leads_lose_nothing() -> None:
    for _ in range(ROUNDS):
        company = CompanyFactory()
        one, other = LeadFactory(company=company), LeadFactory(company=company)
        row = merging.merge_leads(one, other, source="person")
        question = Enrichment.objects.create(lead=one)
        events.store_event(
            "rb2b", rb2b.to_body(visit({"Business Email": other.email, "LinkedIn URL": None}))
        )
        in_threads(
            [
                attempt(lambda: merge_undo.undo_merge(row, by=None, reason="taken apart")),  # noqa: B023
                attempt(lambda: merging.merge_leads(one, other, source="person")),  # noqa: B023
                lambda: suppression.suppress(one.email, "unsubscribed", "test", one),  # noqa: B023
                lambda: clay_answers.record_answer(question.request_id, {"job_title": "CEO"}),  # noqa: B023
                lambda: enrichment_requests.request_enrichment(Lead.rows.get(pk=other.pk)),  # noqa: B023
                events.process_due,
            ]
        )
        work_off(2)
        assert suppression.find_stop(one.email, one).reason == "unsubscribed"
        if Lead.rows.get(pk=other.pk).merged_into is not None:
            assert suppression.find_stop(other.email, other).reason == "unsubscribed"
    assert set(InboundEvent.objects.values_list("state", flat=True)) == {"processed"}
    assert Visit.objects.exclude(lead=None).count() == ROUNDS
    consistent()


def test_concurrent_visits_from_one_company_do_not_deadlock() -> None:
    company = {"Website": "https://northline.test", "Company Name": "Northline"}
    people = [
        {"Business Email": f"p{n}@northline.test", "LinkedIn URL": None, **company}
        for n in range(3)
    ]
    for _ in range(ROUNDS):
        for who in people:
            events.store_event("rb2b", rb2b.to_body(visit(who)))
            events.store_event("rb2b", rb2b.to_body(rb2b.company_only(company)))
        in_threads([events.process_due] * 6)
        work_off(4)
        # So that each round fills them anew
        Company.objects.update(name="", industry="", employees="")
        Lead.objects.update(needs_assessment_at=None)
    assert set(InboundEvent.objects.values_list("state", "attempts")) == {("processed", 1)}
    assert (Lead.objects.count(), Company.objects.count()) == (3, 1)
