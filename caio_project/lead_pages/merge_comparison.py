"""Two leads compared field by field: proposed merges, past ones, and what undoing one changes."""

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Q

from caio_project import field_labels
from caio_project.lib.words.clock_words import day_words
from leads.identity import merge_preview, merge_undo, merging
from leads.models import Lead, Merge, Visit
from leads.suppression import suppression

MAX_PAST = 20


@dataclass(frozen=True)
class FieldComparison:
    """One field of two leads, and its value after a merge."""

    label: str
    ours: str
    theirs: str
    after: str = ""
    why: str = ""


@dataclass(frozen=True)
class MergeProposal:
    row: Merge
    other: Lead
    names: tuple[str, str]
    lines: list[FieldComparison]
    speaks_for: list[str]
    speaks_against: list[str]


@dataclass(frozen=True)
class PastMerge:
    """A merge, or a decision against one."""

    row: Merge
    names: tuple[str, str]
    lines: list[FieldComparison] = field(default_factory=list)
    cannot_undo: str = ""


def merge_proposals(lead: Lead) -> list[MergeProposal]:
    found = []
    for row, other in merging.open_proposals(lead):
        found.append(
            MergeProposal(
                row=row,
                other=other,
                names=field_labels.distinct_names(lead, other),
                lines=side_by_side(lead, other),
                speaks_for=list(merge_preview.reasons_for_merge(lead, other)),
                speaks_against=list(merge_preview.reasons_against_merge(lead, other)),
            )
        )
    return found


def past_merges(lead: Lead) -> list[PastMerge]:
    rows = [row.pk for row in suppression.rows_of(lead)]
    found = Merge.objects.filter(Q(survivor__in=rows) | Q(loser__in=rows)).exclude(
        state=Merge.State.PROPOSED
    )
    related = ("survivor", "loser", "merged_by", "ended_by")
    merges = list(found.select_related(*related).order_by("-pk")[:MAX_PAST])
    names = _row_names(*(row.fields for row in merges))
    return [
        PastMerge(
            row,
            field_labels.distinct_names(row.survivor, row.loser),
            differing_fields(row.fields, names),
            merge_undo.why_not_undo(row),
        )
        for row in merges
    ]


def side_by_side(one: Lead, other: Lead) -> list[FieldComparison]:
    visits = dict(
        Visit.objects.filter(lead__in=[one, other]).values_list("lead").annotate(Count("pk"))
    )
    rows = [
        ("name", one.name, other.name),
        ("title", one.title, other.title),
        ("company", one.company, other.company),
        ("address", one.email or one.personal_email, other.email or other.personal_email),
        ("LinkedIn", one.linkedin_key, other.linkedin_key),
        ("place", _lead_place(one), _lead_place(other)),
        ("visits", visits.get(one.pk, 0), visits.get(other.pk, 0)),
        ("score", one.score, other.score),
        ("known since", day_words(one.first_seen_at), day_words(other.first_seen_at)),
    ]
    return [
        FieldComparison(label, str(ours or ""), str(theirs or "")) for label, ours, theirs in rows
    ]


def _lead_place(lead: Lead) -> str:
    return ", ".join(part for part in (lead.city, lead.state, lead.country) if part)


def differing_fields(
    fields: dict[str, Any], names: field_labels.RowNames | None = None
) -> list[FieldComparison]:
    """Fields in which two leads differ: the survivor's value, the other's, and the result."""
    names = names or _row_names(fields)
    return [
        FieldComparison(
            field_labels.field_label(name),
            names.text_of(name, both["survivor"][0]),
            names.text_of(name, both["loser"][0]),
            names.text_of(name, both["after"]),
            both.get("why", ""),
        )
        for name, both in fields.items()
        if both["survivor"][0] != both["loser"][0] and field_labels.field_label(name)
    ]


def _row_names(*several: dict[str, Any]) -> field_labels.RowNames:
    pairs = [
        (name, both[who][0])
        for fields in several
        for name, both in fields.items()
        for who in ("survivor", "loser")
    ]
    return field_labels.RowNames(pairs)


def undo_lines(preview: merge_preview.UndoPreview) -> list[tuple[str, str, str, str, str]]:
    """Fields that undoing a merge gives back: whose, label, value now, value then, and why."""
    given = [(one.field, value) for one in preview.given for value in (one.now, one.then)]
    names = field_labels.RowNames(given)
    return [
        (
            one.whose,
            field_labels.field_label(one.field),
            names.text_of(one.field, one.now),
            names.text_of(one.field, one.then),
            one.why,
        )
        for one in preview.given
        if (one.now != one.then or one.why) and field_labels.field_label(one.field)
    ]
