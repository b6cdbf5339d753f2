"""GoHighLevel is asked about a recipient, and what it shows needs a person's decision."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from leads.models import Alarm, Suppression
from leads.suppression import suppression
from outreach.contact_history import ghl_check
from outreach.control import phase
from outreach.drafting import drafts
from outreach.lifecycle.transitions import StaleMessage
from outreach.models import GhlLook, Message, Opportunity, Reply
from outreach.review import ghl_lookup, review_actions
from outreach.sending import send, uncertain
from tests import factories
from tests.fakes.clock import iso
from tests.fakes.ghl import FakeGhl

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender", "loose")]

FIND, SEARCH, TALK = (
    "GET /contacts/search/duplicate",
    "GET /conversations/search",
    "GET /conversations/{id}/messages",
)
DEALS, SEND = "GET /opportunities/search", "POST /conversations/messages"
EMAIL = "GoHighLevel shows an email to them on Mar 3, 2026."
DEAL = "GoHighLevel shows an open deal: Northline pilot."


def now_is(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)


def known(ghl: FakeGhl, message: Message, **more: Any) -> dict[str, Any]:
    return ghl.add_contact(message.to_address, **more)


def emailed(ghl: FakeGhl, contact: dict[str, Any], at: datetime | None = None) -> None:
    ghl.add_outbound(contact, date_added=iso(at) if at else None)


def routes(ghl: FakeGhl) -> list[str]:
    return [request.route for request in ghl.requests()]


def low(**more: Any) -> Message:
    return factories.held_email(intent=10, tier="tier_3", **more)


# --- What it shows --------------------------------------------------------------------------------


def test_who_is_not_known_there_is_asked_about_once(ghl: FakeGhl) -> None:
    message = low()
    assert ghl_check.check_summary(message) == "Not checked at GoHighLevel yet."
    assert ghl_lookup.check_due() == 1
    assert ghl_check.check_summary(message) == "Checked at GoHighLevel: They are not known there."
    (request,) = ghl.requests()
    assert request.query == {"locationId": "loc-test", "email": message.to_address}
    assert (ghl_lookup.check_due(), now_is(message).critical_reason, now_is(message).rank) == (
        0,
        "",
        2,
    )


def test_an_earlier_email_makes_it_critical_before_anybody_decides(ghl: FakeGhl) -> None:
    message = low()
    emailed(ghl, known(ghl, message))
    assert ghl_lookup.check_due() == 1
    critical = now_is(message)
    assert (critical.status, critical.critical_reason, critical.rank, critical.priority) == (
        "held",
        EMAIL,
        0,
        "critical",
    )
    assert ghl_check.check_summary(critical) == f"Checked at GoHighLevel: {EMAIL}"
    assert routes(ghl) == [FIND, SEARCH, TALK, DEALS]


@pytest.mark.parametrize(
    ("days", "reason"), [(179, "GoHighLevel shows an email to them on Sep 5, 2025."), (181, "")]
)
def test_an_email_counts_for_180_days(ghl: FakeGhl, days: int, reason: str) -> None:
    message = low()
    emailed(ghl, known(ghl, message), timezone.now() - timedelta(days=days))
    ghl_lookup.check_due()
    assert now_is(message).critical_reason == reason


def test_a_message_from_them_makes_it_critical(ghl: FakeGhl) -> None:
    message = low()
    ghl.receive_reply(known(ghl, message))
    ghl_lookup.check_due()
    assert (
        now_is(message).critical_reason == "GoHighLevel shows a message from them on Mar 3, 2026."
    )


def test_an_email_of_ours_is_no_surprise(ghl: FakeGhl) -> None:
    lead = factories.LeadFactory()
    factories.cleared_email(lead)
    send.send_due()
    message = factories.held_email(lead)
    ghl_lookup.check_due()
    assert now_is(message).critical_reason == ""
    assert (
        ghl_check.check_summary(message)
        == "Checked at GoHighLevel: No earlier email, no open deal."
    )


def test_an_open_deal_makes_it_critical_and_others_do_not(ghl: FakeGhl) -> None:
    message, other = low(), low()
    contact = known(ghl, message)
    ghl.add_opportunity(contact, name="Northline pilot")
    ghl.add_opportunity(contact, name="Lost", status="lost")
    ghl.add_opportunity(known(ghl, other), name="Won", status="won")
    assert ghl_lookup.check_due() == 2
    assert (now_is(message).critical_reason, now_is(other).critical_reason) == (DEAL, "")


def test_a_filter_that_is_not_understood_makes_nobodys_deals_theirs(ghl: FakeGhl) -> None:
    message = low()
    known(ghl, message)
    foreign = ghl.add_opportunity(ghl.add_contact("somebody@else.test"))
    ghl.on(DEALS).status(200, {"opportunities": [foreign], "meta": {"total": 1}})
    ghl_lookup.check_due()
    assert now_is(message).critical_reason == ""
    assert GhlLook.objects.get().looked_at is not None


def test_accepted_spelling_of_parameters_is_remembered(ghl: FakeGhl) -> None:
    ghl.configure(opportunity_params="snake")
    messages = [low(), low()]
    for message in messages:
        ghl.add_opportunity(known(ghl, message), name="Northline pilot")
    assert ghl_lookup.check_due() == 2
    assert [now_is(message).critical_reason for message in messages] == [DEAL, DEAL]
    asked = [sorted(request.query) for request in ghl.requests(DEALS)]
    assert asked == [
        ["contactId", "limit", "locationId", "status"],
        ["contact_id", "limit", "location_id", "status"],
        ["contact_id", "limit", "location_id", "status"],
    ]
    ghl.configure(opportunity_params="camel")
    third = low()
    ghl.add_opportunity(known(ghl, third), name="Northline pilot")
    ghl_lookup.check_due()
    assert now_is(third).critical_reason == DEAL


def test_do_not_disturb_stops_the_person_before_anybody_decides(ghl: FakeGhl) -> None:
    message = low()
    known(ghl, message, dndSettings={"Email": {"status": "active"}})
    ghl_lookup.check_due()
    assert (now_is(message).status, message.moves.last().why) == ("withdrawn", "suppressed")
    assert suppression.find_stop("another@address.test", message.lead).reason == "unsubscribed"


CUSTOMER = [{"tags": ["customer"]}, {"type": "customer"}]


@pytest.mark.parametrize("more", CUSTOMER)
def test_a_customer_at_gohighlevel_gets_no_first_email(ghl: FakeGhl, more: dict[str, Any]) -> None:
    message = low()
    known(ghl, message, **more)
    ghl_lookup.check_due()
    assert (now_is(message).status, suppression.find_stop(message.to_address).reason) == (
        "withdrawn",
        "customer",
    )


@pytest.mark.parametrize("more", CUSTOMER)
def test_who_became_a_customer_since_it_was_approved_gets_nothing(
    ghl: FakeGhl, more: dict[str, Any]
) -> None:
    message = low()
    approved(message)
    known(ghl, message, **more)
    assert send.send_due() == 0
    stopped = now_is(message)
    assert (stopped.status, stopped.error) == ("withdrawn", "Customer (GoHighLevel)")
    assert (ghl.requests(SEND), suppression.find_stop(message.to_address).reason) == (
        [],
        "customer",
    )


def test_a_reason_of_our_own_stays_beside_it(ghl: FakeGhl) -> None:
    lead = factories.LeadFactory()
    message = low(lead=lead)
    message.moves.model.objects.create(
        message=message, from_status="sending", to_status="held", why="answered", version=1
    )
    emailed(ghl, known(ghl, message))
    ghl_lookup.check_due()
    assert now_is(message).critical_reason == f"This person has answered before. {EMAIL}"


def test_a_draft_that_is_written_anew_keeps_the_reason(ghl: FakeGhl) -> None:
    message = low()
    emailed(ghl, known(ghl, message))
    ghl_lookup.check_due()
    drafts.rewrite_draft(
        now_is(message), factories.AssessmentFactory(lead=message.lead, intent=55, tier="tier_2")
    )
    written = now_is(message)
    assert (written.band, written.critical_reason, written.rank) == ("warm", EMAIL, 0)


def test_outdated_critical_reason_is_removed(ghl: FakeGhl, clock: Any) -> None:
    message = low()
    deal = ghl.add_opportunity(known(ghl, message), name="Northline pilot")
    ghl_lookup.check_due()
    ghl._opportunities[deal["id"]]["status"] = "lost"
    clock.shift(ghl_check.FRESH_FOR + timedelta(minutes=1))
    ghl_check.request_check(message)
    assert ghl_lookup.check_due() == 1
    assert (now_is(message).critical_reason, now_is(message).rank) == ("", 2)


# --- When it is asked -----------------------------------------------------------------------------


def test_most_urgent_emails_are_checked_first_in_batches(ghl: FakeGhl) -> None:
    cold, hot = low(), factories.held_email()
    assert ghl_lookup.check_due(batch=1) == 1
    assert (
        ghl_check.ghl_check_of(hot).looked_at is not None,
        ghl_check.ghl_check_of(cold).looked_at,
    ) == (True, None)


def test_check_is_repeated_after_some_hours(ghl: FakeGhl, clock: Any) -> None:
    message = low()
    assert (
        ghl_check.why_not_auto_approvable(message, timezone.now())
        == "it is not checked at GoHighLevel, or too long ago"
    )
    ghl_lookup.check_due()
    ghl_check.request_check(message)
    assert (ghl_check.why_not_auto_approvable(message, timezone.now()), ghl_lookup.check_due()) == (
        "",
        0,
    )
    clock.shift(ghl_check.FRESH_FOR + timedelta(minutes=1))
    assert ghl_check.why_not_auto_approvable(message, timezone.now()) != ""
    ghl_check.request_check(message)
    assert (ghl_lookup.check_due(), ghl_check.why_not_auto_approvable(message, timezone.now())) == (
        1,
        "",
    )


def test_a_look_is_at_one_address(ghl: FakeGhl) -> None:
    message = low()
    ghl_lookup.check_due()
    message.to_address = "new@address.test"
    assert ghl_check.why_not_auto_approvable(message, timezone.now()) != ""


def test_in_the_sandbox_nobody_is_asked_and_it_says_so(ghl: FakeGhl, settings: Any) -> None:
    settings.SANDBOXED = ["ghl"]
    message = low()
    assert (ghl_lookup.check_due(), ghl.requests()) == (0, [])
    assert ghl_check.check_summary(message) == "GoHighLevel is in the sandbox: not checked."
    assert (
        ghl_check.why_not_auto_approvable(message, timezone.now()) == ""
    )  # it cannot reach anybody
    settings.SANDBOXED = []
    assert ghl_check.why_not_auto_approvable(message, timezone.now()) != ""
    assert ghl_lookup.check_due() == 1


@pytest.mark.parametrize("kind", ["example", "test", "training"])
def test_people_who_are_not_live_are_never_asked_about(ghl: FakeGhl, kind: str) -> None:
    message = low(lead=factories.LeadFactory(kind=kind))
    assert (
        ghl_lookup.check_due(),
        ghl.requests(),
        GhlLook.objects.count(),
        ghl_check.check_summary(message),
    ) == (0, [], 0, "")


def test_a_halt_lets_no_further_call_begin(ghl: FakeGhl, settings: Any) -> None:
    message = low()
    phase.halt_sending(by=None, reason="test")
    assert (ghl_lookup.check_due(), ghl.requests()) == (0, [])
    phase.resume_sending(by=None, reason="test")
    emailed(ghl, known(ghl, message))
    act = ghl.search_conversations

    def stopped_meanwhile(request: Any) -> Any:
        settings.EMERGENCY_STOP = True
        return act(request)

    ghl.search_conversations = stopped_meanwhile
    assert ghl_lookup.check_due() == 1
    assert (routes(ghl), ghl_check.ghl_check_of(message).looked_at) == ([FIND, SEARCH], None)


def test_what_is_decided_is_not_looked_for(ghl: FakeGhl) -> None:
    review_actions.withdraw_email(low(), by=None)
    review_actions.approve_email(low(), 1, by=None)
    assert (ghl_lookup.check_due(), ghl.requests()) == (0, [])


def test_an_approval_that_is_undone_is_looked_for(ghl: FakeGhl) -> None:
    message = low()
    GhlLook.objects.all().delete()  # as one from before there were looks
    review_actions.undo_approval(review_actions.approve_email(message, 1, by=None), by=None)
    assert ghl_lookup.check_due() == 1


def test_leased_check_is_left_to_its_sweep(ghl: FakeGhl, clock: Any) -> None:
    low()
    GhlLook.objects.update(lease_until=timezone.now() + timedelta(seconds=60))
    assert (ghl_lookup.check_due(), ghl.requests()) == (0, [])
    clock.shift(timedelta(seconds=61))
    assert ghl_lookup.check_due() == 1


# --- When it cannot be asked ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (lambda s: s.status(500, {"message": "oops"}), "answered 500: oops"),
        (lambda s: s.status(200, {}), "answered without saying whether there is a contact"),
        (lambda s: s.garbage(), "answered something that is not JSON"),
        (
            lambda s: s.status(401, {"message": "The token is not authorized for this scope."}),
            "answered 401",
        ),
        (
            lambda s: s.status(422, {"message": ["email must be an email"]}),
            "answered 422: email must be an email",
        ),
    ],
)
def test_while_it_cannot_be_asked_the_email_says_so(
    ghl: FakeGhl, clock: Any, fault: Any, said: str
) -> None:
    message = low()
    fault(ghl.on(FIND))
    assert ghl_lookup.check_due() == 1
    words = ghl_check.check_summary(message)
    assert words.startswith("Not checked at GoHighLevel yet.") and said in words
    assert ghl_check.why_not_auto_approvable(message, timezone.now()) != ""
    assert ghl_lookup.check_due() == 0
    ghl.clear_behaviours()
    clock.shift(timedelta(seconds=30))
    assert ghl_lookup.check_due() == 1
    assert ghl_check.check_summary(message) == "Checked at GoHighLevel: They are not known there."
    assert Suppression.objects.count() == 0


@pytest.mark.parametrize("route", [SEARCH, TALK, DEALS])
def test_half_a_look_is_none(ghl: FakeGhl, route: str) -> None:
    message = low()
    emailed(ghl, known(ghl, message))
    ghl.on(route).status(503)
    ghl_lookup.check_due()
    assert (now_is(message).critical_reason, ghl_check.ghl_check_of(message).looked_at) == (
        "",
        None,
    )


def test_where_it_is_away_the_others_are_not_tried(ghl: FakeGhl) -> None:
    for _ in range(3):
        low()
    ghl.stop()
    assert ghl_lookup.check_due() == 1
    assert sum(look.attempts for look in GhlLook.objects.all()) == 1


def test_one_that_is_refused_does_not_hold_up_the_others(ghl: FakeGhl) -> None:
    bad, good = factories.held_email(), low()
    known(ghl, bad)
    ghl.on(SEARCH).status(400, {"message": "Contact with id x not found"})
    assert ghl_lookup.check_due() == 2
    assert (
        ghl_check.ghl_check_of(bad).looked_at,
        ghl_check.ghl_check_of(good).looked_at is not None,
    ) == (None, True)


# --- A person approves ----------------------------------------------------------------------------


def approved(message: Message) -> Message:
    current = now_is(message)
    return review_actions.approve_email(current, current.version, by=None)


def test_what_stood_beside_it_when_it_was_approved_stops_nothing(ghl: FakeGhl) -> None:
    message = low()
    contact = known(ghl, message)
    emailed(ghl, contact)
    ghl.receive_reply(contact)
    ghl.add_opportunity(contact, name="Northline pilot")
    ghl_lookup.check_due()
    approved(message)
    assert send.send_due() == 1
    assert (now_is(message).status, len(ghl.sent_emails())) == ("sent", 1)


@pytest.mark.parametrize(
    ("happens", "why", "reason"),
    [
        (lambda ghl, contact: emailed(ghl, contact), "known_at_ghl", EMAIL),
        (
            lambda ghl, contact: ghl.add_opportunity(contact, name="Northline pilot"),
            "known_at_ghl",
            DEAL,
        ),
        (
            lambda ghl, contact: ghl.receive_reply(contact),
            "answered",
            "GoHighLevel shows a message from them on Mar 3, 2026.",
        ),
    ],
    ids=["an email of somebody else", "a deal", "an answer"],
)
@pytest.mark.parametrize("looked", [True, False])
def test_new_findings_hold_the_email_once_as_critical(
    ghl: FakeGhl, looked: bool, happens: Any, why: str, reason: str
) -> None:
    message = low()
    contact = known(ghl, message)
    if looked:
        ghl_lookup.check_due()
    approved(message)
    happens(ghl, contact)
    assert send.send_due() == 0
    held = now_is(message)
    assert (held.status, held.moves.last().why, held.error, held.rank) == ("held", why, reason, 0)
    assert reason in held.critical_reason
    assert (ghl.requests(SEND), held.transport) == ([], "")
    assert ghl_lookup.check_due() == 0  # the final checks asked just now
    approved(message)
    assert send.send_due() == 1
    assert len(ghl.sent_emails()) == 1


def reply(message: Message, **more: Any) -> Reply:
    said = {
        "sorted_as": "positive",
        "source": "poll",
        "received_at": timezone.now(),
        "noted_at": timezone.now(),
    }
    return Reply.objects.create(lead=message.lead, **{**said, **more})


def test_facts_polled_before_approval_are_not_new(ghl: FakeGhl) -> None:
    message = low()
    contact = known(ghl, message)
    deal = ghl.add_opportunity(contact, name="Northline pilot")
    at = timezone.now()
    Opportunity.objects.create(
        ghl_id=deal["id"], lead=message.lead, status="open", opened_at=at, changed_at=at
    )
    ghl.receive_reply(contact)
    reply(message, ghl_message_id="msg_1")
    approved(message)
    assert send.send_due() == 1


def test_an_automatic_answer_stops_nothing(ghl: FakeGhl) -> None:
    message = low()
    said = ghl.receive_reply(known(ghl, message))
    reply(message, ghl_message_id=said["emailMessageId"], sorted_as="out_of_office")
    ghl_lookup.check_due()
    assert now_is(message).critical_reason == ""
    approved(message)
    assert send.send_due() == 1


def test_a_deal_that_is_known_by_polling_is_named_once(ghl: FakeGhl) -> None:
    message = low()
    deal = ghl.add_opportunity(known(ghl, message), name="Northline pilot")
    at = timezone.now()
    Opportunity.objects.create(
        ghl_id=deal["id"], lead=message.lead, status="open", opened_at=at, changed_at=at
    )
    ghl_lookup.check_due()
    assert now_is(message).critical_reason == DEAL


def test_something_more_brings_it_back_again(ghl: FakeGhl, clock: Any) -> None:
    message = low()
    contact = known(ghl, message)
    for name in ("First", "Second"):
        ghl.add_opportunity(contact, name=name)
        approved(message)
        assert send.send_due() == 0
        assert now_is(message).error == f"GoHighLevel shows an open deal: {name}."
    assert now_is(message).critical_reason == "GoHighLevel shows open deals: Second, First."
    approved(message)
    assert send.send_due() == 1


def test_reason_added_while_approving_refuses_approval(ghl: FakeGhl, reviewer: User) -> None:
    message = low()
    as_it_was_shown = now_is(message)
    emailed(ghl, known(ghl, message))
    ghl_lookup.check_due()
    with pytest.raises(StaleMessage):
        review_actions.approve_email(as_it_was_shown, 1, by=reviewer)
    assert (now_is(message).status, ghl_check.ghl_check_of(message).seen) == ("held", {})


def test_unreadable_deals_neither_send_nor_refuse(ghl: FakeGhl, clock: Any) -> None:
    message = low()
    known(ghl, message)
    ghl.on(DEALS).status(401, {"message": "The token is not authorized for this scope."}, times=1)
    approved(message)
    assert send.send_due() == 0
    assert (now_is(message).status, now_is(message).waiting_for) == ("cleared", "ghl_config")
    assert "opportunities.readonly" in Alarm.objects.get().text
    clock.shift(timedelta(minutes=6))
    assert send.send_due() == 1


# --- A conversation that lists threads ------------------------------------------------------------


def in_thread(ghl: FakeGhl) -> tuple[Message, dict[str, Any]]:
    """A follow-up that waits, and the first email of its thread as GoHighLevel has it."""
    ghl.configure(thread_rows=True)
    first = factories.cleared_email(intent=10, tier="tier_3")
    assert send.send_due() == 1
    first.refresh_from_db()
    second = Message.objects.create(
        lead=first.lead,
        follows=first,
        step=2,
        status="held",
        version=1,
        to_address=first.to_address,
        band="low",
    )
    text = first.text
    text.pk, text.message = None, second
    text.footer = text.footer.replace(first.unsubscribe_token, second.unsubscribe_token)
    text.save()
    GhlLook.objects.create(message=second)
    return second, ghl.sent_emails()[0]


def test_in_a_thread_of_ours_nothing_is_news(ghl: FakeGhl) -> None:
    message, _ = in_thread(ghl)
    ghl_lookup.check_due()
    assert (
        now_is(message).critical_reason,
        ghl.requests("GET /conversations/messages/email/{id}"),
    ) == ("", [])


def test_an_answer_inside_a_thread_of_ours_is_seen(ghl: FakeGhl) -> None:
    message, first = in_thread(ghl)
    ghl.receive_reply(first["contactId"])
    (row,) = ghl._rows(ghl._visible())
    assert (row["direction"], len(row["meta"]["email"]["messageIds"])) == ("outbound", 2)
    ghl_lookup.check_due()
    assert "a message from them on Mar 3, 2026" in now_is(message).critical_reason


def test_an_automatic_answer_inside_a_thread_is_none(ghl: FakeGhl) -> None:
    message, first = in_thread(ghl)
    said = ghl.receive_reply(first["contactId"])
    reply(message, ghl_message_id=said["emailMessageId"], sorted_as="out_of_office")
    ghl_lookup.check_due()
    assert now_is(message).critical_reason == ""


def test_uncertain_follow_up_is_found_in_its_thread(ghl: FakeGhl, clock: Any) -> None:
    message, first = in_thread(ghl)
    clock.shift(timedelta(days=3))
    approved(message)
    ghl.on(SEND).act_then_close(times=1)
    assert send.send_due() == 1
    assert now_is(message).status == "uncertain"
    clock.shift(timedelta(seconds=6))
    uncertain.settle_due()
    sent = now_is(message)
    assert (sent.status, sent.ghl_email_message_id) == (
        "sent",
        ghl.sent_emails()[1]["emailMessageId"],
    )
    assert [entry["threadId"] for entry in ghl.sent_emails()] == [first["threadId"]] * 2
