"""Takes two merged leads apart again: each gets back what it had."""

from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from caio_project.lib.nudge import nudge
from leads import locks
from leads.identity import lead_matching, merged_fields
from leads.identity.merging import CHANGED_SINCE_PREVIEW, MOVED_TABLES, MergeError, save_pair
from leads.models import Lead, Merge
from leads.ownership import owner_assignment
from leads.suppression import suppression


def undo_merge(row: Merge, *, by: Any, reason: str, shown: str = "") -> Merge:
    """Take two merged leads apart: each gets back what it had; later rows stay with the survivor.

    A stop recorded since the merge holds for both. Raises MergeError, also where the preview with
    the mark `shown` would come out otherwise now.
    """
    with transaction.atomic():
        pair = (
            Lead.rows.select_for_update()
            .filter(pk__in=[row.survivor_id, row.loser_id])
            .order_by("pk")
        )
        leads = {lead.pk: lead for lead in pair}
        row = Merge.objects.select_for_update().get(pk=row.pk)
        survivor, loser = leads[row.survivor_id], leads[row.loser_id]
        if why := why_not_undo(row):
            raise MergeError(why)
        given = merged_fields.restore_fields(row.fields, survivor, loser)
        if shown and shown != merged_fields.preview_mark(given):
            raise MergeError(CHANGED_SINCE_PREVIEW)
        _keep_stops(row, survivor, loser)
        _take_apart(survivor, loser)
        _move_back(row, survivor, loser)
        owner_assignment.record_if_changed(survivor)
        row.state, row.ended_at, row.ended_by, row.ended_reason = (
            Merge.State.UNDONE,
            timezone.now(),
            by,
            reason[:300],
        )
        row.save(update_fields=["state", "ended_at", "ended_by", "ended_reason"])
    nudge("leads.assess_due")
    nudge("outreach.draft_due")
    return row


def why_not_undo(row: Merge) -> str:
    """ "" where it can be undone. The newest merge of a lead is undone first."""
    if row.state != Merge.State.MERGED:
        return "It does not stand any more."
    survivor = Lead.rows.get(pk=row.survivor_id)
    if survivor.merged_into_id is not None:
        return "The lead became part of another one since. Undo that merge first."
    if Merge.objects.filter(
        survivor=survivor, state=Merge.State.MERGED, merged_at__gt=row.merged_at
    ).exists():
        return "Another lead became part of this one since. Undo that merge first."
    if suppression.is_erased(survivor):
        return "This person was erased and does not come back."
    return ""


def _keep_stops(row: Merge, survivor: Lead, loser: Lead) -> None:
    # A stop recorded since the merge holds for both leads.
    for stop in suppression.suppressions_of(survivor).filter(created_at__gte=row.merged_at):
        for lead in (survivor, loser):
            suppression.copy_suppression(lead, stop)


def _take_apart(survivor: Lead, loser: Lead) -> None:
    now = timezone.now()
    loser.merged_into, loser.needs_assessment_at, survivor.needs_assessment_at = None, now, now
    save_pair(survivor, loser)


def _move_back(row: Merge, survivor: Lead, loser: Lead) -> None:
    for table in MOVED_TABLES:
        ids = row.moved.get(table._meta.model_name or "", [])
        table._default_manager.filter(pk__in=ids, lead=survivor).update(lead=loser)
    parts = row.moved.get("lead", [])
    locks.lock_rows(parts)
    Lead.rows.filter(pk__in=parts, merged_into=survivor).update(merged_into=loser)
    for lead in (survivor, loser):
        newest = lead.visits.aggregate(at=Max("received_at"))["at"]
        Lead.objects.filter(pk=lead.pk).update(last_seen_at=newest or lead.last_seen_at)
        lead_matching.update_address_state(lead)
