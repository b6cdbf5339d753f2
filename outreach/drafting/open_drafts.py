"""Draft an email for each newly assessed lead who may be written to."""

import logging
import random
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from caio_project.lib.nudge import nudge
from leads import locks
from leads.models import Assessment, Lead
from leads.scoring import assess
from outreach.choices import Status
from outreach.drafting import drafting_facts, drafts, no_draft, recheck
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
    requests = list(due.values_list("pk", "draft_due_at")[:batch])
    if not requests:
        return 0
    random.shuffle(requests)  # workers that read the same ones go different ways through them
    shared = drafting_facts.load_batch()
    for pk, asked_at in requests:
        _draft_or_record_error(pk, asked_at, shared)
    return len(requests)


def _draft_or_record_error(pk: int, asked_at: datetime | None, batch: DraftingBatch) -> None:
    asked = Lead.rows.filter(pk=pk, draft_due_at=asked_at)  # not where it asks again meanwhile
    try:
        with transaction.atomic():
            free = Lead.rows.select_for_update(of=("self",), skip_locked=True)
            row = free.select_related("company").filter(pk=pk, draft_due_at=asked_at).first()
            if row is None:
                return  # another worker drafts for them, or has; or somebody holds the lead now
            lead = locks.lock_lead(pk) if row.merged_into_id else row
            _draft_for_lead(lead, batch)
            asked.update(draft_due_at=None)
            if lead.error.startswith(FAILED):
                Lead.rows.filter(pk=lead.pk).update(error="")
    except IntegrityError:
        nudge("outreach.draft_due")  # somebody opened an email for them meanwhile: looked at again
    except Exception as error:
        log.exception("lead %s could not be drafted for", pk)
        text = f"{FAILED}{type(error).__name__}: {error}"[:300]
        asked.update(draft_due_at=timezone.now() + RETRY_AFTER, error=text)


def _draft_for_lead(lead: Lead, batch: DraftingBatch) -> None:
    assessment = lead.assessments.first()
    if assessment is None:
        return
    facts = drafting_facts.load_facts(lead, batch)
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
    drafts.open_and_write(facts, assessment)


def _is_unread(message: Message) -> bool:
    return message.status in (Status.HELD, Status.BLOCKED) and message.opened_at is None


def _rewrite_safely(message: Message, assessment: Assessment, facts: DraftingFacts) -> None:
    try:
        with transaction.atomic():
            drafts.rewrite_draft(message, assessment, facts)
    except Exception:  # it keeps its older text, which the desk shows
        log.exception("email %s could not be rewritten", message.pk)
