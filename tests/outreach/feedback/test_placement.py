"""Whom a message to us concerns: by contact, address, thread, conversation, quoted link."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from leads.imports import ghl_contacts
from leads.inbound import events
from leads.models import InboundEvent, Suppression
from leads.suppression import suppression
from outreach.feedback import apply_feedback, placement, polling_round, webhook_inbox
from outreach.integrations.ghl import ghl_facts
from outreach.integrations.ghl.ghl_facts import MessageFact
from outreach.models import Message, Reply
from tests import factories
from tests.fakes.ghl import FakeGhl
from tests.outreach.back import make_sent_email, reload_email

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender", "loose")]

STOP = "Please take me off your list."
UNKNOWN = "dana.private@home.test"


def message_to_us(**fields: Any) -> MessageFact:
    values = {
        "id": "eml-in-1",
        "message_id": "msg-in-1",
        "contact_id": "contact-nobody-knows",
        "address": UNKNOWN,
        "is_inbound": True,
        "channel": "email",
        "subject": "Re: A question",
        "body": STOP,
        "at": timezone.now(),
    }
    return MessageFact(**{**values, **fields})


def how_it_can_be_placed(message: Message) -> dict[str, dict[str, str]]:
    quote = f"{STOP} <a href='https://caio.example.com/u/{message.unsubscribe_token}'>x</a>"
    return {
        "contact": {"contact_id": message.ghl_contact_id},
        "thread": {"thread_id": message.ghl_message_id},
        "thread of the email's own id": {"thread_id": message.ghl_email_message_id},
        "conversation": {"conversation_id": message.ghl_conversation_id},
        "link": {"body": quote},
        "link in plain text": {"body": f"{STOP}\n> /u/{message.unsubscribe_token}"},
        "address": {"address": message.to_address},
    }


WAYS = (
    "contact", "thread", "thread of the email's own id", "conversation", "link",
    "link in plain text", "address",
)  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_a_stop_is_placed_and_stops_sender_and_person(ghl: FakeGhl, way: str) -> None:
    message = make_sent_email(ghl)
    fact = message_to_us(**how_it_can_be_placed(message)[way])

    assert apply_feedback.apply_fact(fact, "webhook") == message.lead

    reply = Reply.objects.get()
    assert (reply.lead, reply.message, reply.kind) == (message.lead, message, "stop")
    stopped = set(Suppression.objects.filter(scope="address").values_list("value", flat=True))
    assert {message.to_address, fact.address} <= stopped
    assert suppression.find_stop("", message.lead) is not None


@pytest.mark.parametrize("way", WAYS)
def test_an_answer_is_placed_and_withdraws_what_is_open(ghl: FakeGhl, way: str) -> None:
    message = make_sent_email(ghl)
    fields = how_it_can_be_placed(message)[way]
    body = fields.pop("body", STOP).replace(STOP, "Sounds good, call me.")
    open_one = factories.cleared_email(message.lead)

    apply_feedback.apply_fact(message_to_us(**fields, body=body), "poll")

    assert reload_email(open_one).status == "withdrawn"
    assert Suppression.objects.count() == 0


def test_a_stop_of_a_colleague_stops_both(ghl: FakeGhl) -> None:
    message, colleague = make_sent_email(ghl), factories.LeadFactory(email="sam@other.test")
    fact = message_to_us(address="sam@other.test", thread_id=message.ghl_message_id)

    assert apply_feedback.apply_fact(fact, "webhook") == colleague
    for lead in (message.lead, colleague):
        stop = suppression.find_stop("", lead)
        assert stop is not None and stop.reason == "unsubscribed"


def test_practice_emails_place_nothing(ghl: FakeGhl) -> None:
    message = make_sent_email(ghl)
    Message.objects.filter(pk=message.pk).update(kind="training", transport="sandbox")
    fact = message_to_us(thread_id=message.ghl_message_id)
    assert apply_feedback.apply_fact(fact, "webhook") is None


# --- What cannot be placed


def stored(fact: MessageFact) -> InboundEvent:
    """The event after it was worked off, as polling stores it."""
    one = events.store_event("ghl_poll", ghl_facts.dump_fact(fact))
    webhook_inbox.process_inbox()
    return InboundEvent.objects.get(public_id=one.public_id)


def test_what_cannot_be_placed_is_kept_with_a_reason(db: None) -> None:
    event = stored(message_to_us(body="Who are you?"))

    assert (event.state, event.reason_code) == ("processed", placement.UNPLACED_CODE)
    assert json.loads(bytes(event.body))["body"] == "Who are you?"
    assert Reply.objects.count() == 0 and Suppression.objects.count() == 0


def test_a_stop_that_cannot_be_placed_stops_its_address(db: None) -> None:
    event = stored(message_to_us())

    assert event.body and event.reason_code == placement.UNPLACED_CODE
    stop = suppression.find_stop(UNKNOWN)
    assert stop is not None and stop.reason == "unsubscribed"


@pytest.mark.parametrize("body", ["I find this creepy.", "Sounds good.", ""])
def test_no_address_is_stopped_by_what_is_no_certain_stop(db: None, body: str) -> None:
    stored(message_to_us(body=body))
    assert Suppression.objects.count() == 0


def test_nothing_is_kept_of_an_erased_person(db: None) -> None:
    Suppression.objects.create(
        scope="address_hash", value=suppression.erased_hash(UNKNOWN), reason="erased", source="x"
    )
    event = stored(message_to_us())
    assert (bytes(event.body), event.reason_code) == (b"", "")


def test_a_polled_message_that_cannot_be_placed_is_kept_once(db: None) -> None:
    one_round = polling_round.PollingRound({}, lambda: None, polling_round.RoundLimits(), 0)
    fact = message_to_us()
    one_round.apply_fact(fact)
    one_round.apply_fact(fact)
    webhook_inbox.process_inbox()
    assert InboundEvent.objects.get().reason_code == placement.UNPLACED_CODE


def test_it_is_placed_by_a_replay_once_its_sender_is_known(ghl: FakeGhl) -> None:
    from caio_project.event_vault import replay_plan

    event = stored(message_to_us(body="Yes, call me."))
    lead = factories.LeadFactory(email=UNKNOWN)

    (outcome,) = replay_plan.run_replay([event])

    event.refresh_from_db()
    assert outcome.ok and (event.about, event.reason_code) == (lead, "")
    assert Reply.objects.get().lead == lead


def test_it_is_placed_once_the_contacts_were_imported(ghl: FakeGhl) -> None:
    """At the cutover the conversations of a location are read before its people are leads."""
    event = stored(message_to_us(body="Yes, call me."))
    other = stored(message_to_us(address="x@stranger.test", thread_id="t2", body="And me."))
    ghl.add_contact(UNKNOWN)

    ghl_contacts.import_contacts(5)
    webhook_inbox.process_inbox()

    event.refresh_from_db()
    other.refresh_from_db()
    assert event.about is not None
    assert (event.about.email, event.reason_code) == (UNKNOWN, "")
    assert (other.state, other.reason_code) == ("processed", placement.UNPLACED_CODE)
    assert Reply.objects.get().lead.email == UNKNOWN


def test_outbound_and_other_facts_are_not_kept(db: None) -> None:
    event = stored(message_to_us(is_inbound=False, address="x@nobody.test"))
    assert (bytes(event.body), event.reason_code) == (b"", "")


def test_what_cannot_be_placed_is_counted_and_listed(db: None, admin_client: Client) -> None:
    stored(message_to_us(body="Who are you?"))
    events.store_event("ghl", b"{}")

    page = admin_client.get(reverse("sent")).content.decode()
    assert "1 message to us in 14 days that we cannot place" in " ".join(page.split())
    vault = admin_client.get(reverse("admin:leads_inboundevent_changelist"), {"note": "unplaced"})
    assert vault.context["cl"].result_count == 1


def test_who_may_not_use_the_admin_gets_no_link_there(
    db: None, client: Client, viewer: User
) -> None:
    stored(message_to_us(body="Who are you?"))
    User.objects.filter(pk=viewer.pk).update(is_staff=False)
    client.force_login(viewer)
    page = " ".join(client.get(reverse("sent")).content.decode().split())
    assert "1 message to us in 14 days that we cannot place" in page
    assert "with access to the admin can read it there" in page and "note=unplaced" not in page
