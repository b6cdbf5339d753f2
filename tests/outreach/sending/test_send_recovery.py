"""Outages, dead processes, own faults and halts lose no email and send none twice."""

import re
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from leads.integrations import ghl as ghl_client
from outreach.control import phase
from outreach.control.phase import ANSWER_HOLDS
from outreach.feedback import unsubscribes
from outreach.models import Message, SendIntent
from outreach.sending import send, uncertain
from tests import factories
from tests.fakes.ghl import FakeGhl
from tests.outreach.sending.send_steps import (
    CONTACT,
    CREATE,
    DEALS,
    FIND,
    SEARCH,
    SEND,
    TALK,
    UPDATE,
    away,
    calls,
    during,
    last_move,
    now_is,
    outcomes,
    slots,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender", "loose")]


def test_outage_loses_nothing(ghl: FakeGhl, clock: Any) -> None:
    message = factories.cleared_email()
    ghl.stop()
    assert send.send_due() == 0
    waiting = now_is(message)
    assert (waiting.status, waiting.waiting_for, waiting.lease_until) == (
        "cleared",
        "ghl_unavailable",
        None,
    )
    assert waiting.error.startswith("no connection to 127.0.0.1")
    assert away() > timedelta(0) and waiting.not_before < timezone.now()  # it keeps its turn
    assert (outcomes(), slots()) == ([], 0)
    ghl.start()
    clock.shift(timedelta(minutes=1))
    assert send.send_due() == 1
    assert (now_is(message).status, len(ghl.sent_emails())) == ("sent", 1)


def test_outage_before_sending_call_gives_slot_back(ghl: FakeGhl, settings: Any) -> None:
    message = factories.cleared_email()

    def nobody_listens() -> None:
        settings.GHL_BASE_URL = "http://127.0.0.1:9"

    during(ghl, "create_contact", nobody_listens)
    assert send.send_due() == 0
    waiting = now_is(message)
    assert (waiting.status, outcomes(), slots(), ghl.sent_emails()) == (
        "cleared",
        ["not_sent"],
        0,
        [],
    )
    assert waiting.error.startswith("no connection to 127.0.0.1")


@pytest.mark.parametrize("route", [FIND, CONTACT, SEARCH, TALK])
@pytest.mark.parametrize(
    "fault",
    [
        lambda s: s.status(500),
        lambda s: s.status(503),
        lambda s: s.close_before(),
        lambda s: s.garbage(),
        lambda s: s.act_then_close(),
    ],
    ids=["500", "503", "hangs up", "no JSON", "reset"],
)
def test_failure_before_sending_call_returns_the_email(
    ghl: FakeGhl, route: str, fault: Callable[[Any], Any]
) -> None:
    message = factories.cleared_email()
    ghl.add_outbound(ghl.add_contact(message.to_address))
    fault(ghl.on(route))
    assert send.send_due() == 0
    waiting = now_is(message)
    assert (waiting.status, waiting.waiting_for, last_move(message)) == (
        "cleared",
        "ghl_unavailable",
        ("cleared", "later"),
    )
    assert waiting.error and away() > timedelta(0)
    assert (ghl.sent_emails(), outcomes(), slots()) == ([], [], 0)


def test_own_fault_does_not_block_other_emails(ghl: FakeGhl, clock: Any) -> None:
    broken, fine = factories.cleared_email(), factories.cleared_email(intent=10, tier="tier_3")
    ghl.on(CREATE, containing=broken.to_address).status(200, [], times=1)
    assert send.send_due() == 1
    waiting = now_is(broken)
    assert (waiting.status, last_move(broken)) == ("cleared", ("cleared", "recovered"))
    assert re.match(r"^\w+Error: ", waiting.error) and waiting.not_before > timezone.now()
    assert now_is(fine).status == "sent"
    clock.shift(timedelta(minutes=1))
    assert send.send_due() == 1
    assert [entry["to"] for entry in ghl.sent_emails()] == [fine.to_address, broken.to_address]


def test_open_intent_prevents_a_second_send(ghl: FakeGhl) -> None:
    message = factories.cleared_email()
    SendIntent.objects.create(
        message=message,
        transport="ghl",
        phase="parallel",
        day=timezone.now().date(),
        domain=message.domain,
        claimed_at=timezone.now(),
    )
    assert send.send_due() == 0
    assert (now_is(message).status, ghl.requests(SEND), outcomes(), slots()) == (
        "uncertain",
        [],
        ["uncertain"],
        0,
    )


def claimed_email_with_lease(**lease: Any) -> Message:
    message = factories.cleared_email()
    Message.objects.filter(pk=message.pk).update(
        status="sending", lease_until=timezone.now() + timedelta(**lease), attempts=1
    )
    return now_is(message)


def test_lease_expired_before_intent_is_sent_once(ghl: FakeGhl) -> None:
    message = claimed_email_with_lease(seconds=-1)
    assert uncertain.recover_expired_leases() == 1
    assert (now_is(message).status, last_move(message)) == ("cleared", ("cleared", "recovered"))
    assert send.send_due() == 1
    assert len(ghl.sent_emails()) == 1


def test_lease_expired_after_intent_is_uncertain(ghl: FakeGhl) -> None:
    message = claimed_email_with_lease(seconds=-1)
    intent = SendIntent.objects.create(
        message=message,
        transport="ghl",
        phase="parallel",
        day=timezone.now().date(),
        domain=message.domain,
        claimed_at=timezone.now() - timedelta(minutes=3),
    )
    assert uncertain.recover_expired_leases() == 1
    doubtful = now_is(message)
    assert (doubtful.status, doubtful.uncertain_at) == ("uncertain", intent.claimed_at)
    assert doubtful.error == "The process ended during the call to GoHighLevel."
    assert (send.send_due(), uncertain.recover_expired_leases(), ghl.requests()) == (0, 0, [])


def test_email_under_lease_is_left_alone() -> None:
    message = claimed_email_with_lease(seconds=60)
    assert uncertain.recover_expired_leases() == 0
    assert now_is(message).status == "sending"


def test_worker_slower_than_its_lease_does_not_send(ghl: FakeGhl, clock: Any) -> None:
    message = factories.cleared_email()
    during(ghl, "create_contact", lambda: clock.shift(send.SEND_LEASE - timedelta(seconds=10)))
    assert send.send_due() == 0
    assert (now_is(message).status, ghl.requests(SEND), outcomes(), slots()) == (
        "sending",
        [],
        [],
        0,
    )
    del ghl.create_contact
    clock.shift(timedelta(seconds=20))
    assert uncertain.recover_expired_leases() == 1
    assert send.send_due() == 1
    assert (len(ghl.sent_emails()), now_is(message).status) == (1, "sent")


def test_a_halt_stops_every_call_and_loses_nothing(ghl: FakeGhl, reviewer: User) -> None:
    message = factories.cleared_email()
    phase.halt_sending(by=reviewer, reason="test")
    assert send.send_due() == 0
    assert (ghl.requests(), now_is(message).status, outcomes()) == ([], "cleared", [])
    phase.resume_sending(by=None, reason="test")
    assert send.send_due() == 1


def test_the_emergency_stop_stops_every_call(ghl: FakeGhl, settings: Any) -> None:
    settings.EMERGENCY_STOP = True
    message = factories.cleared_email()
    assert send.send_due() == 0
    assert (ghl.requests(), now_is(message).status, outcomes()) == ([], "cleared", [])


@pytest.mark.parametrize(
    ("handler", "made"),
    [
        ("find_duplicate", [FIND]),
        ("get_contact", [FIND, CONTACT]),
        ("search_conversations", [FIND, CONTACT, SEARCH]),
        ("conversation_messages", [FIND, CONTACT, SEARCH, TALK]),
        ("search_opportunities", [FIND, CONTACT, SEARCH, TALK, DEALS]),
        ("update_contact", [FIND, CONTACT, SEARCH, TALK, DEALS, UPDATE]),
    ],
)
def test_halt_between_calls_prevents_the_next_call(
    ghl: FakeGhl, settings: Any, handler: str, made: list[str]
) -> None:
    message, other = factories.cleared_email(), factories.cleared_email()
    ghl.add_outbound(ghl.add_contact(message.to_address), date_added="2025-01-07T10:00:00Z")

    def stop() -> None:
        settings.EMERGENCY_STOP = True

    during(ghl, handler, stop)
    assert send.send_due() == 0
    assert calls(ghl) == made
    assert (now_is(message).status, now_is(other).status, outcomes(), slots()) == (
        "cleared",
        "cleared",
        [],
        0,
    )
    assert now_is(message).waiting_for == "halted"


def after_the_claim(monkeypatch: pytest.MonkeyPatch, do: Callable[[], Any]) -> None:
    """Let `do` happen between the claim of the slot and the call, which then waits its turn."""
    claim = send.send_slots.claim_slot

    def claim_and_do(*args: Any, **kwargs: Any) -> SendIntent:
        intent = claim(*args, **kwargs)
        monkeypatch.setattr(ghl_client, "_await_turn", do)
        return intent

    monkeypatch.setattr(send.send_slots, "claim_slot", claim_and_do)


def test_process_that_stood_still_does_not_send_what_a_person_settled(
    ghl: FakeGhl, clock: Any, monkeypatch: pytest.MonkeyPatch, reviewer: User
) -> None:
    """The machine slept after the claim: meanwhile the email was uncertain, and is held again."""
    message = factories.cleared_email()

    def sleep_and_settle() -> None:
        clock.shift(timedelta(minutes=20))
        assert uncertain.recover_expired_leases() == 1
        uncertain.settle_by_person(
            now_is(message), was_sent=False, by=reviewer, reason="It is not in the conversation."
        )

    after_the_claim(monkeypatch, sleep_and_settle)
    send.send_due()

    assert ghl.sent_emails() == []
    assert (now_is(message).status, outcomes()) == ("held", ["not_sent"])


def test_call_that_begins_too_late_is_given_back(
    ghl: FakeGhl, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody has taken the email over yet; during the call somebody would."""
    message = factories.cleared_email()
    after_the_claim(monkeypatch, lambda: clock.shift(timedelta(seconds=170)))
    assert send.send_due(most=1) == 0

    waiting = now_is(message)
    assert ghl.sent_emails() == []
    assert (waiting.status, waiting.waiting_for, slots()) == ("cleared", "recovery", 0)
    assert outcomes() == ["not_sent"]
    monkeypatch.undo()
    clock.shift(timedelta(minutes=1))
    send.send_due()
    assert len(ghl.sent_emails()) == 1


def test_stop_while_the_call_waits_its_turn_is_heard(
    ghl: FakeGhl, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GoHighLevel's rate may be used up for five seconds after the slot was claimed."""
    message = factories.cleared_email()

    def wait_and_unsubscribe() -> None:
        unsubscribes.unsubscribe_by_token(message.unsubscribe_token)
        time.sleep(ANSWER_HOLDS + 0.1)

    after_the_claim(monkeypatch, wait_and_unsubscribe)
    assert send.send_due() == 0

    assert ghl.sent_emails() == []
    assert last_move(message) == ("withdrawn", "suppressed")
    assert (outcomes(), slots()) == (["not_sent"], 0)
