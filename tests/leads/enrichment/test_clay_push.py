"""Pushing requests to Clay: what is sent, who is left out, and pushes that fail."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from leads.enrichment import clay_answers, clay_push, enrichment_requests, submission_budget
from leads.integrations import breaker
from leads.models import Alarm, Breaker, Enrichment, Lead
from leads.suppression import suppression
from tests.factories import CompanyFactory, LeadFactory
from tests.fakes.clay import FakeClay, enriched
from tests.leads.enrichment.asking import SOURCE, asked, is_due, later

pytestmark = pytest.mark.django_db


OURS = ("request_id", "visitor_id", "source", "ask_person", "ask_company")


def test_lead_is_pushed_as_one_flat_row(clay: FakeClay) -> None:
    company = CompanyFactory(name="Northline Freight", domain="northline.test")
    lead, row = asked(
        clay, first_name="Dana", last_name="Okafor", email="dana@northline.test", company=company
    )
    assert clay.submissions() == [
        {
            "request_id": row.request_id,
            "visitor_id": row.request_id,
            "linkedin_url": f"https://www.linkedin.com/{lead.linkedin_key}",
            "email": "dana@northline.test",
            "first_name": "Dana",
            "last_name": "Okafor",
            "full_name": "Dana Okafor",
            "company_name": "Northline Freight",
            "company_domain": "northline.test",
            "ask_person": "yes",
            "ask_company": "yes",
            "source": "rb2b",
        }
    ]
    [request] = clay.requests(SOURCE)
    assert (request.headers["x-clay-webhook-auth"], request.headers["content-type"]) == (
        "clay-auth",
        "application/json",
    )
    assert (row.outcome, row.attempts, row.lease_until) == ("", 1, None)
    assert row.not_before == row.requested_at + timedelta(seconds=30)
    assert not is_due(lead)


def test_unknown_values_are_pushed_as_empty_text(clay: FakeClay) -> None:
    asked(clay, no_address=True, company=None, linkedin_key=None, first_name="", last_name="")
    [row] = clay.submissions()
    assert {name: value for name, value in row.items() if name not in OURS} == dict.fromkeys(
        (
            "linkedin_url",
            "email",
            "first_name",
            "last_name",
            "full_name",
            "company_name",
            "company_domain",
        ),
        "",
    )


def test_without_a_token_no_header_is_sent(clay: FakeClay, settings: Any) -> None:
    settings.CLAY_WEBHOOK_AUTH_TOKEN = ""
    clay.configure(auth_token=None)
    asked(clay)
    assert "x-clay-webhook-auth" not in clay.requests(SOURCE)[0].headers


def test_request_ids_cannot_be_guessed() -> None:
    ids = {Enrichment(lead_id=1).request_id for _ in range(100)}
    assert len(ids) == 100
    assert {len(one) for one in ids} == {36}


def test_due_requests_are_pushed_oldest_first(clay: FakeClay) -> None:
    now = timezone.now()
    leads = [LeadFactory() for _ in range(4)]
    for lead, seconds in zip(leads, (-1, -3, -2, 60), strict=True):
        Enrichment.objects.create(lead=lead, not_before=now + timedelta(seconds=seconds))
    assert clay_push.push_due(batch=2) == 2
    assert [row["email"] for row in clay.submissions()] == [leads[1].email, leads[2].email]
    assert clay_push.push_due() == 1
    assert clay_push.push_due() == 0
    assert leads[3].enrichments.get().state == "due"


def test_answer_about_a_colleague_counts_for_those_pushed_after_it(clay: FakeClay) -> None:
    """Both were read together; Clay's answer about the first comes before the second is asked."""
    company = CompanyFactory(domain="northline.test")
    for _ in range(2):
        enrichment_requests.request_enrichment(LeadFactory(company=company))
    answered: list[bool] = []

    def answer_first(execute: Any, sql: str, *rest: Any) -> Any:
        done = execute(sql, *rest)
        if not answered and sql.startswith("UPDATE") and Enrichment.State.REQUESTED in rest[0]:
            answered.append(True)
            [row] = clay.submissions()
            clay_answers.record_answer(row["request_id"], enriched(row))
        return done

    with connection.execute_wrapper(answer_first):
        assert clay_push.push_due() == 2
    assert answered
    assert [row["ask_company"] for row in clay.submissions()] == ["yes", "no"]
    last = Enrichment.objects.get(request_id=clay.submissions()[1]["request_id"])
    assert (last.asks_company, last.company_known_at is not None) == (False, True)


def test_sandbox_asks_nothing_and_lead_goes_on() -> None:
    lead = LeadFactory(title="")
    before = Lead.objects.values().get()
    enrichment_requests.request_enrichment(lead)
    clay_push.push_due()
    row = lead.enrichments.get()
    assert (row.state, row.outcome, row.requested_at, row.gained) == (
        "settled",
        "skipped",
        None,
        [],
    )
    assert row.reason == "Clay is in the sandbox: nothing was asked and nothing is made up."
    assert is_due(lead)
    assert Lead.objects.values().get() == {
        **before,
        "needs_assessment_at": lead.needs_assessment_at,
    }


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("test", "Test visitors are not sent to Clay."),
        ("example", "Example visitors are not sent to Clay."),
        ("training", "Trainings are not sent to Clay."),
    ],
)
def test_people_who_do_not_exist_never_reach_clay(clay: FakeClay, kind: str, why: str) -> None:
    lead = LeadFactory(kind=kind)
    enrichment_requests.request_enrichment(lead)
    clay_push.push_due()
    row = lead.enrichments.get()
    assert (row.outcome, row.reason) == ("skipped", why)
    assert clay.requests() == []
    assert is_due(lead)


@pytest.mark.parametrize("reason", ["unsubscribed", "erased", "customer", "competitor"])
def test_suppressed_lead_is_not_asked_about(clay: FakeClay, reason: str) -> None:
    lead = LeadFactory()
    suppression.suppress(lead.email, reason, "test", lead)
    enrichment_requests.request_enrichment(lead)
    clay_push.push_due()
    assert lead.enrichments.get().outcome == "skipped"
    assert clay.requests() == []


@pytest.mark.parametrize("address", ["dana@gmail.com", "info@northline.test", None])
def test_lead_without_usable_address_is_asked_about(clay: FakeClay, address: str | None) -> None:
    asked(clay, email=address, address="no_address")
    assert len(clay.submissions()) == 1


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (400, "answered 400: nope"),
        (401, "answered 401: nope"),
        (404, "answered 404: nope"),
        (422, "answered 422: nope"),
    ]
    + [(429, "answered 429: nope"), (500, "answered 500: nope"), (503, "answered 503: nope")],
)
def test_failed_push_is_shown_and_lead_goes_on(clay: FakeClay, status: int, reason: str) -> None:
    clay.on(SOURCE).status(status, {"message": "nope"})
    lead = LeadFactory()
    enrichment_requests.request_enrichment(lead)
    clay_push.push_due()
    row = lead.enrichments.get()
    assert (row.state, row.outcome, row.requested_at) == ("settled", "failed", None)
    assert row.reason.endswith(reason)
    assert is_due(lead)
    assert len(clay.requests()) == 1
    assert clay_push.push_due() == 0


def test_callback_counts_after_push_timed_out(clay: FakeClay, settings: Any) -> None:
    settings.CLAY_TIMEOUT_SECONDS = 1
    clay.on(SOURCE).act_then_delay(20)
    lead = LeadFactory(title="")
    enrichment_requests.request_enrichment(lead)
    clay_push.push_due()
    row = lead.enrichments.get()
    assert (row.outcome, row.reason.endswith("did not answer in time")) == ("failed", True)
    assert is_due(lead)
    clay_answers.record_answer(clay.submissions()[0]["request_id"], enriched({}))
    row.refresh_from_db()
    assert (row.outcome, row.answered_at is not None) == ("late", True)


def test_a_push_to_nobody_fails(clay: FakeClay) -> None:
    lead = LeadFactory()
    enrichment_requests.request_enrichment(lead)
    clay.stop()
    clay_push.push_due()
    row = lead.enrichments.get()
    assert (row.outcome, row.reason.startswith("no connection to 127.0.0.1:")) == ("failed", True)
    assert is_due(lead)


def test_unstorable_error_text_is_stored(clay: FakeClay) -> None:
    clay.on(SOURCE).status(422, {"message": "a\x00b\ud800" + "x" * 1000})
    lead = LeadFactory()
    enrichment_requests.request_enrichment(lead)
    clay_push.push_due()
    row = lead.enrichments.get()
    assert (row.outcome, len(row.reason)) == ("failed", 300)


def test_failed_push_does_not_block_the_next(clay: FakeClay) -> None:
    clay.on(SOURCE).status(500, times=1)
    for _ in range(2):
        enrichment_requests.request_enrichment(LeadFactory())
    assert clay_push.push_due() == 2
    assert list(Enrichment.objects.order_by("pk").values_list("state", "outcome")) == [
        ("settled", "failed"),
        ("requested", ""),
    ]


def test_push_of_dead_worker_is_repeated_after_lease(clay: FakeClay) -> None:
    lead = LeadFactory()
    Enrichment.objects.create(
        lead=lead, lease_until=timezone.now() + timedelta(seconds=20), attempts=1
    )
    assert clay_push.push_due() == 0
    with later(21):
        assert clay_push.push_due() == 1
    assert lead.enrichments.get().attempts == 2


@pytest.mark.parametrize("name", ["CLAY_WORKBOOK_WEBHOOK_URL", "CLAY_CALLBACK_TOKEN"])
def test_live_clay_without_a_value_is_not_asked(clay: FakeClay, settings: Any, name: str) -> None:
    """Removed on the page while live: no submission is used up for an answer that cannot come."""
    before, value = submission_budget.submissions_used(), getattr(settings, name)
    setattr(settings, name, "")
    lead = LeadFactory()
    enrichment_requests.request_enrichment(lead)
    clay_push.push_due()

    row = lead.enrichments.get()
    assert (row.outcome, row.reason) == ("failed", f"Clay is not asked: {name} is missing.")
    assert is_due(lead) and clay.submissions() == []
    assert Alarm.objects.filter(key="clay:settings", closed_at=None).exists()
    assert not breaker.is_blocked() and not Breaker.objects.exclude(failures=0).exists()
    clay_push.watch_settings()
    assert Alarm.objects.filter(closed_at=None).exists()
    setattr(settings, name, value)
    assert submission_budget.submissions_used() == before
    clay_push.watch_settings()
    assert not Alarm.objects.filter(closed_at=None).exists()
    asked(clay)
