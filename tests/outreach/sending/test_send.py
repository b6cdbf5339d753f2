"""An approved email is sent once, with the approved text, by its own transport."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from leads.models import Lead
from outreach.content import email_footer
from outreach.models import Message, SandboxEmail
from outreach.review import review_actions
from outreach.sending import send
from tests import factories
from tests.fakes.ghl import FakeGhl
from tests.outreach.sending.send_steps import (
    CREATE,
    DEALS,
    KNOWN_CONTACT,
    NEW_CONTACT,
    SEARCH,
    SEND,
    TALK,
    UPDATE,
    VERSIONS,
    calls,
    last_move,
    now_is,
    outcomes,
    slots,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender", "loose")]


def test_approved_email_is_sent_once_with_allowed_fields(ghl: FakeGhl) -> None:
    message = factories.cleared_email()
    assert send.send_due() == 1
    (entry,) = ghl.sent_emails()
    text = message.text
    assert entry["body"] == {
        "type": "Email",
        "contactId": entry["contactId"],
        "emailFrom": "alex@mail.ours.example.com",
        "emailTo": message.to_address,
        "subject": text.subject,
        "html": email_footer.email_html(text.body, text.footer),
    }
    assert calls(ghl) == [*NEW_CONTACT, SEND]  # whom nobody knows has neither written nor a deal
    sent = now_is(message)
    assert (sent.status, sent.error, sent.waiting_for, sent.lease_until, sent.attempts) == (
        "sent",
        "",
        "",
        None,
        1,
    )
    assert sent.ghl_contact_id == entry["contactId"]
    assert (sent.ghl_conversation_id, sent.ghl_message_id, sent.ghl_email_message_id) == (
        entry["conversationId"],
        entry["messageId"],
        entry["emailMessageId"],
    )
    assert sent.sent_at is not None
    assert list(message.moves.values_list("from_status", "to_status", "why"))[1:] == [
        ("held", "cleared", "approved"),
        ("cleared", "sending", "door"),
        ("sending", "sent", "sent"),
    ]
    assert (outcomes(), slots()) == (["sent"], 1)
    assert send.send_due() == 0
    assert len(ghl.sent_emails()) == 1


def test_sent_text_is_the_approved_text(ghl: FakeGhl, reviewer: User) -> None:
    message = factories.held_email()
    body = f"Hi Dana,\n\nA word about {message.lead.company.name} & us, as 1 < 2."
    message = review_actions.edit_text(message, 1, subject="For Northline", body=body, by=reviewer)
    approved = message.text.sha256
    review_actions.approve_email(message, 2, by=reviewer)
    assert send.send_due() == 1
    (entry,) = ghl.sent_emails()
    text = now_is(message).text
    assert (
        text.sha256
        == approved
        == email_footer.text_hash(entry["to"], entry["subject"], text.body, text.footer)
    )
    assert entry["html"] == email_footer.email_html(text.body, text.footer)
    assert "&amp; us, as 1 &lt; 2." in entry["html"]


def test_an_unknown_person_becomes_a_contact(ghl: FakeGhl) -> None:
    message = factories.cleared_email()
    assert send.send_due() == 1
    (request,) = ghl.requests(CREATE)
    lead = message.lead
    assert request.json == {
        "locationId": "loc-test",
        "firstName": "Dana",
        "lastName": lead.last_name,
        "email": lead.email,
        "companyName": lead.company.name,
        "website": f"https://{lead.company.domain}",
        "state": "OH",
        "country": "US",
        "source": "RB2B",
        "tags": ["rb2b-visitor", "priority-tier_1"],
    }
    assert ghl.requests(UPDATE) == []


def test_every_call_carries_token_and_version(ghl: FakeGhl) -> None:
    factories.cleared_email()
    send.send_due()
    found = [
        (request.headers["authorization"], request.headers["version"]) for request in ghl.requests()
    ]
    assert found == [("Bearer pit-test", version) for version in VERSIONS]


def test_the_most_urgent_leave_first(ghl: FakeGhl) -> None:
    low = factories.cleared_email(intent=10, tier="tier_3")
    warm = factories.cleared_email(intent=50, tier="tier_2")
    hot = factories.cleared_email()
    assert send.send_due() == 3
    assert [entry["to"] for entry in ghl.sent_emails()] == [m.to_address for m in (hot, warm, low)]


def test_our_earlier_email_does_not_stop_sending(ghl: FakeGhl) -> None:
    lead = factories.LeadFactory()
    factories.cleared_email(lead)
    assert send.send_due() == 1
    message = factories.held_email(lead)
    review_actions.approve_email(message, 1, by=None)
    assert send.send_due() == 1
    assert calls(ghl)[3:] == [*KNOWN_CONTACT, SEARCH, TALK, DEALS, SEND]
    assert len(ghl.sent_emails()) == 2


def test_the_sandbox_keeps_exactly_one_and_calls_nobody(ghl: FakeGhl, settings: Any) -> None:
    settings.SANDBOXED = ["ghl"]
    message = factories.cleared_email()
    assert send.send_due() == 1
    assert send.send_due() == 0
    kept = SandboxEmail.objects.get()
    text = message.text
    assert (kept.message, kept.to_address, kept.subject) == (
        message,
        message.to_address,
        text.subject,
    )
    assert kept.html == email_footer.email_html(text.body, text.footer)
    sent = now_is(message)
    assert (sent.status, sent.ghl_message_id, outcomes(), slots()) == ("sent", "", ["sent"], 1)
    assert ghl.requests() == []


@pytest.mark.parametrize("kind", ["example", "test"])
def test_leads_that_are_not_live_never_reach_ghl(ghl: FakeGhl, kind: str) -> None:
    message = factories.cleared_email(factories.LeadFactory(kind=kind))
    assert send.send_due() == 1
    assert (now_is(message).status, SandboxEmail.objects.count(), ghl.requests()) == ("sent", 1, [])


def test_an_email_for_practice_never_comes_to_sending(ghl: FakeGhl) -> None:
    held = factories.held_email(factories.LeadFactory(kind="training"))
    done = review_actions.approve_email(held, 1, by=None)
    assert (done.status, done.transport, last_move(done)[1]) == (
        "withdrawn", "", "training_approved"
    )  # fmt: skip
    assert (send.send_due(), SandboxEmail.objects.count(), slots(), ghl.requests()) == (0, 0, 0, [])


@pytest.mark.parametrize("kind", ["example", "test"])
def test_database_refuses_ghl_for_leads_not_live(ghl: FakeGhl, kind: str) -> None:
    message = factories.cleared_email(factories.LeadFactory(kind=kind))
    with pytest.raises(IntegrityError, match="only_live_people_leave_by_ghl"), transaction.atomic():
        Message.objects.filter(pk=message.pk).update(transport="ghl")
    assert now_is(message).transport == "sandbox"


@pytest.mark.parametrize("kind", ["example", "test", "training"])
def test_email_of_lead_no_longer_live_is_withdrawn(ghl: FakeGhl, kind: str) -> None:
    message = factories.cleared_email()
    Lead.objects.filter(pk=message.lead_id).update(kind=kind)
    assert send.send_due() == 0
    assert (last_move(message), ghl.requests(), outcomes()) == (
        ("withdrawn", "undeliverable"),
        [],
        [],
    )
    assert SandboxEmail.objects.count() == 0


def test_email_approved_for_ghl_never_uses_sandbox(ghl: FakeGhl, settings: Any) -> None:
    message = factories.cleared_email()
    settings.SANDBOXED = ["ghl"]
    assert send.send_due() == 0
    held = now_is(message)
    assert (held.status, last_move(message), held.transport) == (
        "held",
        ("held", "transport_gone"),
        "",
    )
    assert held.error == "It was approved for GoHighLevel, which is in the sandbox now."
    assert (SandboxEmail.objects.count(), ghl.requests(), outcomes(), slots()) == (0, [], [], 0)


def test_email_approved_for_sandbox_never_uses_ghl(ghl: FakeGhl, settings: Any) -> None:
    settings.SANDBOXED = ["ghl"]
    message = factories.cleared_email()
    settings.SANDBOXED = []
    assert send.send_due() == 1
    assert (now_is(message).status, SandboxEmail.objects.count(), ghl.requests()) == ("sent", 1, [])


def test_email_without_transport_is_held(ghl: FakeGhl) -> None:
    message = factories.cleared_email()
    Message.objects.filter(pk=message.pk).update(transport="")
    assert send.send_due() == 0
    assert (last_move(message), ghl.requests(), SandboxEmail.objects.count()) == (
        ("held", "no_transport"),
        [],
        0,
    )


def test_without_a_postal_address_nothing_leaves_by_ghl(ghl: FakeGhl, settings: Any) -> None:
    message = factories.cleared_email()
    settings.POSTAL_ADDRESS = ""
    assert send.send_due() == 0
    assert (last_move(message), ghl.requests(), outcomes()) == (("held", "postal_address"), [], [])


@pytest.mark.parametrize("route", [SEARCH, TALK])
@pytest.mark.parametrize("answer", [{}, {"messages": None}, {"conversations": "none"}, []])
def test_missing_conversation_is_not_taken_for_silence(
    ghl: FakeGhl, route: str, answer: object
) -> None:
    message = factories.cleared_email()
    contact = ghl.add_contact(message.to_address)
    ghl.add_outbound(contact, "Earlier", "Hello")
    ghl.on(route).status(200, answer)
    send.send_due(most=1)
    assert (now_is(message).status, now_is(message).waiting_for) == ("cleared", "ghl_unavailable")
    assert (ghl.sent_emails(), slots()) == ([], 0)


def test_address_written_to_for_another_lead_withdraws(ghl: FakeGhl) -> None:
    first, second = factories.held_email(), factories.cleared_email()
    Message.objects.filter(pk=first.pk).update(status="sent", to_address=second.to_address)
    send.send_due()
    assert (now_is(second).status, last_move(second)) == (
        "withdrawn",
        ("withdrawn", "same_address"),
    )
    assert ghl.sent_emails() == []
