"""Clay's answers: what they fill, and answers that overtake the push."""

import threading

import pytest
from django.db import connection

from leads.enrichment import clay_answers, clay_push, enrichment_requests
from leads.identity import company_matching
from leads.models import Company, Lead
from tests.factories import CompanyFactory, LeadFactory
from tests.fakes.clay import JUNK, FakeClay, enriched
from tests.fakes.server import wait_for
from tests.leads.conftest import in_threads
from tests.leads.enrichment.asking import SOURCE, asked, is_due

pytestmark = pytest.mark.django_db


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


def test_facts_of_another_employer_are_not_used(clay: FakeClay) -> None:
    """Nor for the colleagues, who share the row of the company."""
    company = CompanyFactory(
        name="Northline", domain="northline.test", industry="", employees_from=None
    )
    lead, row = asked(clay, title="", email=None, address="no_address", company=company)
    clay_answers.record_answer(
        row.request_id,
        enriched(
            {
                "email": "dana@biotech.test",
                "company_name": "Genodyne Biotech",
                "company_domain": "biotech.test",
            }
        ),
    )
    lead.refresh_from_db()
    company.refresh_from_db()
    row.refresh_from_db()
    assert (company.name, company.industry, company.employees_from) == ("Northline", "", None)
    assert (company.technologies, company.open_roles, company.enriched_at) == ([], None, None)
    assert (lead.company, lead.email, lead.title) == (company, None, "")
    assert (row.outcome, row.gained) == ("answered", [])
    assert row.reason == (
        "Clay says they work at Genodyne Biotech (biotech.test). None of that was used."
    )


@pytest.mark.parametrize(
    "told",
    [
        {"company_name": "Northline, Inc.", "company_domain": "northline-group.test"},
        {"company_name": "Northline Group GmbH", "company_domain": "northline.test"},
        {"company_name": "", "company_domain": "other.test"},
        {"company_name": "Northline Logistics", "company_domain": ""},
    ],
)
def test_one_name_of_the_company_is_enough(clay: FakeClay, told: dict[str, str]) -> None:
    company = CompanyFactory(name="Northline", domain="northline.test", industry="")
    _, row = asked(clay, company=company)
    clay_answers.record_answer(row.request_id, {**told, "industry": "Logistics"})
    company.refresh_from_db()
    assert company.industry == "Logistics"


def test_answer_fills_unknown_fields_and_overwrites_nothing(clay: FakeClay) -> None:
    company = CompanyFactory(
        industry="", employees="", employees_from=None, name="Northline", domain="northline.test"
    )
    lead, row = asked(
        clay, title="VP Sales", last_name="", email="dana@northline.test", company=company
    )
    clay_answers.record_answer(
        row.request_id,
        enriched(
            {"email": lead.email, "company_name": "Northline", "company_domain": "other.test"}
        ),
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


def test_an_answer_to_nobodys_question_changes_nothing() -> None:
    lead = LeadFactory(title="")
    assert clay_answers.record_answer("enr_unknown", enriched({})) is False
    lead.refresh_from_db()
    assert (lead.title, lead.needs_assessment_at) == ("", None)
