"""The second and third email of a thread: who gets one, when, and what ends a thread.

A follow-up is an email like any other: drafted, checked, decided, checked again before sending.
It is opened three and seven days after the first one was sent, while nobody has answered; the
third only after the second was sent. Off until a Lead turns the switch on.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from caio_project.lib.db import claims
from caio_project.lib.nudge import nudge
from caio_project.lib.vendor_access.access import sandboxed_or_raise
from leads import locks
from leads.models import Lead, Switch
from leads.scoring import assess
from outreach.choices import EventKind, MoveCode, Status, Transport
from outreach.contact_history import previous_emails, recipients
from outreach.contact_history.recipients import Recipient
from outreach.control import phase
from outreach.drafting import template_choice
from outreach.lifecycle.moves import move_message
from outreach.lifecycle.transitions import NOT_SENT_YET, StaleMessage
from outreach.models import EmailEvent, EmailTemplate, Meeting, Message, Reply, ReplyKind

SWITCH_NAME = "follow_ups"
SWITCH_DESCRIPTION = (
    "Drafts a second email three days after the first one left, and a third after seven, where "
    "nobody answered. Off: "
    "no new follow-up is drafted; those that wait or are approved stay as they are."
)
DELAY_AFTER_FIRST = {2: timedelta(days=3), 3: timedelta(days=7)}  # after the first email left
SHORTEST_GAP = timedelta(days=3)  # two emails of a thread, however late the one before left
THREAD_TOO_OLD = timedelta(days=21)  # after the first; a thread this old is not taken up again
ENDS_THREAD = (
    EventKind.BOUNCED,
    EventKind.COMPLAINED,
    EventKind.UNSUBSCRIBED,
    EventKind.BLOCKED,
    EventKind.SEND_FAILED,
)


@dataclass(frozen=True)
class ThreadEnd:
    """Why a thread goes no further: a code for the move, and a sentence."""

    why: MoveCode
    text: str


def is_on() -> bool:
    return assess.is_on() and Switch.objects.filter(name=SWITCH_NAME, on=True).exists()


def turn_follow_ups(on: bool, *, by: Any, reason: str) -> bool:
    """Turn the switch and log it; False where it stood so already."""
    with transaction.atomic():
        now = timezone.now()
        Switch.objects.get_or_create(name=SWITCH_NAME, defaults={"on": False})
        other = Switch.objects.filter(name=SWITCH_NAME, on=not on)
        if not claims.claim_row(other, on=on, changed_at=now, changed_by=by):
            return False
        phase.log_switch(SWITCH_NAME, on, by, reason)
    return True


def open_due_follow_ups(now: datetime | None = None, batch: int = 200) -> int:
    """Open a draft for every thread whose next email is due; returns how many."""
    if not is_on():
        return 0
    now, count = now or timezone.now(), 0
    for step in DELAY_AFTER_FIRST:
        if EmailTemplate.objects.filter(
            active=True, angle=template_choice.FOLLOW_UPS[step]
        ).exists():
            for first in first_emails_due(
                step, now
            ):  # all of three weeks: those that stay shut must not hide those behind them
                count += count < batch and _open_follow_up(first, step)
    if count:
        nudge("outreach.write_drafts")
    return count


def first_emails_due(step: int, now: datetime) -> QuerySet[Message]:
    sent = Q(status=Status.SENT, step=1, transport__in=[Transport.GHL, Transport.SANDBOX])
    at = Q(sent_at__lte=now - DELAY_AFTER_FIRST[step], sent_at__gt=now - THREAD_TOO_OLD)
    thread = Message.objects.filter(follows=OuterRef("pk"))
    rows = Message.objects.filter(sent, at, ~Exists(thread.filter(step=step)), *_thread_goes_on())
    if step > 2:
        before = thread.filter(step=step - 1, status=Status.SENT, sent_at__lte=now - SHORTEST_GAP)
        rows = rows.filter(Exists(before))
    return rows.select_related("lead__company").order_by("sent_at", "pk")


def _thread_goes_on() -> tuple[Q, ...]:
    events = EmailEvent.objects.filter(
        Q(message=OuterRef("pk")) | Q(message__follows=OuterRef("pk"))
    )
    meetings = Meeting.objects.filter(lead=OuterRef("lead")).exclude(status__in=Meeting.OFF)
    return (
        Q(~Exists(Reply.objects.by_people().filter(lead=OuterRef("lead")))),
        Q(~Exists(events.filter(kind__in=ENDS_THREAD))),
        Q(~Exists(meetings)),
    )


def _open_follow_up(first: Message, step: int) -> bool:
    known = recipients.load_recipient(first.lead, first.to_address)
    if thread_end(first, known) or previous_emails.find_blocking_email(known, waiting=False):
        return False
    try:
        with transaction.atomic():
            locks.lock_lead(first.lead_id)
            Message.objects.create(
                lead=first.lead,
                assessment=first.lead.assessments.first(),
                kind=first.kind,
                step=step,
                follows=first,
                to_address=first.to_address,
                domain=first.domain,
                written_for=first.written_for,
            )
    except IntegrityError:
        return False  # another worker opened it, or another email to this person is open
    return True


def thread_end(first: Message, known: Recipient) -> ThreadEnd | None:
    """Return why the thread of `first` has ended by our rows; None where it may go on.

    `known` is read for the address of `first`.
    """
    lead = known.lead
    if first.transport == Transport.SANDBOX and not sandboxed_or_raise("ghl"):
        return ThreadEnd(
            MoveCode.FIRST_KEPT,
            "The first email of this thread was kept in the sandbox and never reached them.",
        )
    if previous_emails.has_answered(known):
        return ThreadEnd(MoveCode.ANSWERED, "This person has answered.")
    thread = EmailEvent.objects.filter(Q(message=first) | Q(message__follows=first))
    if event := thread.filter(kind__in=ENDS_THREAD).first():
        return ThreadEnd(
            MoveCode(event.kind), f"An email of this thread: {event.get_kind_display().lower()}."
        )
    if known.meeting_noted_at:
        return ThreadEnd(MoveCode.MEETING, "A meeting is booked.")
    if stop := known.stop:
        return ThreadEnd(MoveCode.SUPPRESSED, f"Do not contact: {stop.text} ({stop.source}).")
    if lead.email != first.to_address:
        return ThreadEnd(MoveCode.OTHER_ADDRESS, "This person has another address by now.")
    if colleague := _interested_colleague(lead, first):
        return ThreadEnd(
            MoveCode.COMPANY_ANSWERED,
            f"{colleague} at the same company has answered, and is interested.",
        )
    return None


def _interested_colleague(lead: Lead, first: Message) -> Lead | None:
    if lead.company_id is None:
        return None
    since = Reply.objects.filter(lead__company=lead.company_id, received_at__gte=first.created_at)
    found = since.of_kind(ReplyKind.POSITIVE).exclude(lead=lead).select_related("lead").first()
    return found.lead if found else None


def withdraw_ended(batch: int = 500) -> int:
    """Withdraw every open follow-up whose thread has ended; returns how many."""
    count = 0
    waiting = Message.objects.filter(follows__isnull=False, status__in=NOT_SENT_YET)
    for message in waiting.select_related("follows__lead__company").order_by("pk")[:batch]:
        first = message.follows
        assert first is not None
        if end := thread_end(first, recipients.load_recipient(first.lead, first.to_address)):
            try:
                move_message(message, Status.WITHDRAWN, end.why, error=end.text)
                count += 1
            except StaleMessage:
                continue  # somebody decided it, or it is being sent
    return count
