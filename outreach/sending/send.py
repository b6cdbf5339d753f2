"""Sending: the only module that lets an email leave, at most once and within every limit.

A worker claims an approved email (`cleared -> sending`, with a lease), checks it and claims a slot.
The slot and the intent to send are committed before the call. When a lease ends in `sending`, the
email goes back to the queue if no intent was committed, else it becomes `uncertain`. An uncertain
email is never sent again without a person.
"""

import logging
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from caio_project.lib import http
from caio_project.lib.db import claims
from caio_project.lib.logs import correlation
from caio_project.lib.vendor_access.access import vendor_value
from leads.integrations import ghl as contacts
from outreach.choices import MoveCode, Status, Transport
from outreach.content import email_footer
from outreach.control.phase import HaltWatch
from outreach.drafting import drafts
from outreach.guardrails import guardrails
from outreach.integrations.ghl import send_api
from outreach.lifecycle import transitions
from outreach.lifecycle.moves import move_message
from outreach.limits import current_limits, limit_rules, office_hours, send_order
from outreach.limits.limit_rules import CurrentLimits
from outreach.limits.limit_texts import LimitCode
from outreach.models import Message, SandboxEmail, SendIntent
from outreach.sending import (
    after_send,
    final_checks,
    ghl_contact,
    ghl_outage,
    last_moment,
    send_errors,
    send_slots,
    stop_texts,
    uncertain,
)
from outreach.sending.stops import GhlUnavailable, SendMustWait, SendPostponed, SendStopped

log = logging.getLogger(__name__)

SEND_LEASE = timedelta(seconds=180)  # longer than the deadlines of all calls for one email together
MOST_CANDIDATES = 20
Outcome = SendIntent.Outcome


@dataclass(frozen=True)
class Attempt:
    """A claimed email, the limits that were read for it, and the halt that is asked for it."""

    message: Message
    at: CurrentLimits
    halt: HaltWatch


def send_due(most: int = 50) -> int:
    sent = 0
    for _ in range(most):
        guardrails.check_when_due()
        halt = HaltWatch(time.monotonic())
        at = current_limits.read_current(timezone.now())
        message = None if limit_rules.limit_on_everything(at) else _claim_next_email(at)
        if message is None:
            break
        with correlation.about(message):
            sent += _send_safely(Attempt(message, at, halt))
    return sent


def _claim_next_email(at: CurrentLimits) -> Message | None:
    for _ in range(MOST_CANDIDATES):
        message = send_order.next_in_queue(at)
        if message is None or send_order.is_overtaking(message):
            return None
        if send_order.limit_by_reserve(message.rank, at) is not None:
            return None
        if current_limits.limit_on_message(message, at):
            # The lead's place has changed since the approval; the queue goes by the stored one.
            place = office_hours.place_for_sending(message, message.transport)
            Message.objects.filter(pk=message.pk, status=Status.CLEARED).update(place=place)
            continue
        changes: dict[str, Any] = {
            "attempts": message.attempts + 1,
            "lease_until": at.now + SEND_LEASE,
        }
        try:
            return move_message(message, Status.SENDING, MoveCode.DOOR, **changes)
        except transitions.StaleMessage:
            continue
    return None


def _send_safely(attempt: Attempt) -> bool:
    """Send one claimed email. True where it left or may have left; an own fault is logged."""
    message = attempt.message
    try:
        return _send_or_return(attempt)
    except transitions.StaleMessage as stale:
        log.warning("email %s was taken over: %s", message.pk, stale.status)
    except Exception as error:
        log.exception("email %s: sending failed through a fault of ours", message.pk)
        _recover_from_fault(message, f"{type(error).__name__}: {error}"[:500])
    return False


def _send_or_return(attempt: Attempt) -> bool:
    message = attempt.message
    try:
        if message.transport == Transport.SANDBOX:
            return _send_to_sandbox(message)
        return _send_through_ghl(attempt)
    except SendStopped as stop:
        _apply_stop(message, stop)
    except SendPostponed as postponed:
        _return_to_queue(message, postponed, not_before=postponed.until)
    except SendMustWait as wait:
        steps_aside = isinstance(wait, GhlUnavailable) and _wait_for_ghl(wait)
        changes = {"not_before": timezone.now() + ghl_outage.STEP_ASIDE_FOR} if steps_aside else {}
        _return_to_queue(message, wait, attempts=message.attempts - 1, **changes)
        if wait.code == LimitCode.GUARDRAIL:
            guardrails.check_guardrails()
    return False


def _return_to_queue(message: Message, wait: SendMustWait, **changes: Any) -> None:
    text = stop_texts.wait_text(wait.code, wait.arguments)
    changes |= {"waiting_for": wait.code, "error": text[:500]}
    move_message(message, Status.CLEARED, MoveCode.LATER, lease=message.lease_until, **changes)


def _wait_for_ghl(outage: GhlUnavailable) -> bool:
    text = stop_texts.wait_text(outage.code, outage.arguments)
    failures = ghl_outage.record_outage(text, outage.retry_after)
    return outage.retry_after is None and failures % ghl_outage.FAILURES_OF_ONE == 0


def _apply_stop(message: Message, stop: SendStopped) -> None:
    error = stop_texts.stop_text(stop.code, stop.arguments)[:500]
    changes = {"lease": message.lease_until, "error": error, **stop.changes}
    if stop.to == Status.HELD:  # with a new due time and expiry, or it would expire unseen
        drafts.hold_for_review(message, stop.code, **changes)
    else:
        move_message(message, stop.to, stop.code, **changes)


def _recover_from_fault(message: Message, text: str) -> None:
    own = Message.objects.filter(
        pk=message.pk, status=Status.SENDING, lease_until=message.lease_until
    ).first()
    if own is not None:
        not_before = timezone.now() + claims.retry_delay(own.attempts, base=5)
        uncertain.recover_email(own, text, not_before)


def _send_to_sandbox(message: Message) -> bool:
    """Store what would have been sent. One transaction, because nothing leaves."""
    with transaction.atomic():
        intent = send_slots.claim_slot(message)
        text = message.text
        assert text is not None
        SandboxEmail.objects.create(
            message=message,
            from_address=vendor_value("GHL_FROM_EMAIL"),
            to_address=message.to_address,
            subject=text.subject,
            html=email_footer.email_html(text.body, text.footer),
        )
        _record_sent(message, intent, send_api.SentEmail("", "", ""))
    return True


def _send_through_ghl(attempt: Attempt) -> bool:
    message = attempt.message
    known = final_checks.load_recipient(message)
    final_checks.check_before_sending(message, known)
    values = last_moment.require_values()
    contact = ghl_contact.prepare_contact(message, known, attempt.halt)
    text = message.text
    assert text is not None
    html, thread = email_footer.email_html(text.body, text.footer), _thread_to_continue(message)
    last = last_moment.LastCheck(message, values)
    with transaction.atomic():
        intent = send_slots.claim_slot(message, contact_id=contact.id)
    try:
        with contacts.check_before_each_call(last.check):
            sent = send_api.send_email(
                contact_id=contact.id,
                to=message.to_address,
                subject=text.subject,
                html=html,
                thread=thread,
            )
    except http.HttpError as failure:
        return _handle_send_failure(message, intent, failure)
    except (SendStopped, SendMustWait):
        send_slots.settle_intent(intent, Outcome.NOT_SENT)
        raise
    with transaction.atomic():
        if sent.message_id or sent.email_message_id:
            _record_sent(message, intent, sent, has_tags=contact.has_tags)
        else:
            answer = "GoHighLevel answered without the id of a message."
            uncertain.mark_uncertain(message, intent, answer)
    if attempt.at.away_failures:
        ghl_outage.end_outage()
    send_errors.clear_alarms()
    return True


def _thread_to_continue(message: Message) -> send_api.EmailThread | None:
    first = message.follows
    if first is None or not first.ghl_message_id:
        return None
    newest = first.followed_by.filter(status=Status.SENT).order_by("step").last() or first
    return send_api.EmailThread(first.ghl_message_id, newest.ghl_message_id)


def _record_sent(
    message: Message, intent: SendIntent, sent: send_api.SentEmail, *, has_tags: bool = False
) -> None:
    send_slots.settle_intent(intent, Outcome.SENT)
    move_message(
        message,
        Status.SENT,
        MoveCode.SENT,
        lease=message.lease_until,
        sent_at=timezone.now(),
        error="",
        waiting_for="",
        ghl_conversation_id=sent.conversation_id,
        ghl_message_id=sent.message_id,
        ghl_email_message_id=sent.email_message_id,
    )
    after_send.schedule_after_send(message, has_tags=has_tags)


def _handle_send_failure(message: Message, intent: SendIntent, failure: http.HttpError) -> bool:
    """Mark the email uncertain and return True, or raise what stops it where nothing was sent."""
    if isinstance(failure, http.OutcomeUncertain):
        with transaction.atomic():
            uncertain.mark_uncertain(message, intent, failure.detail)
        return True
    refused = isinstance(failure, http.RequestRefused)
    send_slots.settle_intent(intent, Outcome.REFUSED if refused else Outcome.NOT_SENT)
    raise send_errors.exception_for_failure(message, failure)
