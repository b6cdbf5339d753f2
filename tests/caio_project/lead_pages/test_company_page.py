"""The page of a company: everybody with score, visits, emails and contact."""

import html
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from leads.models import Company, Lead
from outreach.drafting import drafts
from outreach.models import Message
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def company() -> Company:
    return factories.CompanyFactory(name="Northline", domain="northline.example")


@pytest.fixture
def page(client: Client, reviewer: User, company: Company) -> Any:
    client.force_login(reviewer)

    def show(query: str = "") -> str:
        found = client.get(f"/sales/companies/{company.pk}{query}")
        assert found.status_code == 200
        return html.unescape(" ".join(found.content.decode().split()))

    return show


def person(company: Company, name: str, score: int | None) -> Lead:
    return factories.LeadFactory(
        company=company,
        first_name=name,
        last_name="Voss",
        score=score,
        email=f"{name.lower()}@northline.example",
        linkedin_key=None,
    )


def sent(lead: Lead, transport: str = "ghl") -> Message:
    message = factories.cleared_email(lead)
    Message.objects.filter(pk=message.pk).update(
        status="sent", transport=transport, sent_at=timezone.now() - timedelta(days=8)
    )
    return message


def test_everybody_is_listed_by_score(page: Any, company: Company) -> None:
    for name, score in (("Low", 5), ("Unknown", None), ("Best", 90)):
        person(company, name, score)
    factories.LeadFactory(first_name="Elsewhere", score=99)
    said = page()
    places = [said.index(f"{name} Voss") for name in ("Best", "Low", "Unknown")]
    assert places == sorted(places)
    assert "Elsewhere" not in said and "3 people, the highest score first" in said
    assert "HOT 90" in said and "Score 5" in said and "No score yet" in said


def test_visits_and_emails_are_counted(page: Any, company: Company) -> None:
    lead = person(company, "Ann", 50)
    for _ in range(2):
        factories.VisitFactory(lead=lead)
    factories.VisitFactory(lead=None, company=company)
    sent(lead)
    said = page()
    assert "2 visits, 1 email sent." in said
    assert "1 more visit by somebody of the company" in said


def test_who_is_in_contact_is_named(page: Any, company: Company) -> None:
    assert "Nobody here was emailed yet." in page()
    sent(person(company, "Ann", 50))
    factories.create_feedback(sent(person(company, "Bob", 40)))
    said = page()
    assert "Ann Voss</a>: emailed" in said and "Bob Voss</a>: answered" in said


def test_sandbox_is_no_contact(page: Any, company: Company) -> None:
    sent(person(company, "Ann", 50), transport="sandbox")
    said = page()
    assert "Nobody here was emailed yet." in said and "0 emails sent" in said


def test_colleague_on_hold_can_be_chosen(page: Any, company: Company) -> None:
    held, _ = (
        drafts.write_draft(factories.draft_email(person(company, name, score)))
        for name, score in (("Sam", 77), ("Dana", 60))
    )
    said = page()
    assert "Write to Dana instead" in said and "Write to Sam instead" not in said
    assert f'action="/sales/queue/{held.public_id}/instead"' in said
    assert "Sam Voss is being emailed first" in said


def test_pages_take_the_same_statements(
    page: Any, company: Company, django_assert_max_num_queries: Any
) -> None:
    drafts.write_draft(factories.draft_email(person(company, "Ann", 50)))
    page()
    with django_assert_max_num_queries(30) as few:
        page()
    for n in range(51):
        person(company, f"More{n}", n)
    with django_assert_max_num_queries(len(few)):
        first = page()
    assert first.count('class="mail"') == 50 and "Next 50" in first
    second = page("?page=2")
    assert second.count('class="mail"') == 2 and "Previous 50" in second
    assert page("?page=nonsense").count('class="mail"') == 50


def test_unknown_company_is_not_found(client: Client, reviewer: User) -> None:
    client.force_login(reviewer)
    assert client.get("/sales/companies/999999").status_code == 404


def test_page_needs_a_role(client: Client, company: Company) -> None:
    client.force_login(User.objects.create_user("nobody"))
    assert client.get(f"/sales/companies/{company.pk}").status_code == 403
