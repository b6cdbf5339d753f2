"""Merges two leads of one person, or proposes it to a person.

The older lead stays; the other one points to it (`merged_into`) and keeps its own values, so that
what points to it stays valid. Of two known values the one known first wins, as if both had been one
lead from the start. A stop of either holds for both, because `suppression` reads every row of a
person.
"""

from collections.abc import Iterator
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from caio_project.lib.db import claims
from caio_project.lib.nudge import nudge
from leads import locks
from leads.identity import lead_matching, merged_fields
from leads.models import Assessment, Enrichment, Lead, Merge, Suppression, Visit
from leads.ownership import owner_assignment
from leads.suppression import suppression

State = Merge.State
MOVED_TABLES = (
    Visit,
    Enrichment,
    Assessment,
    Suppression,
)  # what points to a lead and goes with its person
CHANGED_SINCE_PREVIEW = "One of the two has changed since you looked. Look again; nothing was done."
ASKED_AS_OTHER_LEAD = "The lead became part of another one, about which Clay is asked already."


class MergeError(Exception):
    """Two leads cannot be merged, or not be taken apart; the text says why."""


def resolve_lead(
    people: list[Lead], source: str, address: str, first_name: str, last_name: str, doubt: str = ""
) -> Lead | None:
    """The lead of the identifiers in one answer or body; None where they are new.

    `people` are the locked leads known by them, the one it is about first. They are merged where
    nothing speaks against it; else a person is asked, and the first is returned. `address` and the
    names are what the body says; `doubt` is what speaks against believing it.
    """
    one = people[0] if people else None
    for other in people[1:]:
        assert one is not None
        if why_not_merge([one, other]) or _was_decided(one, other):
            continue
        if found := doubt or next(merge_doubts(one, other, address, first_name, last_name), ""):
            propose_merge(one, other, source, found)
        else:
            one = merge_leads(one, other, source=source).survivor
    return one


def why_not_merge(people: list[Lead]) -> str:
    if len(people) < 2:
        return "They are one lead already."
    if len({lead.kind for lead in people}) > 1:
        return "A made-up person and a real one are never merged."
    if any(suppression.is_erased(lead) for lead in people):
        return "One of them was erased; an erased person does not come back."
    return ""


def merge_doubts(
    one: Lead, other: Lead, address: str = "", first_name: str = "", last_name: str = ""
) -> Iterator[str]:
    """Why a person must decide whether two leads are one, the weightiest reason first.

    Two usable addresses are a doubt: both may have been written to.
    """
    names = [(lead.first_name, lead.last_name) for lead in (one, other)] + [(first_name, last_name)]
    if lead_matching.have_other_names(*names):
        yield f"Their names differ: {_joined_names(names)}."
    if one.linkedin_key and other.linkedin_key:
        yield "Each has a LinkedIn profile of its own."
    if one.address == other.address == Lead.Address.USABLE:
        yield "Each has an address of its own that may have been written to."
    if shared := suppression.stop_by_lists(address) if address else None:
        yield f"{shared.text}: it does not say who reads it."


def _joined_names(names: list[tuple[str, str]]) -> str:
    return ", ".join(dict.fromkeys(" ".join(name).strip() for name in names if any(name)))[:200]


def propose_merge(one: Lead, other: Lead, source: str, doubt: str) -> Merge | None:
    survivor, loser = _survivor_and_loser(one, other)
    try:
        with transaction.atomic():
            return Merge.objects.create(
                survivor=survivor,
                loser=loser,
                state=State.PROPOSED,
                source=source,
                doubt=doubt[:300],
            )
    except IntegrityError:
        return None


def _was_decided(one: Lead, other: Lead) -> bool:
    return merges_between(one, other).exclude(state=State.MERGED).exists()


def merges_between(one: Lead, other: Lead) -> QuerySet[Merge]:
    ours, theirs = ([row.pk for row in suppression.rows_of(lead)] for lead in (one, other))
    either = Q(survivor__in=ours, loser__in=theirs) | Q(survivor__in=theirs, loser__in=ours)
    return Merge.objects.filter(either)


def _survivor_and_loser(one: Lead, other: Lead) -> tuple[Lead, Lead]:
    return (one, other) if one.pk < other.pk else (other, one)


def merge_leads(
    one: Lead, other: Lead, *, source: str, by: Any = None, reason: str = "", shown: str = ""
) -> Merge:
    """Merge two leads. Raises MergeError.

    `shown` is the mark of the preview that a person decided by; where the merge would come out
    otherwise by now, it is refused.
    """
    with transaction.atomic():
        people = locks.lock_leads(one.pk, other.pk)
        if why := why_not_merge(people):
            raise MergeError(why)
        survivor, loser = _survivor_and_loser(*people)
        fields = merged_fields.combine_fields(survivor, loser)
        if shown and shown != merged_fields.preview_mark(fields):
            raise MergeError(CHANGED_SINCE_PREVIEW)
        _absorb_lead(survivor, loser)
        owner_assignment.record_if_changed(survivor, like=loser)
        row = _merged_row(survivor, loser, source, by, reason)
        row.fields, row.moved = fields, _move_rows(survivor, loser)
        row.save(update_fields=["fields", "moved"])
    nudge("leads.assess_due")
    nudge("outreach.draft_due")
    return row


def _merged_row(survivor: Lead, loser: Lead, source: str, by: Any, reason: str) -> Merge:
    decision = {
        "state": State.MERGED,
        "merged_at": timezone.now(),
        "merged_by": by,
        "reason": reason[:300],
    }
    row = merges_between(survivor, loser).filter(state=State.PROPOSED).first() or Merge(
        source=source
    )
    for name, value in {"survivor": survivor, "loser": loser, **decision}.items():
        setattr(row, name, value)
    row.save()
    return row


def _absorb_lead(survivor: Lead, loser: Lead) -> None:
    survivor.last_seen_at = max(survivor.last_seen_at, loser.last_seen_at)
    survivor.needs_assessment_at, survivor.attempts, survivor.error = timezone.now(), 0, ""
    loser.merged_into, loser.needs_assessment_at, loser.lease_until, loser.error = (
        survivor,
        None,
        None,
        "",
    )
    save_pair(survivor, loser)
    lead_matching.update_address_state(survivor)


def save_pair(survivor: Lead, loser: Lead) -> None:
    # The loser lets go of its unique fields first, so that they can change hands.
    Lead.rows.filter(pk=loser.pk).update(**dict.fromkeys(merged_fields.UNIQUE_FIELDS))
    survivor.save()
    loser.save()


def _move_rows(survivor: Lead, loser: Lead) -> dict[str, list[int]]:
    # Hand over what points to `loser`; returns the ids by table, so that an undo finds them.
    _keep_one_request(survivor, loser)
    moved: dict[str, list[int]] = {}
    for table in MOVED_TABLES:
        rows = table._default_manager.filter(lead=loser)
        moved[table._meta.model_name or ""] = list(rows.order_by("pk").values_list("pk", flat=True))
        rows.update(lead=survivor)
    parts = Lead.rows.filter(merged_into=loser).order_by("pk").values_list("pk", flat=True)
    moved["lead"] = list(parts)
    locks.lock_rows(moved["lead"])
    Lead.rows.filter(pk__in=moved["lead"]).update(merged_into=survivor)
    return moved


def _keep_one_request(survivor: Lead, loser: Lead) -> None:
    # Of two open requests to Clay the pushed one stays open; the other may still be answered.
    State_ = Enrichment.State
    open_ = Enrichment.objects.filter(lead__in=[survivor, loser]).exclude(state=State_.SETTLED)
    rows = sorted(open_.select_for_update().order_by("pk"), key=lambda row: row.state == State_.DUE)
    for row in rows[1:]:
        row.outcome = (
            Enrichment.Outcome.SKIPPED if row.state == State_.DUE else Enrichment.Outcome.PARTIAL
        )
        row.state, row.reason, row.settled_at, row.lease_until = (
            State_.SETTLED,
            ASKED_AS_OTHER_LEAD,
            timezone.now(),
            None,
        )
        row.save(update_fields=["state", "outcome", "reason", "settled_at", "lease_until"])


def decline_merge(row: Merge, *, by: Any, reason: str) -> None:
    """Keep two leads apart for good. Raises MergeError where it was decided already."""
    ended = {"ended_at": timezone.now(), "ended_by": by, "ended_reason": reason[:300]}
    if not claims.claim_row(
        Merge.objects.filter(pk=row.pk, state=State.PROPOSED), state=State.DECLINED, **ended
    ):
        raise MergeError("It was decided already.")


def open_proposals(lead: Lead) -> list[tuple[Merge, Lead]]:
    mine = [row.pk for row in suppression.rows_of(lead)]
    rows = Merge.objects.filter(Q(survivor__in=mine) | Q(loser__in=mine), state=State.PROPOSED)
    found = []
    for row in rows.select_related("survivor__merged_into", "loser__merged_into").order_by("pk"):
        people = {
            person.pk: person
            for person in (surviving_lead(row.survivor), surviving_lead(row.loser))
        }
        others = [person for pk, person in people.items() if pk != lead.pk]
        found += [(row, other) for other in others]
    return found


def surviving_lead(lead: Lead) -> Lead:
    return lead.merged_into or lead
