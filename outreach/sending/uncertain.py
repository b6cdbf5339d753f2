"""Emails that may or may not have left: how one becomes so, how it is settled. None is ever sent again by itself."""

import logging
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from caio_project.lib import http
from caio_project.lib.db import claims
from leads.integrations import alarms
from outreach.choices import Status
from outreach.drafting import drafts
from outreach.guardrails.guardrail_rules import UNCERTAIN_TOO_LONG
from outreach.integrations.ghl import conversation_api
from outreach.lifecycle import transitions
from outreach.lifecycle.moves import move_message
from outreach.lifecycle.transitions import IllegalMove
from outreach.models import Message, SendIntent
from outreach.sending import after_send, send_slots

log = logging.getLogger(__name__)

SEARCH_INTERVALS = (30, 60, 120, 240, 480)  # seconds; then every half hour
CLOCK_TOLERANCE = timedelta(minutes=5)
ALARM = "uncertain:"
ALARM_ADVICE = "Look for it at GoHighLevel and say so under Sent & replies."
Outcome = SendIntent.Outcome


def mark_uncertain(message: Message, intent: SendIntent, text: str) -> None:
    """From now on nobody knows whether `message` left; call it inside a transaction."""
    claims.claim_row(
        SendIntent.objects.filter(pk=intent.pk, outcome=Outcome.OPEN), outcome=Outcome.UNCERTAIN
    )
    move_message(
        message, Status.UNCERTAIN, "uncertain", lease=message.lease_until,
        uncertain_at=intent.claimed_at, error=text[:500], not_before=timezone.now() + timedelta(seconds=5),
    )  # fmt: skip


def recover_expired_leases(now: datetime | None = None) -> int:
    """Pick up what a dead process left in `sending`; returns how many."""
    now = now or timezone.now()
    count = 0
    for message in Message.objects.filter(status=Status.SENDING, lease_until__lt=now)[:200]:
        count += recover_email(message)
    return count


def recover_email(message: Message, text: str = "", not_before: datetime | None = None) -> int:
    """Back to cleared where no intent to send was committed, uncertain where one was."""
    intent = message.intents.filter(outcome=Outcome.OPEN).first()
    not_before = not_before or timezone.now()
    try:
        with transaction.atomic():
            if intent is None:
                move_message(
                    message, Status.CLEARED, "recovered", lease=message.lease_until,
                    not_before=not_before, waiting_for="recovery", error=text,
                )  # fmt: skip
            else:
                mark_uncertain(
                    message, intent, text or "The process ended during the call to GoHighLevel."
                )
    except transitions.StaleMessage:
        return 0
    return 1


def settle_due(batch: int = 20) -> int:
    """Read the conversation of each uncertain email; its own unsubscribe link in a sent text is the proof.

    "Not found" proves nothing: GHL's conversations lag. It is looked for again, ever more rarely, and shown to people.
    """
    due = Message.objects.filter(status=Status.UNCERTAIN, not_before__lte=timezone.now()).order_by(
        "not_before"
    )
    count = 0
    for message in claims.lease_rows(due, 60, batch):
        count += 1
        try:
            _search_for(message)
        except transitions.StaleMessage:
            continue  # a person settled it meanwhile
        except Exception:
            log.exception("email %s could not be looked for at GoHighLevel", message.pk)
    _update_alarms()
    return count


def _update_alarms() -> None:
    """An alarm for each email that has been uncertain for too long, until it is settled. It names nobody."""
    since = timezone.now() - UNCERTAIN_TOO_LONG
    long = Message.objects.filter(status=Status.UNCERTAIN, uncertain_at__lte=since)
    wanted = {f"{ALARM}{pk}": at for pk, at in long.values_list("pk", "uncertain_at") if at}
    told = alarms.open_keys(ALARM)
    for key in wanted.keys() - told:
        at = wanted[key].astimezone(ZoneInfo(settings.TEAM_TIME_ZONE))
        alarms.raise_alarm(
            key, f"We don't know whether an email of {at:%H:%M} left. {ALARM_ADVICE}"
        )
    for key in told - wanted.keys():
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
    settle_as_sent(message, "found_at_ghl", row.id, email.id, email.at)


def settle_as_sent(
    message: Message, why: str, message_id: str, email_id: str, at: datetime | None = None
) -> Message:
    """There is proof that an uncertain email left, with GHL's ids of it. Raises Stale where another was first."""
    with transaction.atomic():
        intent = message.intents.filter(outcome=Outcome.UNCERTAIN).order_by("-claimed_at").first()
        if intent is None:
            raise transitions.StaleMessage("settled by another process", message.version)
        send_slots.settle_intent(intent, Outcome.SENT, was=Outcome.UNCERTAIN)
        sent = move_message(
            message, Status.SENT, why, sent_at=at or intent.claimed_at, error="",
            ghl_message_id=message_id, ghl_email_message_id=email_id,
        )  # fmt: skip
        after_send.schedule_after_send(sent)
        return sent


def _find_at_ghl(
    message: Message, intent: SendIntent
) -> tuple[conversation_api.ConversationRow, conversation_api.ReadEmail] | None:
    """The email itself, by its own unsubscribe link, and the row of the conversation that it stands in."""
    if not message.ghl_contact_id or "ghl" in settings.SANDBOXED:
        return None
    since = intent.claimed_at - CLOCK_TOLERANCE
    known = set(
        Message.objects.filter(lead=message.lead_id).values_list("ghl_email_message_id", flat=True)
    )
    for row in conversation_api.read_conversation(message.ghl_contact_id):
        one_other = len(row.email_ids) == 1 and (
            row.inbound or (row.at is not None and row.at < since)
        )
        for email_id in () if one_other else reversed(row.email_ids):
            if email_id not in known and _is_same_email(
                message, email := conversation_api.read_email(email_id), since
            ):
                return row, email
    return None


def _is_same_email(message: Message, email: conversation_api.ReadEmail, since: datetime) -> bool:
    """Whether this is `message`; an answer that quotes it has its link, too."""
    recent = email.at is None or email.at >= since
    return recent and not email.inbound and message.unsubscribe_token in email.body


def settle_by_person(message: Message, *, was_sent: bool, by: object, reason: str) -> Message:
    """A person has looked at GoHighLevel and says what happened. Not sent: it is held again, and decided anew.

    Raises IllegalMove for an email that is not uncertain, and Stale where another was first.
    """
    if message.status != Status.UNCERTAIN:
        raise IllegalMove(message.status, Status.SENT if was_sent else Status.HELD)
    with transaction.atomic():
        intent = message.intents.order_by("-claimed_at").first()
        assert intent is not None
        send_slots.settle_intent(
            intent, Outcome.SENT if was_sent else Outcome.NOT_SENT, was=Outcome.UNCERTAIN
        )
        if was_sent:
            at = intent.claimed_at
            sent = move_message(
                message, Status.SENT, "person_says_sent", by=by, reason=reason, sent_at=at, error=""
            )
            after_send.schedule_after_send(sent)
            return sent
        return drafts.hold_for_review(message, "person_says_not_sent", by=by, reason=reason)
