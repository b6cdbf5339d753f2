"""Carries out decisions about an email: approve, reject, edit, undo, withdraw, expire.

Who may decide is checked above.
"""

from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from caio_project.lib.db import claims
from caio_project.lib.models import PersonalSettings
from caio_project.lib.nudge import nudge
from caio_project.lib.vendor_access.access import sandboxed_or_raise
from leads.models import Kind, Lead
from outreach.choices import MoveCode, Phase, Status, Transport
from outreach.contact_history import ghl_check, previous_emails, recipients
from outreach.content import check_results, email_footer, meeting_times, merge_fields
from outreach.control import phase
from outreach.drafting import compose, critical_reasons, drafts, message_text, recheck, signing
from outreach.lifecycle.moves import move_message
from outreach.lifecycle.transitions import NOT_SENT_YET, IllegalMove, StaleMessage
from outreach.limits import office_hours
from outreach.models import Message, MessageText
from outreach.review import kept_deadlines

OFFER_PAST = (
    "The first time that it offers is over, or less than an hour away. "
    "Take new times under “Other text”, or edit it."
)
DECIDABLE = (Status.BLOCKED, Status.HELD, Status.CLEARED)


class ApprovalForbidden(Exception):
    """The text says why this email may not be approved as it is."""


def transport_for(message: Message) -> Transport:
    """Only emails to live leads ever leave through GoHighLevel."""
    if message.kind != Kind.LIVE or message.lead.kind != Kind.LIVE or sandboxed_or_raise("ghl"):
        return Transport.SANDBOX
    return Transport.GHL


def approve_email(
    message: Message, version: int, *, by: Any, why: MoveCode = MoveCode.APPROVED
) -> Message:
    """Approve the text of `version`: it waits out the time to undo, then leaves by the transport
    pinned here.

    In Shadow, and for practice, it is withdrawn instead: it is never released later. Raises
    Stale for another version or a decided email, ApprovalForbidden where suppression or a check is
    against it. The machine (`why` MoveCode.MACHINE) approves only what nobody has opened.
    """
    _require_version(message, version)
    known = recipients.load_recipient(message.lead, message.to_address)
    if stop := known.stop:
        raise ApprovalForbidden(f"Do not contact: {stop.text} ({stop.source}).")
    if failed := next((row for row in message.guards if not row["passed"]), None):
        raise ApprovalForbidden(f"{failed['text']} {failed['clear']}".strip())
    if meeting_times.are_past(message.offer_ends_at, known.read_at):
        raise ApprovalForbidden(OFFER_PAST)
    if ahead := previous_emails.find_blocking_email(known, but=message.pk, waiting=False):
        raise ApprovalForbidden(ahead.sentence)
    if message.kind == Kind.TRAINING:
        return move_message(message, Status.WITHDRAWN, MoveCode.TRAINING_APPROVED, by=by)
    if phase.current_control().phase == Phase.SHADOW:
        return move_message(message, Status.WITHDRAWN, MoveCode.WOULD_APPROVE, by=by)
    now, transport = timezone.now(), transport_for(message)
    undo_until = now + PersonalSettings.undo_wait_of(by)
    by_machine = why == MoveCode.MACHINE
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
    """Raise StaleMessage where a critical reason was added at this moment.

    In this order: a check is stored together with its reason, so findings accepted here had theirs
    before.
    """
    ghl_check.accept_findings(message)
    if not Message.objects.filter(pk=message.pk, critical_reason=message.critical_reason).exists():
        raise StaleMessage(message.status, message.version)


def reject_email(message: Message, version: int, *, by: Any, tag: str, reason: str) -> Message:
    """Tag and reason stay on the move, where the next draft finds them."""
    _require_version(message, version)
    moved = move_message(message, Status.REJECTED, MoveCode.REJECTED, by=by, tag=tag, reason=reason)
    recheck.ask_colleagues_soon(message.lead)
    return moved


def edit_text(message: Message, version: int, *, subject: str, body: str, by: Any) -> Message:
    """Store a person's text as the next version and check it; voids an approval."""
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
        known = recipients.load_recipient(message.lead, message.to_address)
        before = previous_emails.load_history(known, message.pk)
        results = compose.check_email(message.lead, message.sender, text, before)
        # The checks have seen and refused a longer subject.
        subject = subject[: message_text.LONGEST_SUBJECT]
        rows = Message.objects.filter(pk=message.pk, version=version, status=message.status)
        domain = message.to_address.rpartition("@")[2]
        changes: dict[str, Any] = {
            "version": version + 1,
            "guards": check_results.results_as_rows(results),
            "domain": domain,
            **message_text.fingerprint_columns(body, kept),
        }
        if not any(phrase["field"] == "meeting_times" for phrase in kept):
            changes["offer_ends_at"] = None
        if not claims.claim_row(rows, **changes):
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
        message = drafts.hold_for_review(message, MoveCode.EDITED, by=by)
    if failed and message.status == Status.BLOCKED:
        Message.objects.filter(pk=message.pk).update(
            blocked_by=failed.guard, error=failed.text[:500]
        )
        message.refresh_from_db()
    if failed and message.status == Status.HELD:
        return move_message(
            message,
            Status.BLOCKED,
            MoveCode.EDITED,
            by=by,
            blocked_by=failed.guard,
            error=failed.text[:500],
        )
    if not failed and message.status == Status.BLOCKED:
        now = timezone.now()
        waited = kept_deadlines.find_kept_times(message, now) if message.held_at else {}
        return drafts.hold_for_review(message, MoveCode.EDITED, by=by, **waited)
    return message


def undo_approval(message: Message, *, by: Any) -> Message:
    """Have it decided again. Within the time to undo it keeps its place in the queue, else it
    comes with new deadlines.
    """
    if message.status != Status.CLEARED:
        raise IllegalMove(message.status, Status.HELD)
    now = timezone.now()
    is_quick = message.waiting_for == "undo" and message.not_before > now
    times = kept_deadlines.find_kept_times(message, now) if is_quick else {}
    return drafts.hold_for_review(
        message, MoveCode.UNDONE, now=now, by=by, cleared_at=None, **times
    )


def return_machine_approved() -> int:
    """Hold again whatever was approved automatically and has not left; returns how many."""
    count = 0
    for message in Message.objects.filter(status=Status.CLEARED, by_machine=True):
        try:
            drafts.hold_for_review(message, MoveCode.MACHINE_RETURNED)
            count += 1
        except StaleMessage:
            continue  # it is being sent, and the final checks judge it again
    return count


def withdraw_email(message: Message, *, by: Any, reason: str = "") -> Message:
    """Raises IllegalMove while it may be leaving."""
    if message.status == Status.SENDING:
        raise IllegalMove(message.status, Status.WITHDRAWN)
    moved = move_message(message, Status.WITHDRAWN, MoveCode.WITHDRAWN, by=by, reason=reason)
    recheck.ask_colleagues_soon(message.lead)
    return moved


def mark_opened(message: Message) -> None:
    Message.objects.filter(pk=message.pk, opened_at=None).update(opened_at=timezone.now())


def expire_due(batch: int = 200) -> int:
    """Expired emails are never sent, and do not count as rejected."""
    now = timezone.now()
    open_ = Message.objects.filter(status__in=[Status.HELD, Status.BLOCKED], expires_at__lte=now)
    due = open_.select_related("lead")[:batch]
    count = 0
    for message in due:
        try:
            move_message(message, Status.EXPIRED, MoveCode.EXPIRED)
            recheck.ask_colleagues_soon(message.lead)
            count += 1
        except StaleMessage:
            continue
    return count


def withdraw_open_emails(lead: Lead, why: MoveCode | str) -> int:
    count = 0
    for message in previous_emails.emails_of(lead).filter(status__in=NOT_SENT_YET):
        try:
            move_message(message, Status.WITHDRAWN, why)
            count += 1
        except StaleMessage:
            continue  # it is being sent, and the final checks ask for suppression and replies
    return count


def recheck_open_emails(lead: Lead) -> None:
    known = recipients.load_recipient(lead)
    for message in [one.message for one in known.emails if one.message.status in DECIDABLE]:
        if reason := critical_reasons.critical_reason(known, message):
            make_critical(message, reason)


def make_critical(message: Message, reason: str) -> None:
    """Require a person's decision about `message`, with `reason`; an approved one is held again.

    An email that was CRITICAL already was approved knowing a reason, and is not asked about twice.
    """
    if message.critical_reason or message.status not in DECIDABLE:
        return
    critical = message_text.reason_columns(message.band, reason)
    if message.status != Status.CLEARED:
        Message.objects.filter(pk=message.pk, status=message.status).update(**critical)
        return
    try:
        drafts.hold_for_review(message, MoveCode.MORE_KNOWN, error=reason, **critical)
    except StaleMessage:
        return  # it is being sent, and the final checks ask GoHighLevel


def _require_version(message: Message, version: int) -> None:
    if message.version != version:
        raise StaleMessage(message.status, message.version)
