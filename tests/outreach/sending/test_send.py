"""The door: at most once, only what was approved, only to whom we may, and nothing lost on the way."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from leads.models import Alarm, Lead, Suppression
from leads.suppression import suppression
from outreach.content import email_footer
from outreach.control import phase
from outreach.feedback import unsubscribes
from outreach.lifecycle.transitions import IllegalMove, StaleMessage
from outreach.models import DailySlots, Message, SandboxEmail, SendIntent
from outreach.review import review_actions
from outreach.sending import send, uncertain
from tests import factories
from tests.fakes.ghl import FakeGhl
from tests.outreach.conftest import WORKING

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender", "loose")]

UPSERT, CONTACT, SEND = (
    "POST /contacts/upsert",
    "GET /contacts/{id}",
    "POST /conversations/messages",
)
SEARCH, TALK = "GET /conversations/search", "GET /conversations/{id}/messages"
VERSIONS = ("2021-07-28", "2021-07-28", "2021-04-15", "2021-07-28", "2021-04-15")  # in that order
DEALS = "GET /opportunities/search"


def now_is(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)


def slots() -> int:
    return sum(DailySlots.objects.values_list("used", flat=True))


def outcomes() -> list[str]:
    return list(SendIntent.objects.order_by("pk").values_list("outcome", flat=True))


def away() -> timedelta:
    """For how long everything waits for GoHighLevel."""
    until = phase.current_control().away_until
    return until - timezone.now() if until else timedelta(0)


def last_move(message: Message) -> tuple[str, str]:
    return message.moves.values_list("to_status", "why").last()


def calls(ghl: FakeGhl) -> list[str]:
    return [request.route for request in ghl.requests()]


def during(ghl: FakeGhl, handler: str, do: Callable[[], Any]) -> None:
    """Let `do` happen while GoHighLevel works on a request."""
    act = getattr(ghl, handler)

    def both(request: Any) -> Any:
        do()
        return act(request)

    setattr(ghl, handler, both)


# --- What leaves ------------------------------------------------------------------------------------------------------


def test_an_approved_email_leaves_once_with_the_fields_ghl_allows(ghl: FakeGhl) -> None:
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
    assert calls(ghl) == [UPSERT, CONTACT, SEARCH, DEALS, SEND]
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
        entry["conversationId"], entry["messageId"], entry["emailMessageId"],
    )  # fmt: skip
    assert sent.sent_at is not None
    assert list(message.moves.values_list("from_status", "to_status", "why"))[1:] == [
        ("held", "cleared", "approved"), ("cleared", "sending", "door"), ("sending", "sent", "sent"),
    ]  # fmt: skip
    assert (outcomes(), slots()) == (["sent"], 1)
    assert send.send_due() == 0
    assert len(ghl.sent_emails()) == 1


def test_the_text_that_leaves_is_the_text_that_was_approved(ghl: FakeGhl, reviewer: User) -> None:
    message = factories.held_email()
    body = f"Hi Dana,\n\nA word about {message.lead.company.name} & <us>."
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
    assert "&amp; &lt;us&gt;." in entry["html"]


def test_the_contact_is_upserted_without_tags_and_without_do_not_disturb(ghl: FakeGhl) -> None:
    message = factories.cleared_email()
    known = ghl.add_contact(
        message.to_address, tags=["vip"], dndSettings={"SMS": {"status": "active"}}
    )
    assert send.send_due() == 1
    (request,) = ghl.requests(UPSERT)
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
    }
    contact = ghl.contact(known["id"])
    assert (contact["tags"], contact["dnd"], contact["dndSettings"]) == (
        ["vip"],
        False,
        {"SMS": {"status": "active"}},
    )


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


def test_an_earlier_email_of_ours_in_the_conversation_stops_nothing(ghl: FakeGhl) -> None:
    lead = factories.LeadFactory()
    factories.cleared_email(lead)
    assert send.send_due() == 1
    message = factories.held_email(lead)
    review_actions.approve_email(message, 1, by=None)
    assert send.send_due() == 1
    assert calls(ghl)[5:] == [UPSERT, CONTACT, SEARCH, TALK, DEALS, SEND]
    assert len(ghl.sent_emails()) == 2


# --- Whom we must not write to ----------------------------------------------------------------------------------------


def test_a_contact_with_another_address_gets_nothing(ghl: FakeGhl) -> None:
    message = factories.cleared_email()
    other = ghl.add_contact("somebody@else.test")
    ghl.on(UPSERT).status(200, {"new": False, "contact": other})
    assert send.send_due() == 0
    stopped = now_is(message)
    assert (stopped.status, last_move(message)) == ("failed", ("failed", "contact_mismatch"))
    assert stopped.error == "GoHighLevel returned a contact with another address."
    assert calls(ghl) == [UPSERT]
    assert (ghl.sent_emails(), outcomes(), slots(), Suppression.objects.count()) == ([], [], 0, 0)


def test_a_contact_that_has_another_address_by_the_time_it_is_read_gets_nothing(
    ghl: FakeGhl,
) -> None:
    message = factories.cleared_email()
    ghl.on(CONTACT).status(200, {"contact": {"id": "cnt_1", "email": "somebody@else.test"}})
    assert send.send_due() == 0
    assert last_move(message) == ("failed", "contact_mismatch")
    assert (ghl.sent_emails(), outcomes()) == ([], [])


@pytest.mark.parametrize("answer", [{}, {"contact": None}, {"contact": {}}])
@pytest.mark.parametrize("route", [UPSERT, CONTACT])
def test_an_answer_without_a_contact_is_never_taken_for_a_free_way(
    ghl: FakeGhl, route: str, answer: dict[str, Any]
) -> None:
    message = factories.cleared_email()
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
def test_do_not_disturb_at_ghl_fails_the_email_and_stops_the_person(
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


def test_any_reply_at_ghl_stops_the_email_and_shows_it_to_a_person(ghl: FakeGhl) -> None:
    message = factories.cleared_email(intent=10, tier="tier_3")
    ghl.receive_reply(ghl.add_contact(message.to_address))
    expired = timezone.now() - timedelta(days=1)
    Message.objects.filter(pk=message.pk).update(
        expires_at=expired, due_at=expired
    )  # it had waited for its turn
    assert send.send_due() == 0
    held = now_is(message)
    assert (held.status, last_move(message), held.transport) == ("held", ("held", "answered"), "")
    assert held.error == "GoHighLevel shows a message from them on 3 Mar 2026."
    assert (held.priority, held.rank) == ("critical", 0)
    assert held.due_at > timezone.now() and held.expires_at > timezone.now()
    assert review_actions.expire_due() == 0
    assert (ghl.requests(SEND), outcomes(), slots()) == ([], [], 0)


def test_a_text_message_from_the_person_stops_the_email_too(ghl: FakeGhl) -> None:
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


def test_a_reply_on_a_later_page_of_the_conversation_is_seen(ghl: FakeGhl) -> None:
    message = factories.cleared_email()
    contact = ghl.add_contact(message.to_address)
    ghl.receive_reply(contact)
    for _ in range(120):
        ghl.add_outbound(contact)
    assert send.send_due() == 0
    assert last_move(message) == ("held", "answered")
    assert len(ghl.requests(TALK)) == 2
    assert ghl.requests(SEND) == []


def test_who_is_suppressed_between_approval_and_sending_gets_nothing(ghl: FakeGhl) -> None:
    message = factories.cleared_email()
    suppression.suppress(message.to_address, "complained", "postmaster", message.lead)
    assert send.send_due() == 0
    stopped = now_is(message)
    assert (stopped.status, last_move(message)) == ("withdrawn", ("withdrawn", "suppressed"))
    assert stopped.error == "Complained of spam (postmaster)"
    assert (ghl.requests(), outcomes(), slots()) == ([], [], 0)


@pytest.mark.parametrize("scope", ["address", "domain", "person", "address_hash"])
def test_every_scope_of_suppression_holds_at_the_door(ghl: FakeGhl, scope: str) -> None:
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
def test_a_suppression_stops_the_sandbox_like_the_real_way(
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


def test_who_unsubscribed_by_an_older_email_gets_none_of_the_open_ones(ghl: FakeGhl) -> None:
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


def test_what_is_leaving_to_the_same_address_as_somebody_elses_stops_the_second(
    ghl: FakeGhl,
) -> None:
    first, second = factories.cleared_email(), factories.cleared_email()
    Message.objects.filter(pk=first.pk).update(
        status="sending",
        to_address=second.to_address,
        lease_until=timezone.now() + timedelta(minutes=3),
    )
    SendIntent.objects.create(
        message=first, transport="ghl", phase="parallel", day=timezone.now().date(), domain=first.domain,
        claimed_at=timezone.now(),
    )  # fmt: skip
    assert send.send_due() == 0
    assert (now_is(second).status, last_move(second)) == (
        "withdrawn",
        ("withdrawn", "same_address"),
    )
    assert (ghl.requests(), outcomes()) == ([], ["open"])


def test_an_address_that_turned_out_to_be_wrong_after_the_approval_gets_nothing(
    ghl: FakeGhl,
) -> None:
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


def test_who_is_found_to_be_in_a_country_that_is_not_allowed_gets_nothing(ghl: FakeGhl) -> None:
    message = factories.cleared_email()
    Lead.objects.filter(pk=message.lead_id).update(country="DE")
    assert send.send_due() == 0
    assert (now_is(message).status, last_move(message)) == ("withdrawn", ("withdrawn", "country"))
    assert (now_is(message).error, ghl.requests(), outcomes()) == (
        "DE is not in ALLOWED_COUNTRIES.",
        [],
        [],
    )


def test_of_two_colleagues_approved_at_one_moment_the_first_goes(ghl: FakeGhl) -> None:
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
    assert now_is(second).error.startswith(f"{first.lead} at {company} was written to")
    assert ([entry["to"] for entry in ghl.sent_emails()], slots()) == ([first.to_address], 1)
    with pytest.raises(review_actions.ApprovalForbidden):
        review_actions.approve_email(now_is(second), 1, by=None)


@pytest.mark.parametrize(("band", "days"), [("hot", 7), ("low", 14)])
def test_what_was_approved_too_long_ago_is_shown_to_a_person_again(
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
    assert held.error == "It was approved on 3 Mar, too long ago to leave unread."
    assert held.expires_at > timezone.now()
    assert (ghl.requests(), outcomes(), slots()) == ([], [], 0)
    review_actions.approve_email(held, 1, by=None)
    assert send.send_due() == 1


def test_what_waits_a_few_days_for_its_turn_leaves(ghl: FakeGhl, clock: Any) -> None:
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


# --- What GHL refuses -------------------------------------------------------------------------------------------------


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
@pytest.mark.parametrize("route", [UPSERT, SEND])
def test_a_refusal_fails_the_email_for_good_and_stops_the_address_where_it_says_so(
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


def test_every_complaint_of_a_422_is_shown(ghl: FakeGhl) -> None:
    message = factories.cleared_email()
    ghl.on(SEND).status(
        422, {"statusCode": 422, "message": ["html must be a string", "subject is long"]}
    )
    send.send_due()
    assert now_is(message).error.endswith("answered 422: html must be a string; subject is long")


def test_the_person_ghl_knows_as_unsubscribed_is_stopped_as_a_person(ghl: FakeGhl) -> None:
    message = factories.cleared_email()
    ghl.unsubscribe(message.to_address)
    assert send.send_due() == 0
    assert now_is(message).status == "failed"
    assert suppression.find_stop("new@address.test", message.lead).reason == "unsubscribed"
    assert ghl.sent_emails() == []


def test_a_wrong_token_loses_nothing_and_is_tried_once_a_minute_by_all_together(
    ghl: FakeGhl, clock: Any
) -> None:
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


def test_a_token_without_the_right_to_send_uses_up_no_slots(ghl: FakeGhl, clock: Any) -> None:
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
def test_a_contact_that_is_gone_is_made_anew_the_next_time(
    ghl: FakeGhl, clock: Any, route: str, status: int
) -> None:
    message = factories.cleared_email()
    ghl.on(route).status(status, GONE, times=1)
    assert send.send_due() == 0
    waiting = now_is(message)
    assert (waiting.status, waiting.waiting_for, slots(), ghl.sent_emails()) == (
        "cleared",
        "contact_gone",
        0,
        [],
    )
    clock.shift(timedelta(seconds=10))
    assert send.send_due() == 1
    assert (len(ghl.requests(UPSERT)), len(ghl.sent_emails()), slots()) == (2, 1, 1)


def test_a_contact_that_is_gone_time_after_time_is_shown_to_a_person(
    ghl: FakeGhl, clock: Any
) -> None:
    message = factories.cleared_email()
    ghl.on(CONTACT).status(404, GONE)
    for _ in range(5):
        assert now_is(message).status == "cleared"
        send.send_due()
        clock.shift(timedelta(minutes=5))
    assert last_move(message) == ("failed", "contact_gone")
    assert (ghl.sent_emails(), slots()) == ([], 0)


@pytest.mark.parametrize("route", [UPSERT, CONTACT, SEARCH, SEND])
def test_too_many_requests_means_later_and_uses_up_no_slot(
    ghl: FakeGhl, clock: Any, route: str
) -> None:
    message = factories.cleared_email()
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
def test_an_endless_retry_after_is_an_hour_at_most(ghl: FakeGhl, header: str) -> None:
    message = factories.cleared_email()
    ghl.on(SEND).status(429, {}, {"Retry-After": header}, times=1)
    assert send.send_due() == 0
    waiting = now_is(message)
    assert waiting.status == "cleared"
    assert timedelta(0) < away() <= timedelta(hours=1)


def test_our_own_rate_being_used_up_means_later_and_uses_up_no_slot(
    ghl: FakeGhl, clock: Any
) -> None:
    """33 calls in 5 s, 5 for each email: the seventh finds the rate used up before its fourth."""
    clock.move_to(
        WORKING.replace(microsecond=0), tick=False
    )  # a machine that pauses would give another window
    for _ in range(7):
        factories.cleared_email()
    assert send.send_due() == 6
    assert (len(ghl.sent_emails()), slots(), len(ghl.requests())) == (6, 6, 33)
    clock.shift(timedelta(seconds=6))
    assert send.send_due() == 1
    assert (len(ghl.sent_emails()), slots()) == (7, 7)


# --- What may or may not have left ------------------------------------------------------------------------------------

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
def test_an_answer_that_may_have_acted_is_never_resent_and_is_found_at_ghl(
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


def test_an_answer_that_does_not_come_is_uncertain(ghl: FakeGhl, clock: Any) -> None:
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


def test_not_found_at_ghl_proves_nothing_and_is_looked_for_ever_more_rarely(
    ghl: FakeGhl, clock: Any
) -> None:
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


def test_what_appears_late_in_the_conversation_is_found_late(ghl: FakeGhl, clock: Any) -> None:
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


def test_an_email_that_is_not_ours_is_no_proof(ghl: FakeGhl, clock: Any) -> None:
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
def test_looking_survives_a_broken_answer_and_goes_on_with_the_next(
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


def test_a_person_says_that_it_was_sent(ghl: FakeGhl, reviewer: User) -> None:
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


def test_a_person_says_that_it_was_not_sent_and_only_then_it_can_be_sent_again(
    ghl: FakeGhl, clock: Any
) -> None:
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
def test_only_what_is_uncertain_can_be_settled_by_a_person(ghl: FakeGhl, was_sent: bool) -> None:
    message = factories.cleared_email()
    with pytest.raises(IllegalMove):
        uncertain.settle_by_person(message, was_sent=was_sent, by=None, reason="x")
    assert now_is(message).status == "cleared"
    send.send_due()
    with pytest.raises(IllegalMove):
        uncertain.settle_by_person(now_is(message), was_sent=was_sent, by=None, reason="x")
    assert (now_is(message).status, outcomes()) == ("sent", ["sent"])


def test_a_person_who_is_second_changes_nothing(ghl: FakeGhl) -> None:
    message = uncertain_email(ghl)
    uncertain.settle_by_person(now_is(message), was_sent=True, by=None, reason="first")
    with pytest.raises(StaleMessage):
        uncertain.settle_by_person(message, was_sent=False, by=None, reason="second")
    assert (now_is(message).status, outcomes()) == ("sent", ["sent"])


def test_the_database_knows_at_most_one_send_of_an_email(ghl: FakeGhl) -> None:
    message = factories.cleared_email()
    send.send_due()
    intent = SendIntent.objects.get()
    for outcome in ("open", "sent", "uncertain"):
        with pytest.raises(IntegrityError), transaction.atomic():
            SendIntent.objects.create(
                message=message, transport="ghl", phase="parallel", day=intent.day, domain="x",
                claimed_at=timezone.now(), outcome=outcome,
            )  # fmt: skip
    assert SendIntent.objects.count() == 1


# --- GHL away, processes dead, our own faults -------------------------------------------------------------------------


def test_ghl_being_down_loses_nothing(ghl: FakeGhl, clock: Any) -> None:
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


def test_ghl_going_down_before_the_sending_call_loses_nothing_and_uses_up_no_slot(
    ghl: FakeGhl, settings: Any
) -> None:
    message = factories.cleared_email()

    def nobody_listens() -> None:
        settings.GHL_BASE_URL = "http://127.0.0.1:9"

    during(ghl, "search_opportunities", nobody_listens)
    assert send.send_due() == 0
    waiting = now_is(message)
    assert (waiting.status, outcomes(), slots(), ghl.sent_emails()) == (
        "cleared",
        ["not_sent"],
        0,
        [],
    )
    assert waiting.error.startswith("no connection to 127.0.0.1")


@pytest.mark.parametrize("route", [UPSERT, CONTACT, SEARCH, TALK])
@pytest.mark.parametrize(
    "fault",
    [lambda s: s.status(500), lambda s: s.status(503), lambda s: s.close_before(), lambda s: s.garbage(),
     lambda s: s.act_then_close()],
    ids=["500", "503", "hangs up", "no JSON", "reset"],
)  # fmt: skip
def test_trouble_before_the_sending_call_puts_the_email_back(
    ghl: FakeGhl, route: str, fault: Callable[[Any], Any]
) -> None:
    message = factories.cleared_email()
    ghl.add_outbound(ghl.add_contact(message.to_address))
    fault(ghl.on(route))
    assert send.send_due() == 0
    waiting = now_is(message)
    assert (waiting.status, waiting.waiting_for, last_move(message)) == (
        "cleared", "ghl_unavailable", ("cleared", "later"),
    )  # fmt: skip
    assert waiting.error and away() > timedelta(0)
    assert (ghl.sent_emails(), outcomes(), slots()) == ([], [], 0)


def test_a_fault_of_ours_on_one_email_does_not_hold_up_the_others(ghl: FakeGhl, clock: Any) -> None:
    broken, fine = factories.cleared_email(), factories.cleared_email(intent=10, tier="tier_3")
    ghl.on(UPSERT, containing=broken.to_address).status(200, [], times=1)
    assert send.send_due() == 1
    waiting = now_is(broken)
    assert (waiting.status, last_move(broken)) == ("cleared", ("cleared", "recovered"))
    assert re.match(r"^\w+Error: ", waiting.error) and waiting.not_before > timezone.now()
    assert now_is(fine).status == "sent"
    clock.shift(timedelta(minutes=1))
    assert send.send_due() == 1
    assert [entry["to"] for entry in ghl.sent_emails()] == [fine.to_address, broken.to_address]


def test_an_email_that_has_an_open_intent_is_not_sent_again_whatever_its_state_says(
    ghl: FakeGhl,
) -> None:
    message = factories.cleared_email()
    SendIntent.objects.create(
        message=message, transport="ghl", phase="parallel", day=timezone.now().date(), domain=message.domain,
        claimed_at=timezone.now(),
    )  # fmt: skip
    assert send.send_due() == 0
    assert (now_is(message).status, ghl.requests(SEND), outcomes(), slots()) == (
        "uncertain",
        [],
        ["uncertain"],
        0,
    )


def left_at_the_door(**lease: Any) -> Message:
    message = factories.cleared_email()
    Message.objects.filter(pk=message.pk).update(
        status="sending", lease_until=timezone.now() + timedelta(**lease), attempts=1
    )
    return now_is(message)


def test_what_a_dead_process_left_before_its_intent_goes_back_and_is_sent_once(
    ghl: FakeGhl,
) -> None:
    message = left_at_the_door(seconds=-1)
    assert uncertain.recover_expired_leases() == 1
    assert (now_is(message).status, last_move(message)) == ("cleared", ("cleared", "recovered"))
    assert send.send_due() == 1
    assert len(ghl.sent_emails()) == 1


def test_what_a_dead_process_left_after_its_intent_is_uncertain(ghl: FakeGhl) -> None:
    message = left_at_the_door(seconds=-1)
    intent = SendIntent.objects.create(
        message=message, transport="ghl", phase="parallel", day=timezone.now().date(), domain=message.domain,
        claimed_at=timezone.now() - timedelta(minutes=3),
    )  # fmt: skip
    assert uncertain.recover_expired_leases() == 1
    doubtful = now_is(message)
    assert (doubtful.status, doubtful.uncertain_at) == ("uncertain", intent.claimed_at)
    assert doubtful.error == "The process ended during the call to GoHighLevel."
    assert (send.send_due(), uncertain.recover_expired_leases(), ghl.requests()) == (0, 0, [])


def test_what_is_under_its_lease_is_left_alone() -> None:
    message = left_at_the_door(seconds=60)
    assert uncertain.recover_expired_leases() == 0
    assert now_is(message).status == "sending"


def test_who_was_too_slow_for_the_lease_does_not_send(ghl: FakeGhl, clock: Any) -> None:
    message = factories.cleared_email()
    during(
        ghl, "search_conversations", lambda: clock.shift(send.SEND_LEASE - timedelta(seconds=10))
    )
    assert send.send_due() == 0
    assert (now_is(message).status, ghl.requests(SEND), outcomes(), slots()) == (
        "sending",
        [],
        [],
        0,
    )
    del ghl.search_conversations
    clock.shift(timedelta(seconds=20))
    assert uncertain.recover_expired_leases() == 1
    assert send.send_due() == 1
    assert (len(ghl.sent_emails()), now_is(message).status) == (1, "sent")


# --- Halt -------------------------------------------------------------------------------------------------------------


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
        ("upsert_contact", [UPSERT]),
        ("get_contact", [UPSERT, CONTACT]),
        ("search_conversations", [UPSERT, CONTACT, SEARCH]),
        ("conversation_messages", [UPSERT, CONTACT, SEARCH, TALK]),
        ("search_opportunities", [UPSERT, CONTACT, SEARCH, TALK, DEALS]),
    ],
)
def test_a_stop_between_two_calls_lets_no_further_call_begin(
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


# --- The sandbox and transports ---------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("kind", ["example", "test", "training"])
def test_people_who_are_not_live_never_reach_ghl(ghl: FakeGhl, kind: str) -> None:
    message = factories.cleared_email(factories.LeadFactory(kind=kind))
    assert send.send_due() == 1
    assert (now_is(message).status, SandboxEmail.objects.count(), ghl.requests()) == ("sent", 1, [])


@pytest.mark.parametrize("kind", ["example", "test", "training"])
def test_the_database_refuses_ghl_for_people_who_are_not_live(ghl: FakeGhl, kind: str) -> None:
    message = factories.cleared_email(factories.LeadFactory(kind=kind))
    with pytest.raises(IntegrityError, match="only_live_people_leave_by_ghl"), transaction.atomic():
        Message.objects.filter(pk=message.pk).update(transport="ghl")
    assert now_is(message).transport == "sandbox"


@pytest.mark.parametrize("kind", ["example", "test", "training"])
def test_a_live_email_whose_person_is_not_live_any_more_is_withdrawn_at_the_door(
    ghl: FakeGhl, kind: str
) -> None:
    message = factories.cleared_email()
    Lead.objects.filter(pk=message.lead_id).update(kind=kind)
    assert send.send_due() == 0
    assert (last_move(message), ghl.requests(), outcomes()) == (
        ("withdrawn", "undeliverable"),
        [],
        [],
    )
    assert SandboxEmail.objects.count() == 0


def test_what_was_approved_for_ghl_never_leaves_by_the_sandbox(ghl: FakeGhl, settings: Any) -> None:
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


def test_what_was_approved_for_the_sandbox_never_leaves_by_ghl(ghl: FakeGhl, settings: Any) -> None:
    settings.SANDBOXED = ["ghl"]
    message = factories.cleared_email()
    settings.SANDBOXED = []
    assert send.send_due() == 1
    assert (now_is(message).status, SandboxEmail.objects.count(), ghl.requests()) == ("sent", 1, [])


def test_without_a_transport_it_goes_back_to_people(ghl: FakeGhl) -> None:
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
def test_an_answer_without_the_conversation_is_never_taken_for_silence(
    ghl: FakeGhl, route: str, answer: object
) -> None:
    message = factories.cleared_email()
    contact = ghl.add_contact(message.to_address)
    ghl.add_outbound(contact, "Earlier", "Hello")
    ghl.on(route).status(200, answer)
    send.send_due(most=1)
    assert (now_is(message).status, now_is(message).waiting_for) == ("cleared", "ghl_unavailable")
    assert (ghl.sent_emails(), slots()) == ([], 0)


def test_an_address_that_was_written_to_as_somebody_elses_is_withdrawn(ghl: FakeGhl) -> None:
    first, second = factories.held_email(), factories.cleared_email()
    Message.objects.filter(pk=first.pk).update(status="sent", to_address=second.to_address)
    send.send_due()
    assert (now_is(second).status, last_move(second)) == (
        "withdrawn",
        ("withdrawn", "same_address"),
    )
    assert ghl.sent_emails() == []
