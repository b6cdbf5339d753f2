"""Recipients whom we must not write to get nothing."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from leads.models import Lead, Suppression
from leads.suppression import suppression
from outreach.control import phase
from outreach.feedback import unsubscribes
from outreach.models import Message, SandboxEmail, SendIntent
from outreach.review import review_actions
from outreach.sending import send
from tests import factories
from tests.fakes.ghl import FakeGhl
from tests.outreach.sending.send_steps import (
    CONTACT,
    CREATE,
    FIND,
    SEND,
    TALK,
    calls,
    last_move,
    now_is,
    outcomes,
    slots,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender", "loose")]


def test_contact_with_another_address_gets_nothing(ghl: FakeGhl) -> None:
    message = factories.cleared_email()
    other = ghl.add_contact("somebody@else.test")
    ghl.on(CREATE).status(201, {"contact": other})
    assert send.send_due() == 0
    stopped = now_is(message)
    assert (stopped.status, last_move(message)) == ("failed", ("failed", "contact_mismatch"))
    assert stopped.error == "GoHighLevel returned a contact with another address."
    assert calls(ghl) == [FIND, CREATE]
    assert (ghl.sent_emails(), outcomes(), slots(), Suppression.objects.count()) == ([], [], 0, 0)


def test_contact_read_with_another_address_stops_email(ghl: FakeGhl) -> None:
    message = factories.cleared_email()
    ghl.add_contact(message.to_address)
    ghl.on(CONTACT).status(200, {"contact": {"id": "cnt_1", "email": "somebody@else.test"}})
    assert send.send_due() == 0
    assert last_move(message) == ("failed", "contact_mismatch")
    assert (ghl.sent_emails(), outcomes()) == ([], [])


@pytest.mark.parametrize("answer", [{}, {"contact": None}, {"contact": {}}])
@pytest.mark.parametrize("route", [CREATE, CONTACT])
def test_answer_without_contact_never_allows_sending(
    ghl: FakeGhl, route: str, answer: dict[str, Any]
) -> None:
    message = factories.cleared_email()
    if route == CONTACT:
        ghl.add_contact(message.to_address)
    ghl.on(route).status(200, answer)
    assert send.send_due() == 0
    waiting = now_is(message)
    assert (waiting.status, waiting.waiting_for) == ("cleared", "ghl_unavailable")
    assert waiting.error == "GoHighLevel answered without a contact"
    assert (ghl.sent_emails(), outcomes(), slots()) == ([], [], 0)


@pytest.mark.parametrize(
    "dnd",
    [
        {"dnd": True},
        {"dndSettings": {"Email": {"status": "active", "message": "", "code": "103"}}},
        {"dndSettings": {"Email": {"status": "permanent"}}},
    ],
    ids=["all", "email", "permanent"],
)
def test_do_not_disturb_fails_email_and_suppresses_person(
    ghl: FakeGhl, dnd: dict[str, Any]
) -> None:
    message = factories.cleared_email()
    ghl.add_contact(message.to_address, **dnd)
    assert send.send_due() == 0
    assert (now_is(message).status, last_move(message)) == ("failed", ("failed", "dnd"))
    assert (ghl.requests(SEND), outcomes(), slots()) == ([], [], 0)
    assert suppression.find_stop(message.to_address).reason == "unsubscribed"
    assert suppression.find_stop("another@address.test", message.lead).reason == "unsubscribed"


def test_do_not_disturb_on_other_channels_stops_nothing(ghl: FakeGhl) -> None:
    message = factories.cleared_email()
    ghl.add_contact(
        message.to_address,
        dndSettings={"SMS": {"status": "active"}, "Email": {"status": "inactive"}},
    )
    assert send.send_due() == 1
    assert now_is(message).status == "sent"


def test_reply_at_ghl_returns_email_to_review(ghl: FakeGhl) -> None:
    message = factories.cleared_email(intent=10, tier="tier_3")
    ghl.receive_reply(ghl.add_contact(message.to_address))
    expired = timezone.now() - timedelta(days=1)
    Message.objects.filter(pk=message.pk).update(
        expires_at=expired, due_at=expired
    )  # it had waited for its turn
    assert send.send_due() == 0
    held = now_is(message)
    assert (held.status, last_move(message), held.transport) == ("held", ("held", "answered"), "")
    assert held.error == "GoHighLevel shows a message from them on Mar 3, 2026."
    assert (held.priority, held.rank) == ("critical", 0)
    assert held.due_at > timezone.now() and held.expires_at > timezone.now()
    assert review_actions.expire_due() == 0
    assert (ghl.requests(SEND), outcomes(), slots()) == ([], [], 0)


def test_inbound_text_message_stops_the_email(ghl: FakeGhl) -> None:
    message = factories.cleared_email()
    ghl.add_outbound(ghl.add_contact(message.to_address))
    sms = {
        "id": "msg_sms",
        "direction": "inbound",
        "messageType": "TYPE_SMS",
        "type": 2,
        "body": "Please stop.",
    }
    ghl.on(TALK).status(
        200, {"messages": {"lastMessageId": "msg_sms", "nextPage": False, "messages": [sms]}}
    )
    assert send.send_due() == 0
    assert last_move(message) == ("held", "answered")
    assert (ghl.requests(SEND), outcomes()) == ([], [])


def test_reply_on_a_later_page_stops_the_email(ghl: FakeGhl) -> None:
    message = factories.cleared_email()
    contact = ghl.add_contact(message.to_address)
    ghl.receive_reply(contact)
    for _ in range(120):
        ghl.add_outbound(contact)
    assert send.send_due() == 0
    assert last_move(message) == ("held", "answered")
    assert len(ghl.requests(TALK)) == 2
    assert ghl.requests(SEND) == []


def test_suppression_after_approval_withdraws_the_email(ghl: FakeGhl) -> None:
    message = factories.cleared_email()
    suppression.suppress(message.to_address, "complained", "postmaster", message.lead)
    assert send.send_due() == 0
    stopped = now_is(message)
    assert (stopped.status, last_move(message)) == ("withdrawn", ("withdrawn", "suppressed"))
    assert stopped.error == "Complained of spam (postmaster)"
    assert (ghl.requests(), outcomes(), slots()) == ([], [], 0)


@pytest.mark.parametrize("scope", ["address", "domain", "person", "address_hash"])
def test_every_suppression_scope_stops_sending(ghl: FakeGhl, scope: str) -> None:
    message = factories.cleared_email()
    values = {
        "address": message.to_address,
        "domain": message.domain,
        "person": str(message.lead_id),
        "address_hash": suppression.erased_hash(message.to_address),
    }
    Suppression.objects.create(scope=scope, value=values[scope], reason="erased", source="test")
    assert send.send_due() == 0
    assert (now_is(message).status, ghl.requests()) == ("withdrawn", [])


@pytest.mark.parametrize("transport", ["ghl", "sandbox"])
def test_suppression_stops_sandbox_and_ghl_alike(
    ghl: FakeGhl, settings: Any, transport: str
) -> None:
    settings.SANDBOXED = ["ghl"] if transport == "sandbox" else []
    message = factories.cleared_email()
    assert message.transport == transport
    suppression.suppress(message.to_address, "manual", "test", message.lead)
    assert send.send_due() == 0
    assert (now_is(message).status, SandboxEmail.objects.count(), ghl.requests()) == (
        "withdrawn",
        0,
        [],
    )


def test_unsubscribe_by_older_email_withdraws_open_ones(ghl: FakeGhl) -> None:
    lead = factories.LeadFactory()
    first = factories.cleared_email(lead)
    assert send.send_due() == 1
    second = factories.held_email(lead)
    review_actions.approve_email(second, 1, by=None)
    other = factories.cleared_email()
    assert unsubscribes.unsubscribe_by_token(first.unsubscribe_token)
    assert send.send_due() == 1
    assert (now_is(second).status, now_is(other).status) == ("withdrawn", "sent")
    assert [entry["to"] for entry in ghl.sent_emails()] == [lead.email, other.to_address]


def test_second_email_to_one_address_is_withdrawn(ghl: FakeGhl) -> None:
    first, second = factories.cleared_email(), factories.cleared_email()
    Message.objects.filter(pk=first.pk).update(
        status="sending",
        to_address=second.to_address,
        lease_until=timezone.now() + timedelta(minutes=3),
    )
    SendIntent.objects.create(
        message=first,
        transport="ghl",
        phase="parallel",
        day=timezone.now().date(),
        domain=first.domain,
        claimed_at=timezone.now(),
    )
    assert send.send_due() == 0
    assert (now_is(second).status, last_move(second)) == (
        "withdrawn",
        ("withdrawn", "same_address"),
    )
    assert (ghl.requests(), outcomes()) == ([], ["open"])


def test_address_changed_after_approval_withdraws_email(ghl: FakeGhl) -> None:
    """Clay called it invalid, and then found another; or it is known as somebody else's by now."""
    message = factories.cleared_email()
    Lead.objects.filter(pk=message.lead_id).update(
        email=f"other@{message.domain}", email_invalid=False
    )
    factories.LeadFactory(email=message.to_address)
    assert send.send_due() == 0
    assert (now_is(message).status, last_move(message)) == (
        "withdrawn",
        ("withdrawn", "address_changed"),
    )
    assert (ghl.requests(), outcomes(), slots()) == ([], [], 0)


def test_country_that_is_not_allowed_withdraws_email(ghl: FakeGhl) -> None:
    message = factories.cleared_email()
    Lead.objects.filter(pk=message.lead_id).update(country="DE")
    assert send.send_due() == 0
    assert (now_is(message).status, last_move(message)) == ("withdrawn", ("withdrawn", "country"))
    assert (now_is(message).error, ghl.requests(), outcomes()) == (
        "DE is not in ALLOWED_COUNTRIES.",
        [],
        [],
    )


def test_second_of_two_approved_colleagues_is_held(ghl: FakeGhl) -> None:
    company = factories.CompanyFactory()
    first, second = (factories.held_email(factories.LeadFactory()) for _ in range(2))
    for message in (first, second):  # two reviewers, neither of whom sees what the other does
        review_actions.approve_email(message, 1, by=None)
        Lead.objects.filter(pk=message.lead_id).update(company=company)
    assert send.send_due() == 1
    assert (now_is(first).status, now_is(second).status, last_move(second)[1]) == (
        "sent",
        "held",
        "colleague",
    )
    assert now_is(second).error.startswith(f"On hold: {first.lead} at {company} was emailed")
    assert ([entry["to"] for entry in ghl.sent_emails()], slots()) == ([first.to_address], 1)
    with pytest.raises(review_actions.ApprovalForbidden):
        review_actions.approve_email(now_is(second), 1, by=None)


@pytest.mark.parametrize(("band", "days"), [("hot", 7), ("low", 14)])
def test_stale_approval_returns_email_to_review(
    ghl: FakeGhl, clock: Any, band: str, days: int
) -> None:
    """After a long halt, say: the visit that the text speaks of is old news."""
    message = factories.cleared_email(**({"intent": 10, "tier": "tier_3"} if band == "low" else {}))
    assert message.band == band
    phase.halt_sending(by=None, reason="test")
    clock.shift(timedelta(days=days))
    phase.resume_sending(by=None, reason="test")
    assert send.send_due() == 0
    held = now_is(message)
    assert (held.status, last_move(message), held.transport) == ("held", ("held", "stale"), "")
    assert held.error == "It was approved on Mar 3, too long ago to leave unread."
    assert held.expires_at > timezone.now()
    assert (ghl.requests(), outcomes(), slots()) == ([], [], 0)
    review_actions.approve_email(held, 1, by=None)
    assert send.send_due() == 1


def test_email_waiting_a_few_days_is_sent(ghl: FakeGhl, clock: Any) -> None:
    factories.cleared_email()
    phase.halt_sending(by=None, reason="test")
    clock.shift(timedelta(days=2))
    phase.resume_sending(by=None, reason="test")
    assert send.send_due() == 1


def test_an_email_without_an_address_is_withdrawn(ghl: FakeGhl) -> None:
    message = factories.cleared_email()
    Message.objects.filter(pk=message.pk).update(to_address="")
    assert send.send_due() == 0
    assert (last_move(message), ghl.requests(), outcomes()) == (("withdrawn", "no_address"), [], [])


@pytest.mark.parametrize("transport", ["ghl", "history"])
def test_person_with_a_sent_email_gets_no_second_first_one(ghl: FakeGhl, transport: str) -> None:
    """Their earlier email came to light while this one was on its way, so nothing withdrew it."""
    message = factories.cleared_email()
    Message.objects.create(
        lead=message.lead, transport=transport, status="sent", sent_at=timezone.now(),
        to_address=message.to_address,
    )  # fmt: skip
    assert send.send_due() == 0
    assert last_move(message) == ("withdrawn", "written_before")
    assert now_is(message).error == "This person was emailed before."
    assert (ghl.sent_emails(), outcomes()) == ([], [])


def test_an_earlier_email_in_the_sandbox_is_no_contact(ghl: FakeGhl) -> None:
    message = factories.cleared_email()
    Message.objects.create(
        lead=message.lead, transport="sandbox", status="sent", sent_at=timezone.now(),
        to_address=message.to_address,
    )  # fmt: skip
    assert send.send_due() == 1
