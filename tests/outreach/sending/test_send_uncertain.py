"""A call with an unknown outcome is never repeated; the email is searched for."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from outreach.lifecycle.transitions import IllegalMove, StaleMessage
from outreach.models import Message, SendIntent
from outreach.review import review_actions
from outreach.sending import send, uncertain
from tests import factories
from tests.fakes.ghl import FakeGhl
from tests.outreach.sending.send_steps import SEND, TALK, last_move, now_is, outcomes, slots

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender", "loose")]


AMBIGUOUS: dict[str, Callable[[Any], Any]] = {
    "reset after accepting": lambda script: script.act_then_close(times=1),
    "500 after accepting": lambda script: script.act_then_status(500, {"message": "oops"}, times=1),
    "502 after accepting": lambda script: script.act_then_status(502, "<html>", times=1),
    "408 after accepting": lambda script: script.act_then_status(
        408, {"message": "Request Timeout"}, times=1
    ),
    "no JSON after accepting": lambda script: script.act_then_garbage(times=1),
    "nothing after accepting": lambda script: script.act_then_status(201, None, times=1),
    "a list after accepting": lambda script: script.act_then_status(201, [], times=1),
    "null after accepting": lambda script: script.act_then_status(201, "null", times=1),
    "no ids after accepting": lambda script: script.act_then_status(201, {"msg": "ok"}, times=1),
}


@pytest.mark.parametrize("ambiguous", AMBIGUOUS.values(), ids=AMBIGUOUS.keys())
def test_ambiguous_answer_is_never_resent_but_found(
    ghl: FakeGhl, clock: Any, ambiguous: Callable[[Any], Any]
) -> None:
    message, other = factories.cleared_email(), factories.cleared_email(intent=10, tier="tier_3")
    ambiguous(ghl.on(SEND))
    send.send_due()
    doubtful = now_is(message)
    assert (doubtful.status, last_move(message)) == ("uncertain", ("uncertain", "uncertain"))
    assert doubtful.error and doubtful.uncertain_at is not None
    assert now_is(other).status == "sent"  # one that hangs does not hold up the next
    assert [entry["to"] for entry in ghl.sent_emails()] == [message.to_address, other.to_address]
    assert (outcomes(), slots()) == (["uncertain", "sent"], 2)

    for _ in range(3):
        clock.shift(timedelta(minutes=10))
        assert (send.send_due(), uncertain.recover_expired_leases()) == (0, 0)
    assert len(ghl.requests(SEND)) == 2

    assert uncertain.settle_due() == 1
    sent = now_is(message)
    entry = ghl.sent_emails(message.to_address)[0]
    assert (sent.status, last_move(message), sent.error) == ("sent", ("sent", "found_at_ghl"), "")
    assert (sent.ghl_message_id, sent.ghl_email_message_id) == (
        entry["messageId"],
        entry["emailMessageId"],
    )
    assert outcomes() == ["sent", "sent"]
    assert len(ghl.sent_emails()) == 2
    assert uncertain.settle_due() == 0


@pytest.mark.sqlite_is_enough
def test_missing_answer_makes_email_uncertain(ghl: FakeGhl, clock: Any) -> None:
    """Takes the whole deadline of the sending call."""
    message = factories.cleared_email()
    ghl.on(SEND).act_then_delay(60, times=1)
    assert send.send_due() == 1
    assert (now_is(message).status, outcomes(), len(ghl.sent_emails())) == (
        "uncertain",
        ["uncertain"],
        1,
    )
    clock.shift(timedelta(seconds=6))
    assert uncertain.settle_due() == 1
    assert (now_is(message).status, len(ghl.sent_emails())) == ("sent", 1)


def test_email_not_found_is_searched_ever_more_rarely(ghl: FakeGhl, clock: Any) -> None:
    message = factories.cleared_email()
    ghl.on(SEND).close_before(times=1)
    send.send_due()
    clock.shift(timedelta(seconds=6))
    looks = 0
    for wait in (30, 60, 120, 240, 480, 1800, 1800):
        assert uncertain.settle_due() == 1
        looks += 1
        doubtful = now_is(message)
        assert (doubtful.status, doubtful.lease_until) == ("uncertain", None)
        assert doubtful.not_before - timezone.now() == pytest.approx(
            timedelta(seconds=wait), abs=timedelta(seconds=2)
        )
        clock.shift(timedelta(seconds=wait - 5))
        assert uncertain.settle_due() == 0
        clock.shift(timedelta(seconds=6))
    assert SendIntent.objects.get().looks == looks
    assert (send.send_due(), ghl.sent_emails(), len(ghl.requests(SEND))) == (0, [], 1)


def test_email_shown_late_is_found_late(ghl: FakeGhl, clock: Any) -> None:
    message = factories.cleared_email()
    ghl.lose_from_conversation(0.5, times=1)
    ghl.on(SEND).act_then_close(times=1)
    send.send_due()
    clock.shift(timedelta(seconds=6))
    uncertain.settle_due()
    assert now_is(message).status == "uncertain"
    clock.shift(timedelta(seconds=31))
    ghl.wait_for(lambda: ghl._visible())
    uncertain.settle_due()
    assert (now_is(message).status, len(ghl.sent_emails())) == ("sent", 1)


def test_other_emails_prove_nothing(ghl: FakeGhl, clock: Any) -> None:
    message, other = factories.cleared_email(), factories.cleared_email()
    ghl.on(SEND).close_before(times=2)
    send.send_due()
    contact = now_is(message).ghl_contact_id
    ghl.add_outbound(contact, body="<p>By hand</p>")
    ghl.add_outbound(contact, body=f"<p>Another's link: /u/{other.unsubscribe_token}</p>")
    ghl.receive_reply(contact, body=f"<p>You wrote: /u/{message.unsubscribe_token}</p>")
    clock.shift(timedelta(seconds=6))
    uncertain.settle_due()
    assert now_is(message).status == "uncertain"


@pytest.mark.parametrize(
    "fault", [lambda s: s.status(500), lambda s: s.garbage(), lambda s: s.status(200, [])]
)
def test_broken_search_does_not_block_the_next(
    ghl: FakeGhl, clock: Any, fault: Callable[[Any], Any]
) -> None:
    broken, fine = factories.cleared_email(), factories.cleared_email()
    ghl.on(SEND).act_then_close(times=2)
    send.send_due()
    clock.shift(timedelta(seconds=6))
    fault(ghl.on(TALK))
    assert uncertain.settle_due() == 2
    assert {now_is(m).status for m in (broken, fine)} == {"uncertain"}
    ghl.clear_behaviours()
    clock.shift(timedelta(minutes=2))
    assert uncertain.settle_due() == 2
    assert {now_is(m).status for m in (broken, fine)} == {"sent"}
    assert len(ghl.sent_emails()) == 2


def uncertain_email(ghl: FakeGhl) -> Message:
    message = factories.cleared_email()
    ghl.on(SEND).close_before(times=1)
    assert send.send_due() == 1
    return now_is(message)


def test_person_settles_as_sent(ghl: FakeGhl, reviewer: User) -> None:
    message = uncertain_email(ghl)
    sent = uncertain.settle_by_person(
        message, was_sent=True, by=reviewer, reason="I see it in the conversation."
    )
    assert (sent.status, outcomes()) == ("sent", ["sent"])
    assert sent.sent_at == SendIntent.objects.get().claimed_at
    assert (message.moves.last().by, message.moves.last().reason.text) == (
        reviewer,
        "I see it in the conversation.",
    )


def test_person_settles_as_not_sent_and_it_resends(ghl: FakeGhl, clock: Any) -> None:
    message = uncertain_email(ghl)
    clock.shift(timedelta(days=20))  # past the end it had when it was held first
    held = uncertain.settle_by_person(message, was_sent=False, by=None, reason="It is not there.")
    assert (held.status, held.transport, outcomes()) == ("held", "", ["not_sent"])
    assert review_actions.expire_due() == 0
    assert send.send_due() == 0
    review_actions.approve_email(held, 1, by=None)
    assert send.send_due() == 1
    assert (len(ghl.sent_emails()), outcomes()) == (1, ["not_sent", "sent"])


@pytest.mark.parametrize("was_sent", [True, False])
def test_only_uncertain_emails_can_be_settled(ghl: FakeGhl, was_sent: bool) -> None:
    message = factories.cleared_email()
    with pytest.raises(IllegalMove):
        uncertain.settle_by_person(message, was_sent=was_sent, by=None, reason="x")
    assert now_is(message).status == "cleared"
    send.send_due()
    with pytest.raises(IllegalMove):
        uncertain.settle_by_person(now_is(message), was_sent=was_sent, by=None, reason="x")
    assert (now_is(message).status, outcomes()) == ("sent", ["sent"])


def test_second_settlement_changes_nothing(ghl: FakeGhl) -> None:
    message = uncertain_email(ghl)
    uncertain.settle_by_person(now_is(message), was_sent=True, by=None, reason="first")
    with pytest.raises(StaleMessage):
        uncertain.settle_by_person(message, was_sent=False, by=None, reason="second")
    assert (now_is(message).status, outcomes()) == ("sent", ["sent"])


def test_database_allows_one_send_per_email(ghl: FakeGhl) -> None:
    message = factories.cleared_email()
    send.send_due()
    intent = SendIntent.objects.get()
    for outcome in ("open", "sent", "uncertain"):
        with pytest.raises(IntegrityError), transaction.atomic():
            SendIntent.objects.create(
                message=message,
                transport="ghl",
                phase="parallel",
                day=intent.day,
                domain="x",
                claimed_at=timezone.now(),
                outcome=outcome,
            )
    assert SendIntent.objects.count() == 1
