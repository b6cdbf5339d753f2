"""What people write to us: sorted, followed at once, corrected by a person; once, in any order."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from leads.identity import merge_undo, merging
from leads.models import Suppression
from leads.suppression import suppression
from outreach.choices import Status
from outreach.contact_history import previous_emails
from outreach.contact_history.recipients import load_recipient
from outreach.drafting import no_draft
from outreach.feedback import replies, reply_consequences
from outreach.integrations.ghl import webhook_bodies
from outreach.lifecycle.moves import move_message
from outreach.models import EmailEvent, Message, Reply, ReplyText
from outreach.review import merged_leads, review_actions
from outreach.sending import final_checks, send
from outreach.sending.stops import SendStopped
from tests import factories
from tests.fakes.ghl import FakeGhl
from tests.outreach.back import (
    last_move,
    make_sent_email,
    make_uncertain_email,
    receive_twice_shuffled,
    receive_webhooks,
    reload_email,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender", "loose")]
DAY = timedelta(days=1)

SAID = {
    "positive": "Sounds good, happy to talk on Thursday.",
    "question": "How does it work with Salesforce?",
    "negative": "We are not interested.",
    "stop": "Please remove me from your list.",
    "out_of_office": "I am out of the office until Monday and will reply when I am back.",
}


def answer(ghl: FakeGhl, message: Message, text: str, **more: Any) -> dict[str, Any]:
    return ghl.receive_reply(message.ghl_contact_id, body=f"<div>{text}</div>", **more)


def answered(ghl: FakeGhl, message: Message, kind: str = "positive") -> Reply:
    receive_webhooks(answer(ghl, message, SAID[kind]))
    return Reply.objects.latest("pk")


# --- Kept and sorted ------------------------------------------------------------------------------


def test_reply_is_stored_once_with_deciding_words(ghl: FakeGhl) -> None:
    message = make_sent_email(ghl)
    quote = (
        "On Tue, Mar 3, 2026 at 9:00 AM Alex wrote:<blockquote><p>Not interested?</p></blockquote>"
    )
    quoted = f"<p>{SAID['positive']}</p><div>{quote}</div>"
    payload = ghl.receive_reply(message.ghl_contact_id, body=quoted)
    receive_webhooks(payload, payload, {**payload, "webhookId": "again", "messageId": None})
    reply = Reply.objects.get()
    assert (reply.lead, reply.message, reply.channel, reply.source) == (
        message.lead,
        message,
        "email",
        "webhook",
    )
    assert (reply.kind, reply.is_sure, reply.ghl_message_id) == (
        "positive",
        True,
        payload["emailMessageId"],
    )
    assert abs(reply.received_at - timezone.now()) < timedelta(seconds=5)
    text = reply.text
    assert (text.subject, text.said) == (payload["subject"], SAID["positive"])
    assert "Not interested?" in text.body and "<p>" not in text.body
    assert text.decided_by and all(word in text.said for word in text.decided_by)


@pytest.mark.parametrize("kind", SAID)
def test_every_reply_but_automatic_withdraws_open_emails(ghl: FakeGhl, kind: str) -> None:
    first = make_sent_email(ghl)
    open_one = _follow_up(first)
    reply = answered(ghl, first, kind)
    assert reply.kind == kind
    if kind == "out_of_office":
        assert (reload_email(open_one).status, reload_email(open_one).critical_reason) == (
            "cleared",
            "",
        )
    else:
        assert (reload_email(open_one).status, last_move(open_one)[1]) == ("withdrawn", "answered")
    assert previous_emails.has_answered(load_recipient(first.lead)) == (kind != "out_of_office")
    stop = suppression.find_stop(first.to_address, first.lead)
    assert (stop.reason if stop else None) == ("unsubscribed" if kind == "stop" else None)


def _follow_up(first: Message, status: str = "cleared") -> Message:
    """The second email of a thread; what makes them is another room's."""
    message = factories.cleared_email(first.lead)
    Message.objects.filter(pk=message.pk).update(step=2, follows=first, status=status)
    return reload_email(message)


def test_what_is_held_blocked_or_being_drafted_ends_as_well(ghl: FakeGhl) -> None:
    for status in ("held", "blocked", "draft"):
        first = make_sent_email(ghl)
        open_one = _follow_up(first, status)
        answered(ghl, first)
        assert reload_email(open_one).status == "withdrawn"


def test_unclear_automatic_reply_holds_approved_email(ghl: FakeGhl) -> None:
    first = make_sent_email(ghl)
    open_one = _follow_up(first)
    receive_webhooks(answer(ghl, first, "I am out of the office."))
    reply = Reply.objects.get()
    assert (reply.kind, reply.is_sure) == ("out_of_office", False)
    held = reload_email(open_one)
    assert (held.status, held.critical_reason, held.transport) == (
        "held",
        reply_consequences.MAY_BE_ANSWER,
        "",
    )


def test_a_stop_suppresses_everywhere_and_counts_as_an_unsubscribe(ghl: FakeGhl) -> None:
    message = make_sent_email(ghl)
    type(message.lead).objects.filter(pk=message.lead_id).update(personal_email="dana@home.test")
    receive_webhooks(answer(ghl, message, SAID["stop"], sender="Dana <dana@phone.test>"))
    stopped = set(Suppression.objects.filter(scope="address").values_list("value", flat=True))
    assert stopped == {message.to_address, "dana@home.test", "dana@phone.test"}
    assert list(EmailEvent.objects.values_list("message", "kind", "code")) == [
        (message.pk, "unsubscribed", "reply")
    ]


def test_other_channels_count_too_and_a_call_has_no_words(ghl: FakeGhl) -> None:
    first = make_sent_email(ghl)
    open_one = _follow_up(first)
    call = ghl.inbound_message(
        contactId=first.ghl_contact_id,
        messageType="CALL",
        messageTypeString="TYPE_CALL",
        messageId="msg_call",
        emailMessageId=None,
        subject="",
        body="",
    )
    receive_webhooks(call, call)
    reply = Reply.objects.get()
    assert (reply.ghl_message_id, reply.channel, reply.kind, reply.is_sure) == (
        "msg_call",
        "call",
        "question",
        False,
    )
    assert reload_email(open_one).status == "withdrawn"


@pytest.mark.parametrize(
    "kind", ["TYPE_ACTIVITY_OPPORTUNITY", "TYPE_INTERNAL_COMMENT", "", "Review"]
)
def test_what_no_person_said_is_no_reply(ghl: FakeGhl, kind: str) -> None:
    payload = ghl.inbound_message(
        contactId=make_sent_email(ghl).ghl_contact_id, messageType=kind, messageTypeString=kind
    )
    assert _read(payload) is None


def _read(payload: dict[str, Any]) -> Any:
    return webhook_bodies.read_webhook(json.dumps(payload).encode(), "loc-test", timezone.now())


def test_a_strangers_message_is_not_kept(ghl: FakeGhl) -> None:
    receive_webhooks(ghl.inbound_message())
    assert Reply.objects.count() == ReplyText.objects.count() == 0


def test_somebody_we_know_and_never_wrote_to_has_answered_too(ghl: FakeGhl) -> None:
    message = factories.cleared_email(factories.LeadFactory(email="dana.okafor@northline.test"))
    receive_webhooks(ghl.inbound_message())
    reply = Reply.objects.get()
    assert (reply.lead, reply.message, reload_email(message).status) == (
        message.lead,
        None,
        "withdrawn",
    )


def test_of_an_erased_person_nothing_is_kept(ghl: FakeGhl) -> None:
    message = make_sent_email(ghl)
    Suppression.objects.create(
        scope="person", value=str(message.lead_id), reason="erased", source="test"
    )
    answer_ = answer(ghl, message, "I am still here")
    receive_webhooks(answer_)
    assert Reply.objects.count() == ReplyText.objects.count() == 0


def test_the_reply_is_to_the_newest_email_that_had_left(ghl: FakeGhl) -> None:
    first = make_sent_email(ghl, ago=4 * DAY)
    later = _follow_up(first, "sent")
    Message.objects.filter(pk=later.pk).update(sent_at=timezone.now())
    old = answer(
        ghl, first, "Thanks, what does it cost?", dateAdded=(timezone.now() - 2 * DAY).isoformat()
    )
    new = answer(ghl, first, "And is there a trial?")
    receive_twice_shuffled([old, new], 1)
    assert [(r.message, r.kind) for r in Reply.objects.order_by("received_at")] == [
        (first, "question"),
        (later, "question"),
    ]


@pytest.mark.parametrize("text", ["", "\x00", "x" * 300_000, "<div>" * 5000, "\ud83d", "🙂"])
def test_any_text_can_be_kept(ghl: FakeGhl, text: str) -> None:
    message = make_sent_email(ghl)
    payload = ghl.inbound_message(contactId=message.ghl_contact_id, body=text, subject=text[:400])
    receive_webhooks(payload)
    assert Reply.objects.get().text.reply_id == Reply.objects.get().pk


# In the final checks


def test_reply_during_sending_stops_the_email(ghl: FakeGhl) -> None:
    """GHL's conversation lags: our own row is what stops it, read again inside the claim."""
    first = make_sent_email(ghl)
    open_one = _follow_up(first)
    leaving = move_message(open_one, Status.SENDING, "door")
    answered(ghl, first)
    assert reload_email(open_one).status == "sending"
    with pytest.raises(SendStopped) as stopped:
        final_checks.check_before_sending(leaving, final_checks.load_recipient(leaving))
    assert (stopped.value.to, stopped.value.code) == ("withdrawn", "answered")


@pytest.mark.parametrize("kind", ["out_of_office", "negative"])
def test_facts_known_at_approval_stop_nothing(ghl: FakeGhl, kind: str) -> None:
    first = make_sent_email(ghl)
    answered(ghl, first, kind)
    email = factories.cleared_email(first.lead)
    final_checks.check_before_sending(email, final_checks.load_recipient(email))


# --- Colleagues -----------------------------------------------------------------------------------


def test_colleague_may_be_emailed_after_first_reply(ghl: FakeGhl) -> None:
    first = make_sent_email(ghl)
    colleague = factories.LeadFactory(company=first.lead.company)
    assert previous_emails.find_blocking_email(load_recipient(colleague)) is not None
    answered(ghl, first, "out_of_office")
    assert previous_emails.find_blocking_email(load_recipient(colleague)) is not None
    answered(ghl, first, "negative")
    assert previous_emails.find_blocking_email(load_recipient(colleague)) is None


# --- By hand, and ours ----------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["held", "blocked", "cleared"])
def test_handwritten_email_makes_first_email_critical(ghl: FakeGhl, status: str) -> None:
    message = factories.cleared_email()
    Message.objects.filter(pk=message.pk).update(status=status)
    news = ghl.add_outbound(ghl.add_contact(message.to_address))
    receive_webhooks(news, news)
    held = reload_email(message)
    assert (held.status, held.rank) == ("blocked" if status == "blocked" else "held", 0)
    assert held.critical_reason == "GoHighLevel shows an email to them on Mar 3, 2026."


def test_whoever_approved_it_knowing_that_is_not_asked_again(ghl: FakeGhl) -> None:
    message = factories.held_email()
    news = ghl.add_outbound(ghl.add_contact(message.to_address))
    receive_webhooks(news)
    message = reload_email(message)
    review_actions.approve_email(message, message.version, by=None)
    receive_webhooks(news)
    assert reload_email(message).status == "cleared"
    assert send.send_due() == 1


def test_old_outbound_and_follow_ups_change_nothing(ghl: FakeGhl) -> None:
    first = make_sent_email(ghl)
    message, follow_up = factories.cleared_email(), _follow_up(first)
    old = (timezone.now() - 181 * DAY).isoformat()
    receive_webhooks(
        ghl.add_outbound(ghl.add_contact(message.to_address), date_added=old),
        ghl.add_outbound(first.ghl_contact_id),
    )
    assert (reload_email(message).status, reload_email(follow_up).status) == ("cleared", "cleared")


def test_our_own_email_is_not_by_hand(ghl: FakeGhl) -> None:
    message = make_sent_email(ghl)
    (entry,) = ghl.sent_emails()
    receive_webhooks(
        ghl.outbound_message(
            contactId=message.ghl_contact_id, emailMessageId=entry["emailMessageId"], source="api"
        )
    )
    assert reload_email(message).critical_reason == ""


def test_its_copy_at_ghl_proves_that_an_uncertain_email_left(ghl: FakeGhl) -> None:
    message = make_uncertain_email(ghl)
    (entry,) = ghl.sent_emails()
    told = {
        "messageId": entry["messageId"],
        "emailMessageId": entry["emailMessageId"],
        "source": "api",
    }
    shown = {"contactId": message.ghl_contact_id, "subject": entry["subject"], "to": [entry["to"]]}
    receive_webhooks(
        ghl.outbound_message(**{**shown, "body": "<p>By hand</p>"}),
        ghl.outbound_message(
            **{**shown, "body": f"<p>You saw this?</p>{entry['html']}", "subject": "Re: that"}
        ),
        ghl.outbound_message(**{**shown, "body": entry["html"], "to": ["a.colleague@else.test"]}),
    )
    assert reload_email(message).status == "uncertain"
    copy = ghl.outbound_message(**shown, body=entry["html"], **told)
    receive_webhooks(copy, copy)
    settled = reload_email(message)
    assert (settled.status, last_move(message)) == ("sent", ("sent", "found_at_ghl"))
    assert (settled.ghl_message_id, settled.ghl_email_message_id) == (
        entry["messageId"],
        entry["emailMessageId"],
    )


def test_ids_of_manually_settled_email_are_stored_later(ghl: FakeGhl) -> None:
    message = make_sent_email(ghl)
    Message.objects.filter(pk=message.pk).update(ghl_message_id="", ghl_email_message_id="")
    (entry,) = ghl.sent_emails()
    shown = {"subject": entry["subject"], "to": [entry["to"]], "body": entry["html"]}
    receive_webhooks(ghl.outbound_message(**shown, messageId="msg_1", emailMessageId="eml_1"))
    assert (reload_email(message).ghl_message_id, reload_email(message).ghl_email_message_id) == (
        "msg_1",
        "eml_1",
    )


# --- Corrected ------------------------------------------------------------------------------------


def test_correction_keeps_both_kinds(ghl: FakeGhl, reviewer: User) -> None:
    reply = answered(ghl, make_sent_email(ghl), "question")
    reply = replies.correct_kind(reply, "positive", by=reviewer)
    assert (reply.kind, reply.sorted_as, reply.corrected_to, reply.corrected_by) == (
        "positive",
        "question",
        "positive",
        reviewer,
    )
    assert reply.corrected_at is not None


def test_correction_to_stop_suppresses_for_good(ghl: FakeGhl, reviewer: User) -> None:
    message = make_sent_email(ghl)
    reply = answered(ghl, message, "negative")
    assert suppression.find_stop(message.to_address, message.lead) is None
    for kind in ("stop", "negative", "positive"):
        reply = replies.correct_kind(reply, kind, by=reviewer)
        assert suppression.find_stop(message.to_address, message.lead).reason == "unsubscribed"


def test_a_note_corrected_to_an_answer_ends_what_is_open(ghl: FakeGhl, reviewer: User) -> None:
    first, second = make_sent_email(ghl), make_sent_email(ghl)
    open_one, leaving = _follow_up(first), _follow_up(second)
    reply = answered(ghl, first, "out_of_office")
    other = answered(ghl, second, "out_of_office")
    leaving = move_message(leaving, Status.SENDING, "door")
    replies.correct_kind(reply, "question", by=reviewer)
    replies.correct_kind(other, "question", by=reviewer)
    assert reload_email(open_one).status == "withdrawn"
    with pytest.raises(SendStopped):
        final_checks.check_before_sending(leaving, final_checks.load_recipient(leaving))


def test_one_person_takes_a_reply(ghl: FakeGhl, reviewer: User, lead_user: User) -> None:
    reply = answered(ghl, make_sent_email(ghl))
    replies.claim_reply(reply, by=reviewer)
    with pytest.raises(replies.AlreadyTaken):
        replies.claim_reply(reply, by=lead_user)
    reply.refresh_from_db()
    assert reply.taken_by == reviewer


# --- People who were two --------------------------------------------------------------------------


def test_replies_follow_their_person_and_come_back_with_an_undo(ghl: FakeGhl) -> None:
    one = factories.LeadFactory()
    message = make_sent_email(ghl)
    other = message.lead
    reply = answered(ghl, message, "negative")
    assert not previous_emails.has_answered(load_recipient(one))
    row = merging.merge_leads(one, other, source="person")
    assert previous_emails.has_answered(load_recipient(one)), "before any sweep"
    merged_leads.follow_merges()
    reply.refresh_from_db()
    assert (reply.lead, reply.written_for) == (one, other)
    assert merged_leads.follow_merges() == 0
    assert (
        str(no_draft.why_no_first_email(one))
        == "A first email to this person was already sent or refused."
    )
    merge_undo.undo_merge(row, by=None, reason="They are two.")
    merged_leads.follow_merges()
    reply.refresh_from_db()
    assert (reply.lead, reply.written_for, previous_emails.has_answered(load_recipient(one))) == (
        other,
        None,
        False,
    )


def test_reply_to_merged_lead_stops_the_survivor(ghl: FakeGhl) -> None:
    one = factories.LeadFactory()
    message = make_sent_email(ghl)
    merging.merge_leads(one, message.lead, source="person")
    reply = answered(ghl, message, "stop")
    assert reply.lead == one
    assert suppression.find_stop(one.email, one).reason == "unsubscribed"
    assert send.send_due() == 0
