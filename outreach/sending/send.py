"""The only door through which anything leaves: at most once, inside every limit, judged again at the last second.

A message is taken (`cleared -> sending`, under a lease), looked at, and given a slot. The slot and the intent to send
are committed before the call. Found in `sending` after its lease, it goes back where no intent was committed, and
becomes `uncertain` where one was: it is never sent again by itself.
"""

import logging
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from caio_project.lib import http
from caio_project.lib.db import claims
from leads.integrations import ghl as contacts
from outreach.choices import Status
from outreach.content import email_footer
from outreach.control import phase
from outreach.drafting import drafts
from outreach.guardrails import guardrails
from outreach.integrations.ghl import send_api
from outreach.lifecycle import transitions
from outreach.lifecycle.moves import move_message
from outreach.limits import current_limits, limit_rules, office_hours, send_order
from outreach.limits.limit_rules import CurrentLimits
from outreach.models import Message, SandboxEmail, SendIntent, Transport
from outreach.sending import (
    after_send,
    final_checks,
    ghl_contact,
    ghl_outage,
    send_errors,
    send_slots,
    uncertain,
)
from outreach.sending.final_checks import GhlUnavailable, SendMustWait, SendPostponed, SendStopped

log = logging.getLogger(__name__)

SEND_LEASE = timedelta(
    seconds=180
)  # longer than every deadline on the way through the door together
Outcome = SendIntent.Outcome


def send_due(most: int = 50) -> int:
    """Let leave what may leave now, most urgent first; returns how many went through the door."""
    sent = 0
    for _ in range(most):
        now = timezone.now()
        guardrails.check_guardrails(now)
        at = current_limits.read_limits(phase.current_control(), now)
        message = None if limit_rules.limit_on_everything(at) else _claim_next_email(at)
        if message is None:
            break
        sent += _send_safely(message)
    return sent


def _claim_next_email(at: CurrentLimits) -> Message | None:
    """The email whose turn it is, taken; None where each waits for its own or for a more urgent one."""
    for _ in range(20):
        message = send_order.next_in_queue(at)
        if (
            message is None
            or send_order.more_urgent_in_progress(message, at)
            or send_order.limit_by_reserve(message.rank, at)
        ):
            return None
        if current_limits.limit_on_message(message, at):  # its person was found to be elsewhere
            place = office_hours.place_for_sending(message, message.transport)
            Message.objects.filter(pk=message.pk, status=Status.CLEARED).update(place=place)
            continue
        lease = at.now + SEND_LEASE
        try:
            return move_message(
                message, Status.SENDING, "door", attempts=message.attempts + 1, lease_until=lease
            )
        except transitions.StaleMessage:
            continue
    return None


def _send_safely(message: Message) -> bool:
    """Take one message through the door. True where it left (or may have)."""
    try:
        return _send_or_return(message)
    except transitions.StaleMessage as stale:
        log.warning("email %s was taken over: %s", message.pk, stale)
    except Exception as error:
        log.exception("email %s: a fault at the door", message.pk)
        _recover_from_fault(message, f"{type(error).__name__}: {error}"[:500])
    return False


def _send_or_return(message: Message) -> bool:
    try:
        return (
            _send_to_sandbox(message)
            if message.transport == Transport.SANDBOX
            else _send_through_ghl(message)
        )
    except SendStopped as stop:
        _apply_stop(message, stop)
    except SendPostponed as later:
        _return_to_queue(message, later, not_before=later.until)
    except SendMustWait as bound:
        aside = isinstance(bound, GhlUnavailable) and _wait_for_ghl(bound)
        changes = {"not_before": timezone.now() + ghl_outage.STEP_ASIDE_FOR} if aside else {}
        _return_to_queue(message, bound, attempts=message.attempts - 1, **changes)
    return False


def _return_to_queue(message: Message, why: SendPostponed | SendMustWait, **changes: Any) -> None:
    changes |= {"waiting_for": why.waiting_for, "error": why.text[:500]}
    move_message(message, Status.CLEARED, "later", lease=message.lease_until, **changes)


def _wait_for_ghl(away: GhlUnavailable) -> bool:
    """Let everything wait; whether this one email steps aside, for the trouble may be its own."""
    failures = ghl_outage.record_outage(away.text, away.said)
    return away.said is None and failures % ghl_outage.FAILURES_OF_ONE == 0


def _apply_stop(message: Message, stop: SendStopped) -> None:
    changes = {"lease": message.lease_until, "error": stop.text[:500], **stop.changes}
    if (
        stop.to == Status.HELD
    ):  # into the queue with a new due time and end, or it would expire unseen
        drafts.hold_for_review(message, stop.why, **changes)
    else:
        move_message(message, stop.to, stop.why, **changes)


def _recover_from_fault(message: Message, text: str) -> None:
    """As after a crash, but at once: our own fault on one email must not hold up the others."""
    mine = Message.objects.filter(
        pk=message.pk, status=Status.SENDING, lease_until=message.lease_until
    ).first()
    if mine is not None:
        uncertain.recover_email(
            mine, text, timezone.now() + claims.retry_delay(mine.attempts, base=5)
        )


def _send_to_sandbox(message: Message) -> bool:
    """The sandbox: keep what would have been sent. One transaction, for nothing leaves."""
    with transaction.atomic():
        intent = send_slots.claim_slot(message)
        text = message.text
        assert text is not None
        SandboxEmail.objects.create(
            message=message,
            from_address=settings.GHL_FROM_EMAIL,
            to_address=message.to_address,
            subject=text.subject,
            html=email_footer.email_html(text.body, text.footer),
        )
        _record_sent(message, intent, send_api.SentEmail("", "", ""))
    return True


def _send_through_ghl(message: Message) -> bool:
    final_checks.check_before_sending(message)
    contact_id = ghl_contact.prepare_contact(message)
    text = message.text
    assert text is not None
    html, thread = email_footer.email_html(text.body, text.footer), _thread_to_continue(message)
    with transaction.atomic():
        intent = send_slots.claim_slot(message, contact_id=contact_id)
    try:
        with contacts.check_before_each_call(phase.check_not_halted):
            sent = send_api.send_email(
                contact_id=contact_id,
                to=message.to_address,
                subject=text.subject,
                html=html,
                thread=thread,
            )
    except http.HttpError as failure:
        return _handle_send_failure(message, intent, failure)
    with transaction.atomic():
        if sent.message_id or sent.email_message_id:
            _record_sent(message, intent, sent)
        else:
            uncertain.mark_uncertain(
                message, intent, "GoHighLevel answered without the id of a message."
            )
    ghl_outage.end_outage()
    send_errors.clear_refusal_alarm()
    return True


def _thread_to_continue(message: Message) -> send_api.EmailThread | None:
    """The thread that a follow-up continues at GoHighLevel; None for a first email."""
    if message.follows is None:
        return None
    first = message.follows
    newest = first.followed_by.filter(status=Status.SENT).order_by("step").last() or first
    return (
        send_api.EmailThread(first.ghl_message_id, newest.ghl_message_id)
        if first.ghl_message_id
        else None
    )


def _record_sent(message: Message, intent: SendIntent, sent: send_api.SentEmail) -> None:
    send_slots.settle_intent(intent, Outcome.SENT)
    move_message(
        message, Status.SENT, "sent", lease=message.lease_until, sent_at=timezone.now(), error="", waiting_for="",
        ghl_conversation_id=sent.conversation_id, ghl_message_id=sent.message_id,
        ghl_email_message_id=sent.email_message_id,
    )  # fmt: skip
    after_send.schedule_after_send(message)


def _handle_send_failure(message: Message, intent: SendIntent, failure: http.HttpError) -> bool:
    """Sort what the sending call said: refused, certainly not sent, or perhaps sent."""
    # 408 is also what a gateway says that gave up waiting for work under way.
    if isinstance(failure, http.OutcomeUncertain) or failure.status == 408:
        with transaction.atomic():
            uncertain.mark_uncertain(message, intent, failure.detail)
        return True
    send_slots.settle_intent(
        intent, Outcome.REFUSED if isinstance(failure, http.RequestRefused) else Outcome.NOT_SENT
    )
    raise send_errors.exception_for_failure(message, failure)
