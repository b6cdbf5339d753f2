"""For an email in any state: why it was not sent, and what would change that."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from outreach import choices
from outreach.control import phase
from outreach.lifecycle import moves
from outreach.models import Message
from outreach.review import review_actions
from outreach.sending import why_not_sent
from tests import factories
from tests.fakes.ghl import FakeGhl

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender", "loose")]


@pytest.fixture(autouse=True)
def strict(clock: Any) -> None:
    clock.move_to(timezone.now(), tick=False)


def why(message: Message) -> why_not_sent.NotSentReason | None:
    return why_not_sent.explain(Message.objects.get(pk=message.pk), timezone.now())


def made(status: str, **fields: Any) -> Message:
    lead = factories.LeadFactory()
    return Message.objects.create(lead=lead, status=status, to_address=lead.email, **fields)


def test_every_state_but_sent_is_explained() -> None:
    for status in choices.Status:
        message = factories.cleared_email() if status == "cleared" else made(status)
        found = why(message)
        if status in ("sent", "cleared"):
            assert found is None  # it left, or leaves next
        else:
            assert (found.limit, found.until) == (status, None)
            assert found.text.endswith(".") or status == "blocked"
            assert found.change


def test_held_email_names_time_and_reason() -> None:
    found = why(factories.held_email())
    assert found.text.startswith(
        "It waits for a decision since 10:00\u00a0AM\u00a0ET. The decision is a person's: "
    )
    assert found.change == "An approval at the desk, until Mar\u00a06, 10:00\u00a0AM\u00a0ET."


def test_blocked_email_names_check_and_remedy() -> None:
    guards = [
        {"guard": "sender", "passed": True, "text": "There is one.", "clear": ""},
        {
            "guard": "merge",
            "passed": False,
            "text": "industry is missing.",
            "clear": "Write the sentence yourself.",
        },
    ]
    found = why(made("blocked", guards=guards, blocked_by="merge"))
    assert (found.text, found.change) == (
        "Blocked: industry is missing.",
        "Write the sentence yourself.",
    )
    assert why(made("blocked", blocked_by="no_template")).text == "Blocked: no template"


def test_rejected_email_names_person_time_and_tag(reviewer: User) -> None:
    message = review_actions.reject_email(
        factories.held_email(),
        1,
        by=reviewer,
        tag="weak_subject",
        reason="It says nothing of them.",
    )
    assert why(message).text == "Rejected by rita at 10:00\u00a0AM\u00a0ET: weak subject."
    assert why(message).change == "Nothing: it is never sent."


def test_withdrawn_email_names_the_reason() -> None:
    message = factories.cleared_email()
    moves.move_message(
        message, "withdrawn", "suppressed", error="They asked for no more emails (STOP)"
    )
    assert (
        why(message).text
        == "Withdrawn at 10:00\u00a0AM\u00a0ET: suppressed. They asked for no more emails (STOP)."
    )


def test_uncertain_email_names_time_and_next_step() -> None:
    found = why(made("uncertain", uncertain_at=timezone.now(), error="timed out"))
    assert found.text.startswith(
        "It may have left: GoHighLevel did not say since 10:00\u00a0AM\u00a0ET. "
        "It is never sent again"
    )
    assert "after 15 minutes a person" in found.change


def test_failed_email_shows_the_answer() -> None:
    assert (
        why(made("failed", error="400: no such contact")).text
        == "GoHighLevel refused it. 400: no such contact."
    )


def test_approved_email_names_limit_and_who_ends_it(ghl: FakeGhl) -> None:
    message = factories.cleared_email()
    phase.halt_sending(by=None, reason="test")
    assert why(message) == why_not_sent.NotSentReason(
        "halted", None, "Sending is halted.", "A person: time does not end it."
    )


def test_api_explains_any_state(client: Client, lead_user: User) -> None:
    client.force_login(lead_user)
    message = made("expired")
    body = client.get(f"/api/messages/{message.public_id}").json()
    assert body["why_not_sent"] == {
        "limit": "expired",
        "next_eligible_at": None,
        "text": "Nobody decided in time; it expired.",
        "change": "Nothing: it is never sent.",
    }
