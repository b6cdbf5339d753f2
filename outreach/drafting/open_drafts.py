"""Opening a draft for each newly assessed lead who may be written to."""

import logging

from django.db import IntegrityError, transaction

from caio_project.lib.db import claims
from caio_project.lib.nudge import nudge
from leads import locks
from leads.identity import merging
from leads.models import Assessment, Lead
from leads.scoring import assess
from outreach.choices import Status
from outreach.drafting import drafts, no_draft, recheck
from outreach.models import Message, Position

log = logging.getLogger(__name__)

READER = "drafting"


def open_new_drafts(batch: int = 200) -> int:
    """Open a draft for every new assessment that allows one; returns how many were read.

    The position moves in the transaction that opens the drafts: none is skipped or opened twice.
    """
    if not assess.is_on():
        return 0
    position, _ = Position.objects.get_or_create(reader=READER)
    new = list(
        Assessment.objects.filter(seq__gt=position.seq)
        .order_by("seq")
        .values_list("seq", "lead")[:batch]
    )
    if not new:
        return 0
    last = new[-1][0]
    try:
        with transaction.atomic():
            locks.lock_leads(*(lead for _, lead in new))
            if not claims.claim_row(
                Position.objects.filter(reader=READER, seq=position.seq), seq=last
            ):
                return 0  # another worker reads
            rows = Assessment.objects.filter(seq__gt=position.seq, seq__lte=last)
            for assessment in rows.select_related("lead__merged_into").order_by("seq"):
                _open_or_record_error(assessment)
    except IntegrityError:
        return 0  # somebody opened an email for one of them meanwhile; the next sweep reads again
    return len(new)


def _open_or_record_error(assessment: Assessment) -> None:
    try:
        with transaction.atomic():
            _open_draft(assessment)
    except IntegrityError:
        raise
    except Exception as error:
        log.exception("assessment %s could not be taken up", assessment.pk)
        Lead.objects.filter(pk=assessment.lead_id).update(
            error=f"Drafting: {type(error).__name__}: {error}"[:300]
        )


def _open_draft(assessment: Assessment) -> None:
    lead = merging.surviving_lead(assessment.lead)
    if lead.messages.filter(status=Status.DRAFT).update(assessment=assessment):
        return  # not written yet; it will be from what is known now
    recheck.ask_soon(lead)
    waiting = lead.messages.filter(status__in=[Status.HELD, Status.BLOCKED], opened_at=None).first()
    if (
        waiting is not None
        and waiting.assessment_id != assessment.pk
        and not recheck.is_edited(waiting)
    ):
        try:
            with transaction.atomic():
                drafts.rewrite_draft(waiting, assessment)
        except Exception:
            # One draft that keeps its older text must not stop the reading for everybody.
            log.exception("email %s could not be rewritten", waiting.pk)
        return
    if no_draft.why_no_draft_now(lead):
        return
    Message.objects.create(
        lead=lead, assessment=assessment, kind=lead.kind, to_address=lead.email or ""
    )
    nudge("outreach.write_drafts")
