"""Check a blocked draft again: what blocked it may be gone by now, and what blocks it is said anew.

Checks read settings, senders and templates beside the email and its lead. A mark of these three is
stored; where it differs, everything blocked is due at once. A new assessment makes one draft due.
"""

import hashlib
import json
import logging
import time
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from caio_project.lib.db import claims
from caio_project.lib.logs import correlation
from caio_project.lib.nudge import nudge
from leads import locks
from leads.models import Lead, TeamMember
from outreach import choices
from outreach.choices import Status
from outreach.contact_history import previous_emails, recipients
from outreach.contact_history.recipients import Recipient
from outreach.content import check_results, email_footer, meeting_times, merge_fields
from outreach.drafting import compose, drafting_facts, drafts, message_text, signing
from outreach.drafting.drafting_facts import DraftingBatch, DraftingFacts
from outreach.lifecycle import block_causes, colleagues_wait
from outreach.lifecycle.transitions import StaleMessage
from outreach.limits import deadlines
from outreach.models import CheckBasis, EmailTemplate, Message, MessageText

log = logging.getLogger(__name__)

RECHECK_AFTER = timedelta(minutes=2)  # whether the email that goes first is decided
AFTER_FAILURE = timedelta(minutes=10)
RECHECK_BY_CODE = {
    check_results.ONE_PER_COMPANY: RECHECK_AFTER,
    check_results.COLLEAGUE_FIRST: RECHECK_AFTER,
    "near_copy": timedelta(hours=1),
    "learned": timedelta(hours=1),
    block_causes.DRAFT_FAILED: AFTER_FAILURE,
}
RECHECK_ANYWAY = timedelta(days=1)  # what else blocks changes with the mark or an assessment
LONGEST_SWEEP = 15.0  # seconds


def free_blocked(batch: int = 100) -> int:
    """Hold every blocked draft that is due and passes now; returns how many.

    What still blocks the others is stored with them.
    """
    note_changed_basis()
    count, ends = 0, time.monotonic() + LONGEST_SWEEP
    while time.monotonic() < ends and (rows := _due_rows(batch)):
        shared = drafting_facts.load_batch()
        for message in rows:
            with correlation.about(message):
                count += _ask_again(message, shared)
    return count


def _due_rows(batch: int) -> list[Message]:
    due = Message.objects.filter(status=Status.BLOCKED, not_before__lte=timezone.now())
    return list(due.order_by("rank", "not_before")[:batch])


def note_changed_basis() -> None:
    """Make everything blocked due where settings, senders or templates have changed."""
    mark = check_basis()
    if CheckBasis.objects.filter(mark=mark).exists():
        return
    with transaction.atomic():
        CheckBasis.objects.update_or_create(defaults={"mark": mark, "since": timezone.now()}, id=1)
        Message.objects.filter(status=Status.BLOCKED).update(not_before=timezone.now())


def check_basis() -> str:
    """A mark of everything that checks read beside one email and its lead."""
    senders = TeamMember.objects.filter(active=True).order_by("pk")
    facts = [
        settings.SENDER_NAME,
        settings.SENDER_COMPANY,
        settings.POSTAL_ADDRESS,
        settings.SITE_URL,
        sorted(settings.ALLOWED_COUNTRIES),
        settings.GIT_COMMIT,
        list(senders.values_list("pk", "name", "title", "booking_url", "is_default_sender")),
        list(EmailTemplate.objects.filter(active=True).order_by("pk").values_list("pk", flat=True)),
    ]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def ask_soon(lead: Lead) -> None:
    """Make the blocked draft of a lead due, of whom something new is known."""
    lead.messages.filter(status=Status.BLOCKED).update(not_before=timezone.now())


def ask_colleagues_soon(lead: Lead) -> None:
    """Make drafts that wait for an email to `lead` due, where that email goes to nobody now."""
    if lead.company_id is not None:
        on_hold = Message.objects.filter(blocked_by__in=check_results.SLOT_CODES)
        _ask_soon_unlocked(on_hold.filter(lead__company=lead.company_id).exclude(lead=lead))
        nudge("outreach.free_blocked")


def _ask_soon_unlocked(drafts: QuerySet[Message]) -> None:
    """Make blocked drafts due, without waiting for one that is being checked at this moment."""
    now = timezone.now()
    rows = drafts.filter(status=Status.BLOCKED, not_before__gt=now)
    with transaction.atomic():
        locked = rows.select_for_update(of=("self",), skip_locked=True)
        pks = list(locked.values_list("pk", flat=True))
        if pks:
            Message.objects.filter(pk__in=pks).update(not_before=now)


def _ask_again(message: Message, batch: DraftingBatch) -> bool:
    try:
        with transaction.atomic():
            lead = locks.lock_lead(message.lead_id)
            rows = Message.objects.select_related("lead__company", "template", "assessment")
            current = rows.get(pk=message.pk)
            if current.status != Status.BLOCKED:
                return False
            facts = drafting_facts.load_facts_for_slot(lead, batch)
            return check_blocked_again(current, facts).status == Status.HELD
    except StaleMessage:  # somebody edited or rejected it meanwhile
        rows = Message.objects.filter(pk=message.pk, status=Status.BLOCKED)
        rows.update(not_before=timezone.now() + RECHECK_AFTER)
        return False
    except Exception as error:
        log.exception("email %s could not be checked again", message.pk)
        _store_failure(message, f"{type(error).__name__}: {error}"[:500])
        return False


def _store_failure(message: Message, text: str) -> None:
    Message.objects.filter(pk=message.pk, status=Status.BLOCKED).update(
        guards=[],
        blocked_by=block_causes.DRAFT_FAILED,
        error=text,
        not_before=timezone.now() + AFTER_FAILURE,
    )


def check_blocked_again(message: Message, facts: DraftingFacts | None = None) -> Message:
    """Hold a blocked draft whose checks pass now, or store what blocks it now and when to ask next.

    A template's text is written anew: its footer, or all of it, may be from before the change.
    """
    facts = facts or drafting_facts.load_facts(message.lead)
    assessment = message.assessment or facts.lead.assessments.first()
    if assessment is not None and not is_edited(message):
        drafts.rewrite_draft(message, assessment, facts)
        message = Message.objects.select_related("lead__company").get(pk=message.pk)
    else:
        message = _check_typed_text(message, facts)
    if message.status == Status.BLOCKED:
        _set_next_time(message, facts.recipient)
    return message


def _set_next_time(message: Message, known: Recipient) -> None:
    now = known.read_at
    changes = {"not_before": now + RECHECK_BY_CODE.get(message.blocked_by, RECHECK_ANYWAY)}
    if message.blocked_by in check_results.SLOT_CODES:
        ahead = previous_emails.find_blocking_email(known, but=message.pk)
        until = ahead.until if ahead else None
        if ahead is not None and recipients.is_on_hold(ahead.message):
            _ask_soon_unlocked(Message.objects.filter(pk=ahead.message.pk))
        changes["not_before"] = until or changes["not_before"]
        changes["expires_at"] = deadlines.expires_at(choices.Band(message.band), until or now)
    mine = Message.objects.filter(pk=message.pk, status=Status.BLOCKED, version=message.version)
    mine.update(**changes)
    message.refresh_from_db()


def is_edited(message: Message) -> bool:
    """Whether a person wrote the text, or it was imported: no machine overwrites either."""
    return (message.version > 0 and message.template_id is None) or message.texts.exclude(
        author=None
    ).exists()


def _check_typed_text(message: Message, facts: DraftingFacts) -> Message:
    text = message.text
    if text is None:
        return message
    before = previous_emails.load_history(facts.recipient, message.pk)
    message.sender = facts.sender
    signature = signing.signature_of(message.sender, message.unsubscribe_token, facts.batch.seller)
    footer = email_footer.build_footer(signature)
    renewed = _with_footer(text, footer)
    results = check_stored_text(message, renewed, before)
    failed, rows = check_results.first_failure(results), check_results.results_as_rows(results)
    mine = Message.objects.filter(pk=message.pk, status=Status.BLOCKED, version=message.version)
    changes = {
        "version": message.version + (footer != text.footer),
        "sender": message.sender,
        "guards": rows,
        "blocked_by": failed.guard if failed else "",
        "error": failed.text[:500] if failed else "",
    }
    if not claims.claim_row(mine, **changes):
        found = Message.objects.get(pk=message.pk)
        raise StaleMessage(found.status, found.version)
    message.refresh_from_db()
    if footer != text.footer:
        message_text.store_text(message, message.version, renewed)
    if failed:
        return message
    held = drafts.hold_for_review(message, **facts.held_as)
    colleagues_wait.put_behind(facts.recipient.giving_way, facts.lead)
    return held


def _with_footer(text: MessageText, footer: str) -> message_text.NewText:
    return message_text.NewText(
        subject=text.subject,
        body=text.body,
        footer=footer,
        phrases=text.phrases,
        author=text.author,
        language_model=text.language_model,
        prompt_version=text.prompt_version,
    )


def check_stored_text(
    message: Message, text: MessageText | message_text.NewText, before: previous_emails.EmailHistory
) -> list[check_results.CheckResult]:
    stored = compose.TextToCheck(
        text.subject,
        text.body,
        text.footer,
        tuple(merge_fields.Phrase(**phrase) for phrase in text.phrases),
        typed=text.author is not None,
        template=message.template.key if message.template else "",
        tier=message.tier,
    )
    return compose.check_email(message.lead, message.sender, stored, before)


def renew_offers(batch: int = 100) -> int:
    """Offer new times in drafts that nobody has opened and whose times are over."""
    over = timezone.now() + meeting_times.LEAST_NOTICE
    waiting = Message.objects.filter(drafts.NOT_READ_BY_ANYBODY, offer_ends_at__lt=over)
    waiting = waiting.filter(~_has_typed_text())
    return _write_anew(list(waiting.order_by("offer_ends_at").values_list("pk", "lead")[:batch]))


def sign_for_new_owners(batch: int = 100) -> int:
    """Sign drafts that nobody has opened for the lead's new owner; returns how many were tried."""
    waiting = Message.objects.filter(drafts.NOT_READ_BY_ANYBODY, template__isnull=False)
    other = waiting.filter(
        Q(sender=None) | ~Q(sender=F("lead__owner")), ~_has_typed_text(), lead__owner__active=True
    )
    return _write_anew(list(other.order_by("rank", "pk").values_list("pk", "lead")[:batch]))


def _has_typed_text() -> Exists:
    return Exists(MessageText.objects.filter(message=OuterRef("pk"), author__isnull=False))


def _write_anew(pairs: list[tuple[int, int]]) -> int:
    shared = drafting_facts.load_batch() if pairs else None
    for pk, lead in pairs:
        with correlation.about(Message(pk=pk, lead_id=lead)):
            _write_one_anew(pk, lead, shared)
    return len(pairs)


def _write_one_anew(pk: int, lead: int, batch: DraftingBatch | None) -> None:
    try:
        with transaction.atomic():
            facts = drafting_facts.load_facts_for_slot(locks.lock_lead(lead), batch)
            message = Message.objects.select_related("assessment").get(pk=pk)
            if message.status in (Status.HELD, Status.BLOCKED) and message.assessment:
                drafts.rewrite_draft(message, message.assessment, facts)
    except Exception:  # it keeps its older text, which the desk shows; the others go on
        log.exception("email %s could not be written anew", pk)
