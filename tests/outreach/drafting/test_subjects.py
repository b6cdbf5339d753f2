"""Neighbors in the queue and colleagues do not share a subject; a batch asks once for all."""

from typing import Any

import pytest
from django.db import connection

from outreach.content.subject_choice import subject_pattern
from outreach.drafting import drafting_facts, drafts
from outreach.models import EmailTemplate, Experiment, Message
from tests import factories
from tests.statements import Statements

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender")]


def pattern_of(message: Message) -> str:
    text = message.text
    return subject_pattern(text.subject, text.phrases)


def test_five_neighbors_of_one_template_have_five_subjects() -> None:
    messages = [factories.held_email(topic="what we build") for _ in range(5)]
    assert {message.template.key for message in messages} == {"tier_1.high_intent"}
    assert len({pattern_of(message) for message in messages}) == 5


def test_drafts_of_one_batch_differ_too() -> None:
    opened = [factories.draft_email() for _ in range(5)]
    batch = drafting_facts.load_batch()
    written = [
        drafts.write_draft(one, drafting_facts.load_facts(one.lead, batch)) for one in opened
    ]
    assert len({pattern_of(message) for message in written}) == 5


def test_colleagues_have_different_subjects() -> None:
    company = factories.CompanyFactory()
    first = factories.held_email(factories.LeadFactory(company=company, title="CFO"))
    second = drafts.write_draft(
        factories.draft_email(factories.LeadFactory(company=company, title="CMO"))
    )
    assert second.blocked_by == "colleague_first"
    assert first.text.subject != second.text.subject


def test_a_newer_score_keeps_the_subject() -> None:
    message = factories.held_email(topic="what we build")
    for _ in range(3):
        factories.held_email(topic="what we build")
    before = message.text.subject
    newer = factories.AssessmentFactory(lead=message.lead, topic="what we build", intent=90)
    drafts.rewrite_draft(message, newer)
    found = Message.objects.get(pk=message.pk)
    assert (found.text.subject, found.version) == (before, 1)


def test_while_a_subject_is_tested_it_is_the_only_one(lead_user: Any) -> None:
    template = EmailTemplate.objects.get(key="tier_1.high_intent", active=True)
    other = EmailTemplate.objects.create(
        key=template.key, version=9, tier="tier_1", angle="high_intent", name="B", subject="B",
        body=template.body, active=False,
    )  # fmt: skip
    Experiment.objects.create(
        kind="subject", template_key=template.key, template_a=template, template_b=other, size=10,
        started_by=lead_user,
    )  # fmt: skip
    messages = [factories.held_email(topic="what we build") for _ in range(3)]
    assert len({pattern_of(message) for message in messages}) == 1


def test_the_choice_asks_once_a_batch() -> None:
    opened = [factories.draft_email() for _ in range(4)]
    statements = Statements()
    with connection.execute_wrapper(statements):
        assert drafts.write_drafts() == 4
    asked = [
        one for one in statements.shapes
        if one.startswith("SELECT") and 'FROM "outreach_messagetext"' in one
    ]  # fmt: skip
    assert len(opened) == 4 and len(asked) == 1, asked
    seller = [one for one in statements.shapes if "outreach_sellerversion" in one]
    assert len(seller) == 1
