"""Many workers at once, each with a connection of its own: one event, one visit, one lead, one
question.
"""

import json
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from bench import world
from bench.forking import Forker
from leads.enrichment import clay_push, enrichment_requests
from leads.identity import company_matching
from leads.inbound import events, receive, spool
from leads.models import Assessment, Company, Enrichment, InboundEvent, Lead, Visit
from leads.scoring import assess
from tests.factories import LeadFactory
from tests.fakes import rb2b
from tests.fakes.clay import FakeClay
from tests.leads.conftest import in_threads, post
from tests.races.conftest import database_url

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("committed")]


def process() -> int:
    return events.process_due()


def work_off(workers: int = 10) -> None:
    """Let many workers sweep until nothing waits, whatever had to be put off."""
    for _ in range(10):
        InboundEvent.objects.filter(state="waiting").update(not_before=timezone.now())
        in_threads([process] * workers)
        if not InboundEvent.objects.filter(state="waiting").exists():
            return


def test_concurrent_deliveries_of_one_body_are_one_visit() -> None:
    body = rb2b.to_body(rb2b.person())

    def deliver() -> tuple[int, str]:
        response = post(Client(), body)
        return response.status_code, response.json()["id"]

    answers = in_threads([deliver] * 20)
    event = InboundEvent.objects.get()
    assert set(answers) == {(200, str(event.public_id))}
    assert event.deliveries == 20
    assert sum(in_threads([process] * 10)) == 1
    event.refresh_from_db()
    assert (event.state, event.attempts) == ("processed", 1)
    assert (Lead.objects.count(), Visit.objects.count(), Enrichment.objects.count()) == (1, 1, 1)


def test_concurrent_posts_of_one_body_are_one_visit(settings: Any, tmp_path: Path) -> None:
    """On fifty connections to gunicorn.

    What was put into the spool, on a machine that is busy, counts as well.
    """
    settings.SPOOL_DIR = tmp_path / "web"
    env = world.product_environment(
        DATABASE_URL=database_url(),
        REDIS_URL="",
        SPOOL_DIR=str(settings.SPOOL_DIR),
        WEB_CONCURRENCY="2",
    )
    body = rb2b.to_body(rb2b.person())

    def deliver(url: str) -> int:
        request = urllib.request.Request(f"{url}/webhooks/rb2b?token={world.TOKEN}", body)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return int(answer.status)

    with Forker(env) as forker, world.run_web(forker, "/webhooks/rb2b/health") as url:
        assert in_threads([lambda: deliver(url)] * 50) == [200] * 50
    receive.drain_spool()
    event = InboundEvent.objects.get()
    assert (bytes(event.body), event.deliveries >= 50, spool.waiting_files()) == (body, True, [])
    assert sum(in_threads([process] * 10)) == 1
    assert (Lead.objects.count(), Visit.objects.count(), Enrichment.objects.count()) == (1, 1, 1)


def visits_of_one_person(count: int, **who: Any) -> list[bytes]:
    first = rb2b.person(who)
    return [
        rb2b.to_body({**first, "Captured URL": f"https://oursite.test/{n}"}) for n in range(count)
    ]


@pytest.mark.parametrize("known_by", ["both", "address", "linkedin"])
def test_concurrent_visits_of_new_person_are_one_lead(known_by: str) -> None:
    missing = {"both": {}, "address": {"LinkedIn URL": None}, "linkedin": {"Business Email": None}}[
        known_by
    ]
    for body in visits_of_one_person(10, **missing):
        events.store_event("rb2b", body)
    in_threads([lambda: events.process_due(batch=1)] * 10)
    work_off()
    assert set(InboundEvent.objects.values_list("state", flat=True)) == {"processed"}
    assert (Lead.objects.count(), Company.objects.count(), Visit.objects.count()) == (1, 1, 10)
    assert Enrichment.objects.count() == 1
    assert set(Visit.objects.values_list("lead", flat=True)) == {Lead.objects.get().pk}


def test_concurrent_new_colleagues_share_one_company() -> None:
    for _ in range(10):
        events.store_event(
            "rb2b",
            rb2b.to_body(rb2b.person({"Website": "https://acme.test", "Company Name": "Acme"})),
        )
    in_threads([lambda: events.process_due(batch=1)] * 10)
    work_off()
    assert (Lead.objects.count(), Company.objects.count(), Visit.objects.count()) == (10, 1, 10)


def test_concurrent_names_and_domains_are_one_company() -> None:
    """One of them makes two companies one while the others store visits of either."""
    sites = [{"Website": None}, {"Company Name": None}, {}] * 4
    for site in sites:
        who = {
            "Business Email": None,
            "Website": "https://acme.test",
            "Company Name": "Acme",
            **site,
        }
        events.store_event("rb2b", rb2b.to_body(rb2b.person(who)))
    in_threads(
        [
            *[lambda: events.process_due(batch=1)] * 12,
            *[company_matching.mark_leads_of_changed_companies] * 4,
        ]
    )
    work_off()
    events.store_event(
        "rb2b",
        rb2b.to_body(rb2b.company_only({"Website": "https://acme.test", "Company Name": "Acme"})),
    )
    events.process_due()
    assert set(InboundEvent.objects.values_list("state", flat=True)) == {"processed"}
    in_threads([company_matching.mark_leads_of_changed_companies] * 4)
    company = Company.objects.get()
    assert (company.leads.count(), company.visits.count(), Visit.objects.count()) == (12, 13, 13)


def test_concurrent_relays_of_one_visit_are_one() -> None:
    payload = rb2b.person()
    for n in range(10):
        events.store_event(
            "rb2b", json.dumps({"event_id": f"evt_{n}", "payload": payload}).encode()
        )
    in_threads([lambda: events.process_due(batch=1)] * 10)
    work_off()
    assert set(InboundEvent.objects.values_list("state", flat=True)) == {"processed"}
    assert (Lead.objects.count(), Visit.objects.count(), Enrichment.objects.count()) == (1, 1, 1)


def test_ten_workers_push_each_question_once(clay: FakeClay) -> None:
    for _ in range(10):
        enrichment_requests.request_enrichment(LeadFactory())
    for _ in range(20):  # Clay's rate puts some off for a second
        in_threads([clay_push.push_due] * 10)
        if not Enrichment.objects.filter(state="due").exists():
            break
        time.sleep(1.05)
    assert len(clay.submissions()) == len({row["request_id"] for row in clay.submissions()}) == 10
    assert set(Enrichment.objects.values_list("state", "attempts")) == {("requested", 1)}


def test_ten_askers_at_once_ask_one_question() -> None:
    lead = LeadFactory()
    in_threads([lambda: enrichment_requests.request_enrichment(lead)] * 10)
    assert lead.enrichments.count() == 1


def test_concurrent_workers_assess_each_lead_once() -> None:
    for _ in range(10):
        LeadFactory(needs_assessment_at=timezone.now())
    in_threads([assess.assess_due] * 10)
    assert Assessment.objects.values("lead").distinct().count() == 10
    assert Assessment.objects.count() == 10
