"""Draft an email for each newly assessed lead who may be written to."""

import logging
import random
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from caio_project.lib.db import claims
from caio_project.lib.logs import correlation
from caio_project.lib.nudge import nudge
from leads import locks
from leads.models import Assessment, Lead
from leads.scoring import assess
from outreach.choices import Status
from outreach.drafting import compose, drafting_facts, drafts, no_draft, recheck
from outreach.drafting.drafting_facts import DraftingBatch, DraftingFacts
from outreach.models import Message

log = logging.getLogger(__name__)

RETRY_AFTER = timedelta(hours=1)
FAILED = "Drafting: "  # how the error on a lead begins


def open_new_drafts(batch: int = 200) -> int:
    """Draft for every lead whose new assessment asks for it; returns how many were looked at.

    Each lead is locked and drafted for in a transaction of its own, which also ends its request.
    """
    if not assess.is_on():
        return 0
    # Merged leads as well: the draft is for whom they were merged into.
    due = Lead.rows.filter(draft_due_at__lte=timezone.now()).order_by("draft_due_at")
    requests = list(due.only("draft_due_at", "merged_into")[:batch])
    if not requests:
        return 0
    random.shuffle(requests)  # workers that read the same ones go different ways through them
    shared = drafting_facts.load_batch()
    for request in requests:
        with correlation.about(request):
            _draft_or_record_error(request, shared)
    return len(requests)


def _draft_or_record_error(request: Lead, batch: DraftingBatch) -> None:
    """`request` is the lead as it asked; where it asks again meanwhile, that request stays."""
    asked = Lead.rows.filter(pk=request.pk, draft_due_at=request.draft_due_at)
    try:
        with transaction.atomic():
            lead = _lock_for_draft(request)
            if lead is None:
                return
            _draft_for_lead(lead, batch)
            asked.update(draft_due_at=None)
            if lead.error.startswith(FAILED):
                Lead.rows.filter(pk=lead.pk).update(error="")
    except IntegrityError:
        nudge("outreach.draft_due")  # somebody opened an email for them meanwhile: looked at again
    except Exception as error:
        log.exception("lead %s could not be drafted for", request.pk)
        text = f"{FAILED}{type(error).__name__}: {error}"[:300]
        asked.update(draft_due_at=timezone.now() + RETRY_AFTER, error=text)


def _lock_for_draft(request: Lead) -> Lead | None:
    """None where another worker drafts for the lead, or has, or somebody holds it now.

    A merged row is locked after the lead that it became part of, as everywhere.
    """
    if request.merged_into_id:
        return locks.lock_lead(request.pk)
    free = locks.free_leads().filter(pk=request.pk, draft_due_at=request.draft_due_at)
    return free.first()


def _draft_for_lead(lead: Lead, batch: DraftingBatch) -> None:
    assessment = lead.assessments.first()
    if assessment is None:
        return
    facts = drafting_facts.load_facts_for_slot(lead, batch)
    emails = [one.message for one in facts.recipient.emails]
    if draft := next((one for one in emails if one.status == Status.DRAFT), None):
        # Not written yet; it will be from what is known now.
        Message.objects.filter(pk=draft.pk, status=Status.DRAFT).update(assessment=assessment)
        return
    if any(one.status == Status.BLOCKED for one in emails):
        recheck.ask_soon(lead)
    waiting = next((one for one in emails if _is_unread(one)), None)
    if waiting is not None:
        if waiting.assessment_id != assessment.pk and not recheck.is_edited(waiting):
            _rewrite_safely(waiting, assessment, facts)
        return
    if no_draft.reason_against_draft(facts.recipient, facts.visits):
        return
    _open_and_write(facts, assessment)


def _open_and_write(facts: DraftingFacts, assessment: Assessment) -> Message:
    """Open a first email to a locked lead and write it. Raises IntegrityError where one is open.

    Where it cannot be written now it stays a draft, and the sweep tries again.
    """
    lead = facts.lead
    message = Message(lead=lead, assessment=assessment, kind=lead.kind, to_address=lead.email or "")
    try:
        written = compose.compose_email(facts, message)
    except Exception as error:
        log.exception("the first email to lead %s could not be drafted", lead.pk)
        message.attempts, message.error = 1, drafts.error_text(error)
        message.not_before = timezone.now() + claims.retry_delay(message.attempts)
        message.save(force_insert=True)
        return message
    message.save(force_insert=True)
    return drafts.store_draft(message, written, facts)


def _is_unread(message: Message) -> bool:
    return message.status in (Status.HELD, Status.BLOCKED) and message.opened_at is None


def _rewrite_safely(message: Message, assessment: Assessment, facts: DraftingFacts) -> None:
    try:
        with transaction.atomic():
            drafts.rewrite_draft(message, assessment, facts)
    except Exception:  # it keeps its older text, which the desk shows
        log.exception("email %s could not be rewritten", message.pk)
