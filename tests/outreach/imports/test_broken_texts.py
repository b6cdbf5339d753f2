"""One home of the rule: drafts, edits, imports and templates refuse the same texts."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from outreach.drafting import drafts
from outreach.email_templates import preview
from outreach.imports import previous_system
from outreach.models import EmailTemplate, HistoryItem, Message
from outreach.review import review_actions
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender")]

CASES = Path(__file__).parent.parent / "content" / "cases" / "copy.jsonl"
OF_THE_FIELD = [json.loads(line) for line in CASES.read_text().splitlines()]
OWN_WORDS = {"P30"}  # news that a person who types them vouches for
OPENING = "Hi {{ first_name }},\n\n"
REST = "\n\nWhich handover at {{ company }} would you fix first?"


@pytest.mark.parametrize("case", OF_THE_FIELD, ids=lambda case: case["id"])
def test_an_imported_draft_is_blocked(case: dict[str, str]) -> None:
    person = {"email": "dana@bluefield.test", "name": "Dana Okafor", "company": "Bluefield n01"}
    row = {"what": "draft", "at": "2026-01-02", **person, **case}
    previous_system.import_file(json.dumps(row).encode())
    message = Message.objects.get()
    assert (message.status, HistoryItem.objects.count()) == ("blocked", 1)
    assert message.blocked_by in ("placeholder", "subject", "personal", "source", "opener")


@pytest.mark.parametrize("case", OF_THE_FIELD, ids=lambda case: case["id"])
def test_an_edit_is_blocked(case: dict[str, str], reviewer: User) -> None:
    company = factories.CompanyFactory(name="Bluefield n01")
    message = factories.held_email(factories.LeadFactory(company=company, first_name="Dana"))
    saved = review_actions.edit_text(
        message, message.version, subject=case["subject"], body=case["body"], by=reviewer
    )
    assert saved.status == ("held" if case["id"] in OWN_WORDS else "blocked")


@pytest.mark.parametrize(
    ("subject", "body"),
    [
        ("A question", OPENING + "[First Name] asks" + REST),
        ("A question", OPENING + "*|COMPANY|* asks" + REST),
        ("Antw: {{ company }}", OPENING + "It is about handovers." + REST),
        ("A question", "Hi ,\n\nIt is about handovers." + REST),
        ("A question", "Hi Samuel,\n\nIt is about handovers." + REST),
        ("A question", OPENING + "Sure, here is the email:" + REST),
        ("A question", OPENING + "It is about handovers." + REST + "\n\nUnsubscribe here"),
        ("Your invoice is overdue", OPENING + "It is about handovers." + REST),
    ],
)
def test_a_template_is_not_published(subject: str, body: str) -> None:
    template = EmailTemplate(
        key="x", tier="tier_1", angle="odd", name="x", subject=subject, body=body
    )
    assert preview.preview_template(template).errors
    fine = OPENING + "It is about handovers." + REST
    template = EmailTemplate(
        key="x", tier="tier_1", angle="odd", name="x", subject="At {{ company }}", body=fine
    )
    assert preview.preview_template(template).errors == []


@pytest.mark.parametrize(
    ("lead", "company", "blocked_by"),
    [
        ({}, "No company found", "missing_field"),
        ({}, "🚫 Not found", "missing_field"),
        ({}, "northline.test", "placeholder"),
    ],
)
def test_a_draft_of_a_status_is_blocked(
    lead: dict[str, Any], company: str, blocked_by: str
) -> None:
    known = factories.LeadFactory(company=factories.CompanyFactory(name=company), **lead)
    message = drafts.write_draft(factories.draft_email(known))
    assert (message.status, message.blocked_by) == ("blocked", blocked_by)


@pytest.mark.parametrize("name", ["undefined", "N/A", "", "info", "🎉", "J."])
def test_who_has_no_first_name_is_greeted_without(name: str) -> None:
    message = drafts.write_draft(factories.draft_email(factories.LeadFactory(first_name=name)))
    assert message.status == "held", message.error
    assert message.text.body.startswith("Hello,\n\n")
    assert "first_name" not in {phrase["field"] for phrase in message.text.phrases}


def test_the_draft_leaves_out_a_title_that_is_none() -> None:
    lead = factories.LeadFactory(title="I couldn't determine the job title.")
    message = drafts.write_draft(factories.draft_email(lead))
    assert message.status == "held", message.error
    assert "determine" not in message.text.body


def test_an_answer_makes_earlier_contact_true(reviewer: User) -> None:
    lead = factories.LeadFactory()
    message, answered = factories.held_email(lead), factories.held_email()
    body = f"Hi {lead.first_name},\n\nThis is about {lead.company.name}."
    saved = review_actions.edit_text(message, 1, subject="As discussed", body=body, by=reviewer)
    assert (saved.status, saved.blocked_by) == ("blocked", "subject")
    factories.create_feedback(answered)
    body = f"Hi {answered.lead.first_name},\n\nThis is about {answered.lead.company.name}."
    saved = review_actions.edit_text(answered, 1, subject="As discussed", body=body, by=reviewer)
    assert saved.status == "held", saved.error
