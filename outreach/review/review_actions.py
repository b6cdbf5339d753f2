"""What a decision does to an email: cleared, rejected, edited, undone, withdrawn, expired. Who
may is decided above.
"""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from caio_project.lib.db import claims
from caio_project.lib.nudge import nudge
from leads.models import Kind, Lead
from leads.suppression import suppression
from outreach.choices import Phase, Status
from outreach.contact_history import ghl_check, previous_emails
from outreach.content import check_results, email_footer, merge_fields
from outreach.control import phase
from outreach.drafting import compose, drafts, message_text, signing
from outreach.lifecycle.moves import move_message
from outreach.lifecycle.transitions import NOT_SENT_YET, IllegalMove, StaleMessage
from outreach.limits import office_hours
from outreach.models import Message, MessageText, Transport

DECIDABLE = (Status.BLOCKED, Status.HELD, Status.CLEARED)
MACHINE = "machine"  # why an email was cleared that no person cleared


class ApprovalForbidden(Exception):
    """The email may not be approved as it is; the text says why."""


def transport_for(message: Message) -> Transport:
    """The transport of an email that is approved now. Leads that are not live never get
    GoHighLevel.
    """
    if message.kind != Kind.LIVE or message.lead.kind != Kind.LIVE or "ghl" in settings.SANDBOXED:
        return Transport.SANDBOX
    return Transport.GHL


def approve_email(message: Message, version: int, *, by: Any, why: str = "approved") -> Message:
    """Approve the text of `version`; it waits for the undo time and keeps the transport set here.

    In Shadow it is withdrawn instead. Raises StaleMessage for another version or a decided email,
    and ApprovalForbidden where suppression or a check is against it. The machine approves only
    what nobody has opened.
    """
    _require_version(message, version)
    if stop := suppression.find_stop(message.to_address, message.lead):
        raise ApprovalForbidden(f"We must not write to this address: {stop.text} ({stop.source}).")
    if failed := next((row for row in message.guards if not row["passed"]), None):
        raise ApprovalForbidden(f"{failed['text']} {failed['clear']}".strip())
    if ahead := previous_emails.find_blocking_email(
        message.lead, timezone.now(), but=message.pk, waiting=False
    ):
        raise ApprovalForbidden(ahead.sentence)
    if phase.current_control().phase == Phase.SHADOW:
        return move_message(message, Status.WITHDRAWN, "would_approve", by=by)
    now, transport = timezone.now(), transport_for(message)
    undo_until = now + timedelta(seconds=settings.UNDO_SECONDS)
    by_machine = why == MACHINE
    with transaction.atomic():
        _accept_known_findings(message)
        cleared = move_message(
            message,
            Status.CLEARED,
            why,
            by=by,
            now=now,
            cleared_at=now,
            not_before=undo_until,
            waiting_for="undo",
            transport=transport,
            place=office_hours.place_for_sending(message, transport),
            attempts=0,
            error="",
            by_machine=by_machine,
            where=Q(opened_at=None) if by_machine else None,
        )
    nudge("outreach.send_due")
    return cleared


def _accept_known_findings(message: Message) -> None:
    """Save what GoHighLevel showed as read. Raises StaleMessage where a reason was added in this
    moment.

    The order matters: a check is stored together with its reason.
    """
    ghl_check.accept_findings(message)
    if not Message.objects.filter(pk=message.pk, critical_reason=message.critical_reason).exists():
        raise StaleMessage(message.status, message.version)


def reject_email(message: Message, version: int, *, by: Any, tag: str, reason: str) -> Message:
    _require_version(message, version)
    return move_message(message, Status.REJECTED, "rejected", by=by, tag=tag, reason=reason)


def edit_text(message: Message, version: int, *, subject: str, body: str, by: Any) -> Message:
    """Store a person's text as the next version and check it. An approval of the old text is
    void.
    """
    with transaction.atomic():
        if message.version != version:
            raise StaleMessage(message.status, message.version)
        if message.status not in (Status.HELD, Status.BLOCKED, Status.CLEARED):
            raise IllegalMove(message.status, Status.HELD)
        current = message.text or _empty_text(message)
        subject, body = subject.strip(), body.replace("\r\n", "\n").strip()
        if (subject, body) == (current.subject, current.body):
            return message
        kept = [p for p in current.phrases if p["text"] in body or p["text"] in subject]
        text = compose.TextToCheck(
            subject,
            body,
            current.footer,
            tuple(merge_fields.Phrase(**phrase) for phrase in kept),
            typed=True,
        )
        before = previous_emails.load_history(message.lead, timezone.now(), message.pk)
        results = compose.check_email(message.lead, message.sender, text, before)
        # The checks have seen and refused a longer subject.
        subject = subject[: message_text.LONGEST_SUBJECT]
        rows = Message.objects.filter(pk=message.pk, version=version, status=message.status)
        domain = message.to_address.rpartition("@")[2]
        if not claims.claim_row(
            rows, version=version + 1, guards=check_results.results_as_rows(results), domain=domain
        ):
            found = Message.objects.get(pk=message.pk)
            raise StaleMessage(found.status, found.version)
        new = message_text.NewText(subject, body, current.footer, kept, author=by)
        message_text.store_text(message, version + 1, new)
        message.refresh_from_db()
        return _after_edit(message, check_results.first_failure(results), by)


def _empty_text(message: Message) -> MessageText:
    """The empty text of an email that could not be drafted and is written by hand."""
    footer = email_footer.build_footer(
        signing.signature_of(signing.sender_of(message.lead), message.unsubscribe_token)
    )
    return MessageText(message=message, footer=footer)


def _after_edit(message: Message, failed: check_results.CheckResult | None, by: Any) -> Message:
    if message.status == Status.CLEARED:
        message = drafts.hold_for_review(message, "edited", by=by)
    if failed and message.status == Status.BLOCKED:
        Message.objects.filter(pk=message.pk).update(
            blocked_by=failed.guard, error=failed.text[:500]
        )
        message.refresh_from_db()
    if failed and message.status == Status.HELD:
        return move_message(
            message,
            Status.BLOCKED,
            "edited",
            by=by,
            blocked_by=failed.guard,
            error=failed.text[:500],
        )
    if not failed and message.status == Status.BLOCKED:
        waited: dict[str, Any] = {
            "held_at": message.held_at,
            "due_at": message.due_at,
            "expires_at": message.expires_at,
        }
        return drafts.hold_for_review(
            message, "edited", by=by, **(waited if message.held_at else {})
        )
    return message


def undo_approval(message: Message, *, by: Any) -> Message:
    """Take an approval back; raises IllegalMove or StaleMessage when it is too late."""
    if message.status != Status.CLEARED:
        raise IllegalMove(message.status, Status.HELD)
    held = move_message(
        message,
        Status.HELD,
        "undone",
        by=by,
        transport="",
        waiting_for="",
        cleared_at=None,
        by_machine=False,
    )
    ghl_check.request_check(held)
    return held


def return_machine_approved() -> int:
    """Hold again what the machine approved and was not sent; returns how many."""
    count = 0
    for message in Message.objects.filter(status=Status.CLEARED, by_machine=True):
        try:
            drafts.hold_for_review(message, "machine_returned")
            count += 1
        except StaleMessage:
            continue  # it is at the door, which judges it again
    return count


def withdraw_email(message: Message, *, by: Any, reason: str = "") -> Message:
    """Withdraw an email for good. Raises IllegalMove while it is being sent."""
    if message.status == Status.SENDING:
        raise IllegalMove(message.status, Status.WITHDRAWN)
    return move_message(message, Status.WITHDRAWN, "withdrawn", by=by, reason=reason)


def mark_opened(message: Message) -> None:
    """Record that a person opened it; from now on no machine changes its text."""
    Message.objects.filter(pk=message.pk, opened_at=None).update(opened_at=timezone.now())


def expire_due(batch: int = 200) -> int:
    """Expire what nobody decided in time: never sent, and not a rejection; returns how many."""
    now = timezone.now()
    due = Message.objects.filter(status__in=[Status.HELD, Status.BLOCKED], expires_at__lte=now)[
        :batch
    ]
    count = 0
    for message in due:
        try:
            move_message(message, Status.EXPIRED, "expired")
            count += 1
        except StaleMessage:
            continue
    return count


def withdraw_open_emails(lead: Lead, why: str) -> int:
    """Withdraw every unsent email to a person who must not be written to; returns how many."""
    count = 0
    for message in previous_emails.emails_of(lead).filter(status__in=NOT_SENT_YET):
        try:
            move_message(message, Status.WITHDRAWN, why)
            count += 1
        except StaleMessage:
            continue  # it is at the door, which asks for suppression and answers itself
    return count


def recheck_open_emails(lead: Lead) -> None:
    """Make open emails CRITICAL where something new is known of the person."""
    for message in (
        previous_emails.emails_of(lead).filter(status__in=DECIDABLE).select_related("lead")
    ):
        if reason := compose.critical_reason(message.lead, message):
            make_critical(message, reason)


def make_critical(message: Message, reason: str) -> None:
    """Make `message` CRITICAL because of `reason`; an approval is taken back.

    Who approved a CRITICAL email has seen a reason and is not asked twice.
    """
    if message.critical_reason or message.status not in DECIDABLE:
        return
    critical = message_text.reason_columns(message.band, reason)
    if message.status != Status.CLEARED:
        Message.objects.filter(pk=message.pk, status=message.status).update(**critical)
        return
    try:
        drafts.hold_for_review(message, "more_known", error=reason, **critical)
    except StaleMessage:
        return  # it is at the door, which looks at GoHighLevel itself


def _require_version(message: Message, version: int) -> None:
    if message.version != version:
        raise StaleMessage(message.status, message.version)
