"""Blocked drafts are asked again when a setting, sender, template or field changes."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from leads.models import Company, Lead, TeamMember
from outreach.choices import MoveCode
from outreach.drafting import drafts, open_drafts, recheck
from outreach.models import CheckBasis, EmailTemplate, Message
from outreach.review import review_actions
from tests import factories

pytestmark = pytest.mark.django_db


def write(lead: Lead | None = None) -> Message:
    return drafts.write_draft(factories.draft_email(lead))


def current(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)


def no_sender(settings: Any) -> None:
    settings.SENDER_NAME = ""


def no_postal_address(settings: Any) -> None:
    settings.POSTAL_ADDRESS = ""


def other_countries(settings: Any) -> None:
    settings.ALLOWED_COUNTRIES = ["CA"]


def broken_templates(settings: Any) -> None:
    EmailTemplate.objects.update(body="Hi {{first_name}}, [YOUR NAME HERE] {{company}}")


def senders_field_unset(settings: Any) -> None:
    settings.SENDER_NAME = ""
    EmailTemplate.objects.update(
        body="Hi {{first_name}}, I am {{sender_first_name}}. How does {{company}} ship?"
    )


def name_of_setting(settings: Any) -> None:
    settings.SENDER_NAME = "Alex Moreno"


def default_member(settings: Any) -> None:
    factories.TeamMemberFactory(default_sender=True)


def address_of_setting(settings: Any) -> None:
    settings.POSTAL_ADDRESS = "9 New Road, Columbus, OH 43004"


def country_allowed(settings: Any) -> None:
    settings.ALLOWED_COUNTRIES = ["CA", "US"]


def new_templates(settings: Any) -> None:
    for one in EmailTemplate.objects.filter(active=True):
        one.pk, one.version, one.body = (
            None,
            one.version + 1,
            "Hi {{first_name}}, about {{company}}.",
        )
        EmailTemplate.objects.filter(key=one.key).update(active=False)
        one.save()


@pytest.mark.parametrize(
    ("breaks", "code", "mends"),
    [
        (no_sender, "sender_identity", name_of_setting),
        (no_sender, "sender_identity", default_member),
        (no_postal_address, "postal_address", address_of_setting),
        (other_countries, "country", country_allowed),
        (broken_templates, "placeholder", new_templates),
        (senders_field_unset, "sender_identity", default_member),
    ],
)
@pytest.mark.parametrize("opened", [False, True])
def test_it_is_asked_again_once_the_cause_is_gone(
    settings: Any,
    breaks: Callable[[Any], None],
    code: str,
    mends: Callable[[Any], None],
    opened: bool,
) -> None:
    breaks(settings)
    message = write()
    assert (message.status, message.blocked_by) == ("blocked", code)
    if opened:
        review_actions.mark_opened(message)
    assert recheck.free_blocked() == 0
    assert recheck.free_blocked() == 0 and current(message).not_before > timezone.now()
    mends(settings)
    assert recheck.free_blocked() == 1
    now = current(message)
    assert (now.status, now.blocked_by, now.error) == ("held", "", "")
    assert all(row["passed"] for row in now.guards)
    assert now.moves.latest("pk").why == MoveCode.FREED
    assert settings.POSTAL_ADDRESS in now.text.footer and "Alex Moreno" in now.text.footer


def test_reason_is_that_of_today(settings: Any) -> None:
    no_sender(settings)
    no_postal_address(settings)
    message = write()
    assert message.error == "Sender identity is missing."
    name_of_setting(settings)
    assert recheck.free_blocked() == 0
    now = current(message)
    assert (now.blocked_by, now.error) == ("postal_address", "Postal address is missing.")
    assert next(row["text"] for row in now.guards if not row["passed"]) == now.error


def test_words_of_a_person_stay_and_the_footer_is_new(settings: Any, reviewer: User) -> None:
    no_sender(settings)
    message = write()
    body = f"Dana, {message.lead.company.name} ships by rail. Shall we talk?"
    review_actions.edit_text(message, message.version, subject="Rail", body=body, by=reviewer)
    assert current(message).status == "blocked"
    default_member(settings)
    assert recheck.free_blocked() == 1
    text = current(message).text
    assert (text.subject, text.body, text.author) == ("Rail", body, reviewer)
    assert text.footer.startswith("Alex Moreno")


def test_imported_words_stay_and_the_footer_is_new(settings: Any) -> None:
    no_sender(settings)
    message = write()
    Message.objects.filter(pk=message.pk).update(template=None)
    before = current(message).text.body
    default_member(settings)
    assert recheck.free_blocked() == 1
    text = current(message).text
    assert text.body == before and text.footer.startswith("Alex Moreno")


def test_new_knowledge_of_the_person_frees_their_draft(sender: TeamMember) -> None:
    lead = factories.LeadFactory(company=factories.CompanyFactory(name=""))
    factories.VisitFactory(lead=lead)
    message = write(lead)
    assert (message.status, message.blocked_by) == ("blocked", "missing_field")
    review_actions.mark_opened(message)
    recheck.free_blocked()
    Company.objects.filter(pk=lead.company_id).update(name="Acme")
    assert recheck.free_blocked() == 0  # nobody has said so yet
    factories.AssessmentFactory(lead=lead)
    open_drafts.open_new_drafts()
    assert recheck.free_blocked() == 1
    assert "Acme" in current(message).text.body


def test_what_could_not_be_written_is_tried_again(sender: TeamMember) -> None:
    EmailTemplate.objects.update(active=False)
    message = factories.draft_email()
    for _ in range(drafts.LAST_TRY):
        Message.objects.update(not_before=timezone.now(), lease_until=None)
        drafts.write_drafts()
    assert (current(message).status, current(message).blocked_by) == ("blocked", "draft")
    assert recheck.free_blocked() == 0
    now = current(message)
    assert now.blocked_by == "draft" and "no active email template" in now.error
    assert now.not_before > timezone.now() + timedelta(minutes=5)
    EmailTemplate.objects.filter(version=1).update(active=True)
    assert recheck.free_blocked() == 1


def test_failure_of_one_stops_no_other(sender: TeamMember, monkeypatch: Any, settings: Any) -> None:
    no_postal_address(settings)
    first, second = write(), write()
    address_of_setting(settings)
    real = drafts.rewrite_draft

    def fails(message: Message, *facts: Any) -> None:
        if message.pk == first.pk:
            raise ValueError("broken row")
        real(message, *facts)

    monkeypatch.setattr(drafts, "rewrite_draft", fails)
    assert recheck.free_blocked() == 1
    assert current(second).status == "held"
    assert (current(first).status, current(first).blocked_by) == ("blocked", "draft")
    assert current(first).error == "ValueError: broken row" and current(first).guards == []


def test_an_idle_sweep_writes_nothing(
    settings: Any, django_assert_max_num_queries: Any, sender: TeamMember
) -> None:
    no_postal_address(settings)
    for _ in range(5):
        write()
    recheck.free_blocked()
    before = list(Message.objects.values()), CheckBasis.objects.get().since
    with django_assert_max_num_queries(4):
        assert recheck.free_blocked() == 0
    assert (list(Message.objects.values()), CheckBasis.objects.get().since) == before


def test_many_are_freed_in_one_sweep(settings: Any, sender: TeamMember) -> None:
    no_postal_address(settings)
    for _ in range(7):
        write()
    address_of_setting(settings)
    assert recheck.free_blocked(batch=3) == 7


def test_sources_that_came_are_stored_with_the_text() -> None:
    lead = factories.LeadFactory()
    stored = lead.company.sources
    type(lead.company).objects.update(sources={})
    message = write(lead)
    assert (message.status, message.blocked_by) == ("blocked", "source")
    type(lead.company).objects.update(sources=stored)
    Message.objects.update(not_before=timezone.now())
    assert recheck.free_blocked() == 1
    found = current(message)
    assert found.status == "held" and all(phrase["source"] for phrase in found.text.phrases)
