"""Asking Clay: one open question for each lead, thirty seconds of patience, and every answer
welcome.
"""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from leads.enrichment import clay_answers, clay_push, enrichment_requests
from leads.models import Assessment, Enrichment, Lead
from leads.scoring import assess
from tests.factories import CompanyFactory, LeadFactory
from tests.fakes.clay import FakeClay, enriched
from tests.leads.enrichment.asking import asked, is_due, later

pytestmark = pytest.mark.django_db


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
    assert clay_answers.record_answer(row.request_id, enriched(clay.submissions()[-1])) is True
    row.refresh_from_db()
    assert (row.state, row.outcome) == ("settled", "late")
    assert is_due(lead)
    assert lead.title == "VP Revenue Operations"
    assess.assess_due()
    assert Assessment.objects.first().icp > Assessment.objects.last().icp


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
