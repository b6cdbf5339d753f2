"""Uncertain emails: they may have been sent or not. They are searched for, and settled.

An uncertain email is never sent again without a person.
"""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from caio_project.lib import http
from caio_project.lib.db import claims
from caio_project.lib.vendor_access.access import is_sandboxed
from caio_project.lib.words.clock_words import day_clock_words
from leads.integrations import alarms
from outreach.choices import MoveCode, Status
from outreach.drafting import drafts
from outreach.guardrails.guardrail_rules import UNCERTAIN_TOO_LONG
from outreach.integrations.ghl import conversation_api
from outreach.lifecycle import transitions
from outreach.lifecycle.moves import move_message
from outreach.lifecycle.transitions import IllegalMove
from outreach.limits.limit_texts import LimitCode
from outreach.models import Message, SendIntent
from outreach.sending import after_send, send_slots

log = logging.getLogger(__name__)

SEARCH_INTERVALS = (30, 60, 120, 240, 480)  # seconds; then every half hour
CLOCK_TOLERANCE = timedelta(minutes=5)
ALARM = "uncertain:"
PROCESS_ENDED = "The process ended during the call to GoHighLevel."
ALARM_ADVICE = "Look for it at GoHighLevel and say so under Sent & replies."
Outcome = SendIntent.Outcome


def mark_uncertain(message: Message, intent: SendIntent, text: str) -> None:
    """Mark an email whose sending call has an unknown outcome. Call it inside a transaction."""
    open_intent = SendIntent.objects.filter(pk=intent.pk, outcome=Outcome.OPEN)
    claims.claim_row(open_intent, outcome=Outcome.UNCERTAIN)
    move_message(
        message,
        Status.UNCERTAIN,
        MoveCode.UNCERTAIN,
        lease=message.lease_until,
        uncertain_at=intent.claimed_at,
        error=text[:500],
        not_before=timezone.now() + timedelta(seconds=5),
    )


def recover_expired_leases(now: datetime | None = None) -> int:
    now = now or timezone.now()
    count = 0
    for message in Message.objects.filter(status=Status.SENDING, lease_until__lt=now)[:200]:
        count += recover_email(message)
    return count


def recover_email(message: Message, text: str = "", not_before: datetime | None = None) -> int:
    """Return the email to the queue if no intent was committed, else mark it uncertain.

    Returns 0 where another process was first, else 1.
    """
    intent = message.intents.filter(outcome=Outcome.OPEN).first()
    not_before = not_before or timezone.now()
    try:
        with transaction.atomic():
            if intent is None:
                move_message(
                    message,
                    Status.CLEARED,
                    MoveCode.RECOVERED,
                    lease=message.lease_until,
                    not_before=not_before,
                    waiting_for=LimitCode.RECOVERY,
                    error=text,
                )
            else:
                mark_uncertain(message, intent, text or PROCESS_ENDED)
    except transitions.StaleMessage:
        return 0
    return 1


def settle_due(batch: int = 20) -> int:
    """Search GoHighLevel's conversations for uncertain emails; returns how many were searched for.

    The email's own unsubscribe link in a sent text proves that it left. Not to find it proves
    nothing, because conversations are updated late: the search is repeated, ever more rarely.
    """
    due = Message.objects.filter(status=Status.UNCERTAIN, not_before__lte=timezone.now())
    count = 0
    for message in claims.lease_rows(due.order_by("not_before"), 60, batch):
        count += 1
        try:
            _search_for(message)
        except transitions.StaleMessage:
            continue  # a person settled it meanwhile
        except Exception:
            log.exception("email %s could not be searched for at GoHighLevel", message.pk)
    _update_alarms()
    return count


def _update_alarms() -> None:
    """Keep an alarm open for each email that has been uncertain for too long.

    The alarm's text names no person.
    """
    since = timezone.now() - UNCERTAIN_TOO_LONG
    long = Message.objects.filter(status=Status.UNCERTAIN, uncertain_at__lte=since)
    wanted = {f"{ALARM}{pk}": at for pk, at in long.values_list("pk", "uncertain_at") if at}
    notified = alarms.open_keys(ALARM)
    for key in wanted.keys() - notified:
        at = day_clock_words(wanted[key])
        text = f"We don't know whether the email of {at} was sent. {ALARM_ADVICE}"
        alarms.raise_alarm(key, text)
    for key in notified - wanted.keys():
        alarms.clear_alarm(key)


def _search_for(message: Message) -> None:
    intent = message.intents.filter(outcome=Outcome.UNCERTAIN).latest("claimed_at")
    found, detail = None, message.error
    try:
        found = _find_at_ghl(message, intent)
    except http.HttpError as failure:
        detail = failure.detail
    now = timezone.now()
    wait = SEARCH_INTERVALS[intent.looks] if intent.looks < len(SEARCH_INTERVALS) else 1800
    SendIntent.objects.filter(pk=intent.pk).update(looked_at=now, looks=F("looks") + 1)
    if found is None:
        Message.objects.filter(pk=message.pk, status=Status.UNCERTAIN).update(
            not_before=now + timedelta(seconds=wait), lease_until=None, error=detail[:500]
        )
        return
    row, email = found
    settle_as_sent(message, MoveCode.FOUND_AT_GHL, row.id, email.id, email.at)


def settle_as_sent(
    message: Message,
    why: MoveCode | str,
    message_id: str,
    email_id: str,
    at: datetime | None = None,
) -> Message:
    """Settle an uncertain email that was proven sent. The ids and `at` are GoHighLevel's.

    Raises StaleMessage where another process was first.
    """
    with transaction.atomic():
        intent = message.intents.filter(outcome=Outcome.UNCERTAIN).order_by("-claimed_at").first()
        if intent is None:
            raise transitions.StaleMessage("settled by another process", message.version)
        send_slots.settle_intent(intent, Outcome.SENT, was=Outcome.UNCERTAIN)
        sent = move_message(
            message,
            Status.SENT,
            why,
            sent_at=at or intent.claimed_at,
            error="",
            ghl_message_id=message_id,
            ghl_email_message_id=email_id,
        )
        after_send.schedule_after_send(sent)
        return sent


def _find_at_ghl(
    message: Message, intent: SendIntent
) -> tuple[conversation_api.ConversationRow, conversation_api.ReadEmail] | None:
    if not message.ghl_contact_id or is_sandboxed("ghl"):
        return None
    since = intent.claimed_at - CLOCK_TOLERANCE
    known = set(
        Message.objects.filter(lead=message.lead_id).values_list("ghl_email_message_id", flat=True)
    )
    for row in conversation_api.read_conversation(message.ghl_contact_id):
        is_another = row.inbound or (row.at is not None and row.at < since)
        if is_another and len(row.email_ids) == 1:
            continue
        for email_id in reversed(row.email_ids):
            if email_id in known:
                continue
            email = conversation_api.read_email(email_id)
            if _is_same_email(message, email, since):
                return row, email
    return None


def _is_same_email(message: Message, email: conversation_api.ReadEmail, since: datetime) -> bool:
    """Whether `email` is `message`. Answers that quote it have its link, too."""
    recent = email.at is None or email.at >= since
    return recent and not email.inbound and message.unsubscribe_token in email.body


def settle_by_person(message: Message, *, was_sent: bool, by: object, reason: str) -> Message:
    """Settle an uncertain email by what a person saw at GoHighLevel. If not sent, it is held again.

    Raises IllegalMove for an email that is not uncertain, StaleMessage where somebody was first.
    """
    if message.status != Status.UNCERTAIN:
        raise IllegalMove(message.status, Status.SENT if was_sent else Status.HELD)
    with transaction.atomic():
        intent = message.intents.order_by("-claimed_at").first()
        assert intent is not None
        outcome = Outcome.SENT if was_sent else Outcome.NOT_SENT
        send_slots.settle_intent(intent, outcome, was=Outcome.UNCERTAIN)
        decided: dict[str, Any] = {"by": by, "reason": reason}
        if not was_sent:
            return drafts.hold_for_review(message, MoveCode.PERSON_SAYS_NOT_SENT, **decided)
        changes: dict[str, Any] = {"sent_at": intent.claimed_at, "error": ""}
        sent = move_message(message, Status.SENT, MoveCode.PERSON_SAYS_SENT, **decided, **changes)
        after_send.schedule_after_send(sent)
        return sent
