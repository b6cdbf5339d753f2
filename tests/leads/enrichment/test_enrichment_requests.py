"""Asking Clay: one open question for each lead, thirty seconds of patience, and every answer
welcome.
"""

import threading
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from leads.enrichment import clay_answers, clay_push, enrichment_requests
from leads.identity import company_matching
from leads.integrations import clay as vendor
from leads.models import Assessment, Company, Enrichment, Lead, Suppression
from leads.scoring import assess
from leads.suppression import suppression
from tests.factories import CompanyFactory, LeadFactory
from tests.fakes import rb2b
from tests.fakes.clay import JUNK, FakeClay, enriched
from tests.fakes.clock import wait_for
from tests.leads.conftest import arrived, in_threads

pytestmark = pytest.mark.django_db

OURS = ("request_id", "source", "ask_person", "ask_company")
SOURCE = "POST /v3/sources/webhook/{source}"


def asked(clay: FakeClay, **fields: Any) -> tuple[Lead, Enrichment]:
    """A lead whose question was pushed and is waiting for its answer."""
    lead = LeadFactory(**fields)
    enrichment_requests.request_enrichment(lead)
    assert clay_push.push_due() == 1
    row = lead.enrichments.get()
    assert row.state == "requested"
    return lead, row


def is_due(lead: Lead) -> bool:
    lead.refresh_from_db()
    return lead.needs_assessment_at is not None


def later(seconds: float) -> time_machine.travel:
    return time_machine.travel(timezone.now() + timedelta(seconds=seconds), tick=True)


# Pushing


def test_lead_is_pushed_as_one_flat_row(clay: FakeClay) -> None:
    company = CompanyFactory(name="Northline Freight", domain="northline.test")
    lead, row = asked(
        clay, first_name="Dana", last_name="Okafor", email="dana@northline.test", company=company
    )
    assert clay.submissions() == [
        {
            "request_id": row.request_id,
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


# One open question


def test_a_lead_has_one_open_question(clay: FakeClay) -> None:
    lead = LeadFactory()
    for _ in range(3):
        enrichment_requests.request_enrichment(lead)
    assert lead.enrichments.count() == 1
    clay_push.push_due()
    enrichment_requests.request_enrichment(lead)
    assert (lead.enrichments.count(), len(clay.submissions())) == (1, 1)


def test_lead_has_at_most_one_open_request() -> None:
    lead = LeadFactory()
    for _ in range(2):
        Enrichment.objects.create(lead=lead, state="settled")
    Enrichment.objects.create(lead=lead)
    with pytest.raises(IntegrityError), transaction.atomic():
        Enrichment.objects.create(lead=lead, state="requested")
    assert lead.enrichments.count() == 3


def test_answer_within_seven_days_is_not_requested_again(clay: FakeClay) -> None:
    lead, row = asked(clay)
    clay_answers.record_answer(row.request_id, enriched({}))
    assess.assess_due()
    with later(7 * 86400 - 60):
        enrichment_requests.request_enrichment(lead)
        assert (lead.enrichments.count(), is_due(lead)) == (1, True)
    with later(7 * 86400 + 60):
        enrichment_requests.request_enrichment(lead)
        assert lead.enrichments.count() == 2


def answered_colleague(clay: FakeClay, **fields: Any) -> Lead:
    """Somebody about whom and about whose company Clay has just answered."""
    lead, row = asked(clay, **fields)
    clay_answers.record_answer(row.request_id, enriched(clay.submissions()[-1]))
    return lead


def wants(clay: FakeClay) -> tuple[str, str]:
    """What the newest row asks for: the person, the company."""
    row = clay.submissions()[-1]
    return row["ask_person"], row["ask_company"]


def test_company_answer_counts_for_colleagues_for_seven_days(clay: FakeClay) -> None:
    bare = {"industry": "", "employees": "", "employees_from": None, "sources": {}}
    company = CompanyFactory(name="Northline", domain="northline.test", **bare)
    answered_colleague(clay, company=company)
    company.refresh_from_db()
    said = company.sources["industry"]
    lead, row = asked(clay, company=company, last_name="", title="")
    assert wants(clay) == ("yes", "no")
    assert (row.asks_person, row.asks_company, row.company_known_at) == (
        True,
        False,
        company.enriched_at,
    )
    clay_answers.record_answer(row.request_id, {"last_name": "Reyes", "job_title": "CEO"})
    row.refresh_from_db()
    company.refresh_from_db()
    assert row.gained == ["last_name", "title"]  # the company's fields are the colleague's gain
    assert (company.industry, company.sources["industry"]) == ("Logistics", said)
    assert said["source"] == "clay"


def test_company_is_asked_about_again_after_seven_days(clay: FakeClay) -> None:
    company = CompanyFactory(domain="northline.test")
    answered_colleague(clay, company=company)
    with later(7 * 86400 - 60):
        asked(clay, company=company)
        assert wants(clay) == ("yes", "no")
    with later(7 * 86400 + 60):
        _, row = asked(clay, company=company)
        assert wants(clay) == ("yes", "yes")
        assert row.company_known_at is None


def test_company_without_domain_is_always_asked_about(clay: FakeClay) -> None:
    company = CompanyFactory(domain=None, name="Northline", name_key="northline")
    _, row = asked(clay, company=company, email="dana@acme.test")
    clay_answers.record_answer(
        row.request_id, {**enriched(clay.submissions()[-1]), "company_domain": ""}
    )
    company.refresh_from_db()
    assert company.enriched_at is None
    asked(clay, company=company, email="ben@acme.test")
    assert wants(clay) == ("yes", "yes")


def test_answer_about_another_domain_does_not_count(clay: FakeClay) -> None:
    company = CompanyFactory(domain="northline.test")
    _, row = asked(clay, company=company)
    clay_answers.record_answer(
        row.request_id, {"company_domain": "elsewhere.test", "industry": "Mining"}
    )
    company.refresh_from_db()
    assert company.enriched_at is None


def test_only_the_unknown_company_is_asked_about(clay: FakeClay) -> None:
    company = CompanyFactory(domain="northline.test")
    answered_colleague(clay, company=company)
    with later(6 * 86400):
        lead = answered_colleague(clay, company=company)
        assert wants(clay) == ("yes", "no")
    with later(8 * 86400):
        enrichment_requests.request_enrichment(lead)
        clay_push.push_due()
        assert wants(clay) == ("no", "yes")
        row = lead.enrichments.get(state="requested")
        clay_answers.record_answer(row.request_id, {"company_domain": "northline.test"})
        enrichment_requests.request_enrichment(lead)
        assert not lead.enrichments.exclude(state="settled").exists()


def test_request_answered_meanwhile_is_not_pushed(clay: FakeClay) -> None:
    lead = answered_colleague(clay)
    row = Enrichment.objects.create(lead=lead)
    clay_push.push_due()
    row.refresh_from_db()
    assert (row.outcome, row.reason, len(clay.submissions())) == (
        "skipped",
        "Clay answered within seven days.",
        1,
    )
    assert is_due(lead)


@pytest.mark.parametrize("outcome", ["partial", "failed", "skipped"])
def test_unanswered_request_is_repeated_at_next_visit(outcome: str) -> None:
    lead = LeadFactory()
    Enrichment.objects.create(
        lead=lead, state="settled", outcome=outcome, settled_at=timezone.now()
    )
    enrichment_requests.request_enrichment(lead)
    assert lead.enrichments.filter(state="due").count() == 1


# Thirty seconds of patience


def test_unanswered_lead_goes_on_after_thirty_seconds(clay: FakeClay) -> None:
    lead, row = asked(clay, title="")
    with later(29):
        assert enrichment_requests.settle_overdue() == 0
        assert not is_due(lead)
    with later(31):
        assert enrichment_requests.settle_overdue() == 1
        assert enrichment_requests.settle_overdue() == 0
    row.refresh_from_db()
    assert (row.state, row.outcome, row.reason) == (
        "settled",
        "partial",
        "Clay did not answer within 30 seconds.",
    )
    assert is_due(lead)
    assert (lead.title, row.answered_at) == ("", None)


def test_what_was_not_pushed_yet_is_not_overdue() -> None:
    lead = LeadFactory()
    enrichment_requests.request_enrichment(lead)
    with later(3600):
        assert enrichment_requests.settle_overdue() == 0
    assert lead.enrichments.get().state == "due"


def test_late_answer_is_applied_and_lead_reassessed(clay: FakeClay) -> None:
    lead, row = asked(clay, title="")
    with later(31):
        enrichment_requests.settle_overdue()
        assess.assess_due()
    assert not is_due(lead)
    assert Assessment.objects.count() == 1
    assert clay_answers.record_answer(row.request_id, enriched({})) is True
    row.refresh_from_db()
    assert (row.state, row.outcome) == ("settled", "late")
    assert is_due(lead)
    assert lead.title == "VP Revenue Operations"
    assess.assess_due()
    assert Assessment.objects.first().icp > Assessment.objects.last().icp


# A push that fails


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


# Answers


def test_answer_before_push_was_recorded_counts(clay: FakeClay) -> None:
    lead = LeadFactory(title="")
    enrichment_requests.request_enrichment(lead)
    row = lead.enrichments.get()
    assert clay_answers.record_answer(row.request_id, enriched({})) is True
    assert clay_push.push_due() == 0
    row.refresh_from_db()
    assert (row.state, row.outcome) == ("settled", "answered")
    assert is_due(lead)


@pytest.mark.postgres
@pytest.mark.usefixtures("committed")
def test_answer_that_overtakes_the_push_stays(clay: FakeClay) -> None:
    """Clay calls back while its own acknowledgement is still under way."""
    clay.on(SOURCE).act_then_delay(1.0)
    lead = LeadFactory(title="")
    enrichment_requests.request_enrichment(lead)

    def answer() -> None:
        try:
            [row] = wait_for(clay.submissions, timeout=60)
            clay_answers.record_answer(row["request_id"], enriched(row))
        finally:
            connection.close()

    thread = threading.Thread(target=answer)
    thread.start()
    clay_push.push_due()
    thread.join(20)
    row = lead.enrichments.get()
    assert (row.state, row.outcome, row.reason) == ("settled", "answered", "")
    assert row.answered_at < row.requested_at  # the push was recorded after the answer
    assert is_due(lead)


@pytest.mark.postgres
@pytest.mark.usefixtures("committed")
def test_two_callbacks_at_once_lose_nothing_of_either(clay: FakeClay) -> None:
    lead, row = asked(clay, title="", past_employers=[], country="")
    bodies = [
        {"job_title": "CEO"},
        {"past_employers": ["Acme"]},
        {"country": "US"},
        {"job_title": "CEO"},
    ]
    results = in_threads(
        [lambda body=body: clay_answers.record_answer(row.request_id, body) for body in bodies]
    )
    assert results == [True] * 4
    row.refresh_from_db()
    lead.refresh_from_db()
    assert (row.state, row.outcome, row.gained) == (
        "settled",
        "answered",
        ["country", "past_employers", "title"],
    )
    assert (lead.title, lead.country, len(lead.past_employers)) == ("CEO", "US", 1)


def test_answer_fills_unknown_fields_and_overwrites_nothing(clay: FakeClay) -> None:
    company = CompanyFactory(
        industry="", employees="", employees_from=None, name="Northline", domain="northline.test"
    )
    lead, row = asked(
        clay, title="VP Sales", last_name="", email="dana@northline.test", company=company
    )
    clay_answers.record_answer(
        row.request_id, enriched({"email": lead.email, "company_domain": "other.test"})
    )
    lead.refresh_from_db()
    company.refresh_from_db()
    row.refresh_from_db()
    assert (lead.title, lead.last_name, lead.email_verified, lead.company) == (
        "VP Sales",
        "Person",
        True,
        company,
    )
    assert (company.industry, company.employees, company.employees_from) == (
        "Logistics",
        "312",
        312,
    )
    assert (company.technologies, company.open_roles) == (["HubSpot", "Snowflake"], 4)
    assert (company.name, company.domain) == ("Northline", "northline.test")
    assert row.gained == [
        "company.employees",
        "company.employees_from",
        "company.industry",
        "company.open_roles",
        "company.revenue",
        "company.technologies",
        "email_verified",
        "last_name",
    ]
    assert (lead.sources["last_name"]["source"], company.sources["industry"]["source"]) == (
        "clay",
        "clay",
    )


@pytest.mark.parametrize("variant", ["missing", *JUNK])
def test_junk_is_missing_and_nothing_is_gained(clay: FakeClay, variant: str) -> None:
    lead, row = asked(clay, title="", past_employers=[], company=None, no_address=True)
    before = Lead.objects.values().get()
    junk = JUNK.get(variant)
    body = (
        {}
        if variant == "missing"
        else {**dict.fromkeys(enriched({}), junk), "past_employers": junk}
    )
    assert clay_answers.record_answer(row.request_id, body) is True
    row.refresh_from_db()
    assert (row.state, row.outcome, row.gained) == ("settled", "answered", [])
    assert is_due(lead)
    after = Lead.objects.values().get()
    assert {**after, "needs_assessment_at": None} == before
    assert not Company.objects.exists()


@pytest.mark.parametrize("name", ["...", "!!!", "-"])
def test_empty_company_name_matches_no_company(clay: FakeClay, name: str) -> None:
    CompanyFactory(name="", name_key="", domain="other.test")
    lead, row = asked(clay, company=None, email="dana@northline.test")
    clay_answers.record_answer(row.request_id, {"company_name": name, "industry": "Logistics"})
    lead.refresh_from_db()
    assert lead.company is None
    assert Company.objects.get().industry == "Logistics & Supply Chain"


def test_lead_without_company_gets_company_of_domain(clay: FakeClay) -> None:
    known = CompanyFactory(domain="acme.test", name="Acme")
    lead, row = asked(clay, company=None, email="dana@acme.test")
    clay_answers.record_answer(
        row.request_id, {"company_domain": "https://www.acme.test/", "company_name": "Acme, Inc."}
    )
    lead.refresh_from_db()
    assert lead.company == known
    assert Company.objects.count() == 1


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("name", ["Acme, Inc.", ""])
def test_company_known_by_name_gets_clays_domain(clay: FakeClay, name: str, known: bool) -> None:
    if known:
        CompanyFactory(domain="acme.test", name="", name_key="")
    company = CompanyFactory(domain=None, name="Acme", name_key="acme")
    lead, row = asked(clay, company=company, email="dana@acme.test")
    clay_answers.record_answer(
        row.request_id, {"company_domain": "acme.test", "company_name": name, "open_roles": 3}
    )
    company_matching.mark_leads_of_changed_companies()
    lead.refresh_from_db()
    assert lead.company == Company.objects.get()
    assert (lead.company.domain, lead.company.name, lead.company.open_roles) == (
        "acme.test",
        "Acme",
        3,
    )


def test_company_with_another_name_keeps_no_domain(clay: FakeClay) -> None:
    company = CompanyFactory(domain=None, name="Acme", name_key="acme")
    _, row = asked(clay, company=company)
    clay_answers.record_answer(
        row.request_id, {"company_domain": "beta.test", "company_name": "Beta"}
    )
    assert (Company.objects.get().pk, Company.objects.get().domain) == (company.pk, None)


# Addresses that Clay finds


@pytest.mark.parametrize(
    ("had", "found", "has", "usable"),
    [
        (None, "dana@acme.test", "dana@acme.test", True),
        ("dana@gmail.com", "Dana@Acme.test", "dana@acme.test", True),
        ("info@acme.test", "dana@acme.test", "dana@acme.test", True),
        ("dana@gmail.com", "info@acme.test", "dana@gmail.com", False),
        ("dana@gmail.com", "dana@yahoo.com", "dana@gmail.com", False),
        ("dana@gmail.com", "dana@mailinator.com", "dana@gmail.com", False),
        ("dana@gmail.com", "taken@acme.test", "dana@gmail.com", False),
        ("dana@gmail.com", "not an address", "dana@gmail.com", False),
        ("dana@old.test", "dana@acme.test", "dana@old.test", True),
        (None, "dana@gmail.com", "dana@gmail.com", False),
    ],
)
def test_business_address_replaces_missing_or_unusable_one(
    clay: FakeClay, had: str | None, found: str, has: str, usable: bool
) -> None:
    LeadFactory(email="taken@acme.test")
    state = "usable" if had == "dana@old.test" else "no_address"
    lead, row = asked(
        clay, email=had, address=state, personal_email=had if had == "dana@gmail.com" else ""
    )
    clay_answers.record_answer(row.request_id, {"work_email": found, "email_verified": True})
    lead.refresh_from_db()
    assert (lead.email, lead.address == "usable") == (has, usable)
    assert lead.email_verified is (lead.email != had)
    assert lead.personal_email == ("dana@gmail.com" if "dana@gmail.com" in (had, has) else "")


def test_unverified_new_address_does_not_inherit_verification(clay: FakeClay) -> None:
    lead, row = asked(clay, email="dana@gmail.com", email_verified=True, address="no_address")
    clay_answers.record_answer(
        row.request_id, {"work_email": "dana@acme.test", "email_verified": "unknown"}
    )
    lead.refresh_from_db()
    assert (lead.email, lead.email_verified, lead.address) == ("dana@acme.test", False, "usable")


@pytest.mark.parametrize(
    "said",
    [
        {"email_status": "invalid"},
        {"email_verified": True, "email_status": "Invalid"},
        {"email_verified": "invalid"},
    ],
)
def test_nonexistent_address_is_not_taken(clay: FakeClay, said: dict[str, Any]) -> None:
    lead, row = asked(clay, no_address=True)
    clay_answers.record_answer(row.request_id, {"work_email": "dana@acme.test", **said})
    lead.refresh_from_db()
    row.refresh_from_db()
    assert (lead.email, lead.address, row.gained) == (None, "no_address", [])
    assert not Suppression.objects.exists()


@pytest.mark.parametrize("says_which", [True, False])
def test_our_nonexistent_address_becomes_unusable_without_suppression(
    clay: FakeClay, says_which: bool
) -> None:
    lead, row = asked(clay, email="dana@acme.test", email_verified=True)
    named = {"work_email": "dana@acme.test"} if says_which else {}
    clay_answers.record_answer(row.request_id, {**named, "email_status": "invalid"})
    lead.refresh_from_db()
    row.refresh_from_db()
    assert (lead.address, lead.email_verified, "email_verified" in lead.sources) == (
        "no_address",
        False,
        True,
    )
    assert (suppression.find_stop("dana@acme.test", lead).reason, Suppression.objects.exists()) == (
        "invalid",
        False,
    )
    arrived(rb2b.person({"Business Email": "dana@acme.test", "LinkedIn URL": None}))
    lead.refresh_from_db()
    assert lead.address == "no_address"  # another visit does not make the mailbox exist


@pytest.mark.parametrize("found", ["dana@acme.test", "d.okafor@acme.test"])
def test_later_answer_replaces_nonexistent_address(clay: FakeClay, found: str) -> None:
    lead, row = asked(clay, email="dana@acme.test")
    clay_answers.record_answer(row.request_id, {"email_status": "invalid"})
    clay_answers.record_answer(row.request_id, {"work_email": found, "email_verified": True})
    lead.refresh_from_db()
    assert (lead.email, lead.address, lead.email_verified) == (found, "usable", True)
    assert suppression.find_stop(found, lead) is None


@pytest.mark.parametrize(
    ("body", "verified"),
    [
        ({"email_verified": True}, True),
        ({"email_verified": "true"}, True),
        ({"email_verified": "Valid"}, True),
        ({"email_verified": 1}, True),
        ({"email_status": "valid"}, True),
        ({"email_verified": None, "email_status": "valid"}, True),
        ({"email_verified": False, "email_status": "valid"}, False),
        ({"email_verified": "false"}, False),
        ({"email_verified": "false", "email_status": "valid"}, False),
        ({"email_verified": "N/A", "email_status": "valid"}, True),
        ({"email_verified": None, "email_status": "Valid"}, True),
        ({"email_status": "catch-all"}, False),
        ({}, False),
    ],
)
def test_verified_is_said_in_several_ways(body: dict[str, Any], verified: bool) -> None:
    assert vendor.parse_answer(body).email_verified is verified


@pytest.mark.parametrize(
    ("body", "field", "value"),
    [
        ({"job_title": "N/A", "title": "CEO"}, "title", "CEO"),
        ({"company_size": "51-200"}, "employees", "51-200"),
        ({"employee_count": 312.0}, "employees", "312"),
        ({"employee_count": 10**400}, "employees", "1" + "0" * 199),
        ({"employee_count": float("inf")}, "employees", ""),
        ({"employee_count": True}, "employees", ""),
        ({"tech_stack": "HubSpot, Snowflake,, N/A"}, "technologies", ["HubSpot", "Snowflake"]),
        ({"technologies": None, "tech_stack": ["A"]}, "technologies", ["A"]),
        ({"technologies": {"a": 1}}, "technologies", []),
        ({"technologies": ["A\x00\ud800", 7, None]}, "technologies", ["A"]),
        ({"open_roles": "4"}, "open_roles", 4),
        ({"open_roles": "²"}, "open_roles", None),
        ({"open_roles": "", "hiring": 2}, "open_roles", 2),
        ({"open_roles": "N/A", "hiring": 2}, "open_roles", 2),
        ({"open_roles": "several", "hiring": 2}, "open_roles", 2),
        ({"open_roles": 0, "hiring": 2}, "open_roles", 0),
        ({"technologies": "N/A", "tech_stack": ["A"]}, "technologies", ["A"]),
        ({"technologies": [], "tech_stack": "A"}, "technologies", ["A"]),
        ({"past_employers": "❌ failed", "work_history": ["Acme"]}, "past_employers",
         [{"name": "Acme", "domain": "", "from_year": None, "to_year": None}]),
        ({"work_email": "pending", "email": "dana@acme.test"}, "email", "dana@acme.test"),
        ({"country": "United States", "country_code": "US"}, "country", "US"),
        ({"country": "Germany"}, "country", "Germany"),
        ({"open_roles": -1}, "open_roles", None),
        ({"open_roles": float("nan")}, "open_roles", None),
        ({"hiring": True}, "open_roles", None),
        ({"work_email": "A" * 300 + "@acme.test"}, "email", "a" * 300 + "@acme.test"),
        ({"work_email": "none"}, "email", ""),
        ({"first_name": ["Dana"]}, "first_name", ""),
        ({"title": "Error: timed out"}, "title", ""),
        ({"title": "⚠️ Run condition not met"}, "title", ""),
        ({"past_employers": ["Acme", None, {"company": "Beta", "from_year": "2019"}, {"x": 1}]},
        "past_employers",
         [{"name": "Acme", "domain": "", "from_year": None, "to_year": None},
          {"name": "Beta", "domain": "", "from_year": 2019, "to_year": None}]),
    ],
)  # fmt: skip
def test_values_are_read_in_every_known_form(body: dict[str, Any], field: str, value: Any) -> None:
    assert getattr(vendor.parse_answer(body), field) == value


ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "from_year", "x"]), inner)
    ),
    max_leaves=10,
)
COLUMNS = [
    *enriched({}),
    "past_employers",
    "work_history",
    "country",
    "tech_stack",
    "hiring",
    "email",
    "website",
]


@given(st.dictionaries(st.sampled_from(COLUMNS), ANY, max_size=10))
def test_any_body_parses_to_storable_values(body: dict[str, Any]) -> None:
    answer = vendor.parse_answer(body)
    texts = [v for v in vars(answer).values() if isinstance(v, str)] + answer.technologies
    texts += [past["name"] + past["domain"] for past in answer.past_employers]
    for text in texts:
        assert "\x00" not in text.encode().decode()
    assert answer.open_roles is None or 0 <= answer.open_roles < 1_000_000


def test_an_answer_to_nobodys_question_changes_nothing() -> None:
    lead = LeadFactory(title="")
    assert clay_answers.record_answer("enr_unknown", enriched({})) is False
    lead.refresh_from_db()
    assert (lead.title, lead.needs_assessment_at) == ("", None)


# A test visitor


def test_test_visitor_is_asked_about_only_as_test(clay: FakeClay) -> None:
    lead = LeadFactory(test=True)
    enrichment_requests.request_enrichment(lead)
    clay_push.push_due()
    assert (lead.enrichments.get().outcome, clay.submissions()) == ("skipped", [])
    row = enrichment_requests.request_test_enrichment(lead)
    clay_push.push_due()
    row.refresh_from_db()
    assert (row.state, [one["request_id"] for one in clay.submissions()]) == (
        "requested",
        [row.request_id],
    )


def test_answer_about_test_visitor_changes_no_lead(clay: FakeClay) -> None:
    lead, live = LeadFactory(test=True), LeadFactory()
    before = Lead.objects.filter(pk__in=[lead.pk, live.pk]).order_by("pk").values()
    was, row = list(before), enrichment_requests.request_test_enrichment(lead)
    clay_push.push_due()
    said = {
        "title": "CEO",
        "work_email": live.email,
        "linkedin_url": "https://www.linkedin.com/in/somebody-real",
    }
    assert clay_answers.record_answer(row.request_id, said)
    row.refresh_from_db()
    assert (row.outcome, row.gained) == ("answered", ["email", "linkedin_url", "title"])
    assert [{**one, "needs_assessment_at": None} for one in before.all()] == was


@pytest.mark.parametrize("kind", ["live", "example", "training"])
def test_nobody_else_is_asked_about_as_a_test(clay: FakeClay, kind: str) -> None:
    with pytest.raises(ValueError, match="only a test visitor"):
        enrichment_requests.request_test_enrichment(LeadFactory(kind=kind))
    assert Enrichment.objects.count() == 0
