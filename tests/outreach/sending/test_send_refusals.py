"""What GoHighLevel refuses, and what makes every email wait."""

from datetime import timedelta
from typing import Any

import pytest

from leads.integrations import ghl as contacts
from leads.integrations import rates
from leads.models import Alarm
from leads.suppression import suppression
from outreach.sending import send
from tests import factories
from tests.fakes.ghl import FakeGhl
from tests.outreach.conftest import WORKING
from tests.outreach.sending.send_steps import (
    CONTACT,
    CREATE,
    FIND,
    SEARCH,
    SEND,
    away,
    last_move,
    now_is,
    outcomes,
    slots,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender", "loose")]


def bad_request(text: str) -> dict[str, Any]:
    return {"statusCode": 400, "message": text, "error": "Bad Request", "traceId": "t"}


@pytest.mark.parametrize(
    ("status", "body", "why", "reason"),
    [
        (
            400,
            bad_request("Cannot send message as DND is active for Email."),
            "dnd",
            "unsubscribed",
        ),
        (
            400,
            bad_request("Cannot send email as x@y.test has unsubscribed"),
            "unsubscribed",
            "unsubscribed",
        ),
        (
            400,
            bad_request("Unable to send e-mail, contact's e-mail is invalid"),
            "invalid",
            "invalid",
        ),
        (
            422,
            {"statusCode": 422, "message": ["subject is long", "email must be an email"]},
            "invalid",
            "invalid",
        ),
        (422, {"statusCode": 422, "message": ["emailTo must be an email"]}, "invalid", "invalid"),
        (422, {"statusCode": 422, "message": ["emailFrom must be an email"]}, "refused", None),
        (422, {"statusCode": 422, "message": ["html must be a string", "x"]}, "refused", None),
        (400, bad_request("Missing phone number"), "refused", None),
        (404, {"message": "Cannot POST"}, "refused", None),
        (302, "", "refused", None),
    ],
)
@pytest.mark.parametrize("route", [CREATE, SEND])
def test_refusal_fails_email_and_may_suppress_address(
    ghl: FakeGhl, route: str, status: int, body: Any, why: str, reason: str | None
) -> None:
    message = factories.cleared_email()
    ghl.on(route).status(status, body)
    assert send.send_due() == 0
    failed = now_is(message)
    assert (failed.status, last_move(message)) == ("failed", ("failed", why))
    assert f"answered {status}" in failed.error
    stop = suppression.find_stop(message.to_address)
    assert (stop.reason if stop else None) == reason
    assert ghl.sent_emails() == []
    assert (outcomes(), slots()) == (["refused"] if route == SEND else [], 0)
    count = len(ghl.requests())
    assert send.send_due() == 0
    assert len(ghl.requests()) == count


def test_every_message_of_a_422_is_shown(ghl: FakeGhl) -> None:
    message = factories.cleared_email()
    ghl.on(SEND).status(
        422, {"statusCode": 422, "message": ["html must be a string", "subject is long"]}
    )
    send.send_due()
    assert now_is(message).error.endswith("answered 422: html must be a string; subject is long")


def test_unsubscribe_at_ghl_suppresses_the_person(ghl: FakeGhl) -> None:
    message = factories.cleared_email()
    ghl.unsubscribe(message.to_address)
    assert send.send_due() == 0
    assert now_is(message).status == "failed"
    assert suppression.find_stop("new@address.test", message.lead).reason == "unsubscribed"
    assert ghl.sent_emails() == []


def test_wrong_token_makes_every_email_wait(ghl: FakeGhl, clock: Any) -> None:
    messages = [factories.cleared_email() for _ in range(3)]
    ghl.configure(token="pit-rotated")
    assert send.send_due() == 0
    assert [(now_is(message).status, now_is(message).transport) for message in messages] == [
        ("cleared", "ghl")
    ] * 3
    assert "answered 401" in now_is(messages[0]).error
    assert [now_is(message).waiting_for for message in messages] == ["ghl_config", "undo", "undo"]
    assert len(ghl.requests()) == 1
    assert Alarm.objects.get().key == "ghl:token"
    assert send.send_due() == 0
    assert len(ghl.requests()) == 1
    ghl.configure(token="pit-test")
    clock.shift(timedelta(minutes=5))
    assert send.send_due() == 3
    assert (len(ghl.sent_emails()), slots(), outcomes()) == (3, 3, ["sent"] * 3)
    assert Alarm.objects.get().closed_at is not None


def test_token_without_send_scope_uses_no_slots(ghl: FakeGhl, clock: Any) -> None:
    message = factories.cleared_email()
    ghl.on(SEND).status(
        401, {"statusCode": 401, "message": "The token is not authorized for this scope."}, times=30
    )
    for _ in range(30):
        assert send.send_due() == 0
        clock.shift(timedelta(minutes=5))
    assert (now_is(message).status, slots(), set(outcomes())) == ("cleared", 0, {"not_sent"})
    (alarm,) = Alarm.objects.all()
    assert (
        alarm.text
        == "GoHighLevel: our token lacks the scope conversations/message.write. Add it there."
    )
    assert send.send_due() == 1
    assert (len(ghl.sent_emails()), slots()) == (1, 1)
    alarm.refresh_from_db()
    assert alarm.closed_at is not None


GONE = {"statusCode": 404, "message": "Contact with id cnt_1 not found"}


@pytest.mark.parametrize("route", [CONTACT, SEARCH, SEND])
@pytest.mark.parametrize("status", [400, 404])
def test_missing_contact_is_created_again(
    ghl: FakeGhl, clock: Any, route: str, status: int
) -> None:
    """Where somebody deletes it between two calls."""
    message = factories.cleared_email()
    contact = ghl.add_contact(message.to_address)
    ghl.on(route).status(status, GONE, times=1)
    assert send.send_due() == 0
    waiting = now_is(message)
    assert (waiting.status, waiting.waiting_for, slots(), ghl.sent_emails()) == (
        "cleared",
        "contact_gone",
        0,
        [],
    )
    del ghl._contacts[contact["id"]]
    clock.shift(timedelta(seconds=10))
    assert send.send_due() == 1
    assert (len(ghl.requests(FIND)), len(ghl.requests(CREATE))) == (2, 1)
    assert (len(ghl.sent_emails()), slots()) == (1, 1)


def test_contact_missing_five_times_fails_the_email(ghl: FakeGhl, clock: Any) -> None:
    message = factories.cleared_email()
    ghl.add_contact(message.to_address)
    ghl.on(CONTACT).status(404, GONE)
    for _ in range(5):
        assert now_is(message).status == "cleared"
        send.send_due()
        clock.shift(timedelta(minutes=5))
    assert last_move(message) == ("failed", "contact_gone")
    assert (ghl.sent_emails(), slots()) == ([], 0)


@pytest.mark.parametrize("route", [CREATE, CONTACT, SEARCH, SEND])
def test_too_many_requests_postpones_without_using_slots(
    ghl: FakeGhl, clock: Any, route: str
) -> None:
    message = factories.cleared_email()
    if route in (CONTACT, SEARCH):
        ghl.add_contact(message.to_address)
    ghl.on(route).status(
        429, {"statusCode": 429, "message": "Too Many Requests"}, {"Retry-After": "40"}, times=1
    )
    assert send.send_due() == 0
    waiting = now_is(message)
    assert (waiting.status, waiting.waiting_for) == ("cleared", "ghl_unavailable")
    assert timedelta(seconds=35) < away() <= timedelta(seconds=40)
    assert (ghl.sent_emails(), slots()) == ([], 0)
    assert send.send_due() == 0
    clock.shift(timedelta(seconds=41))
    assert send.send_due() == 1
    assert (len(ghl.sent_emails()), slots(), now_is(message).status) == (1, 1, "sent")


@pytest.mark.parametrize("header", ["99999999999999999999", "9" * 400])
def test_retry_after_is_capped_at_an_hour(ghl: FakeGhl, header: str) -> None:
    message = factories.cleared_email()
    ghl.on(SEND).status(429, {}, {"Retry-After": header}, times=1)
    assert send.send_due() == 0
    waiting = now_is(message)
    assert waiting.status == "cleared"
    assert timedelta(0) < away() <= timedelta(hours=1)


def test_own_rate_limit_postpones_without_using_slots(
    ghl: FakeGhl, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """17 calls, 3 for each email: the sixth finds the rate used up before it is sent, for longer
    than a call waits.
    """
    monkeypatch.setattr(contacts, "PACE", rates.Pace(17, contacts.LONGEST_TURN_WAIT + 1))
    clock.move_to(
        WORKING.replace(microsecond=0), tick=False
    )  # a machine that pauses would give another window
    for _ in range(7):
        factories.cleared_email()
    assert send.send_due() == 5
    assert (len(ghl.sent_emails()), slots(), len(ghl.requests())) == (5, 5, 17)
    assert outcomes()[5:] == ["not_sent"]
    clock.shift(timedelta(seconds=60))
    assert send.send_due() == 2
    assert (len(ghl.sent_emails()), slots()) == (7, 7)
