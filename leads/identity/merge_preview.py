"""What a merge of two leads, or its undo, would do, and what speaks for and against it.

Reads only.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from leads import normal
from leads.identity import merge_undo, merged_fields, merging
from leads.models import Enrichment, Lead, Merge, Visit
from leads.suppression import suppression


@dataclass(frozen=True)
class MergePreview:
    """`refused` is why the merge cannot be; `mark` binds a decision to what was shown."""

    survivor: Lead
    loser: Lead
    fields: merged_fields.FieldChanges
    speaks_for: list[str]
    speaks_against: list[str]
    refused: str = ""

    @property
    def mark(self) -> str:
        return merged_fields.preview_mark(self.fields)


@dataclass(frozen=True)
class UndoPreview:
    """`refused` is why the undo cannot be."""

    row: Merge
    given: list[merged_fields.RestoredField] = field(default_factory=list)
    # How many rows of which table return to the loser
    goes_back: dict[str, int] = field(default_factory=dict)
    # What came since the merge, and stays with the survivor
    stays: dict[str, int] = field(default_factory=dict)
    stops: int = 0  # recorded since; they hold for both afterwards
    refused: str = ""

    @property
    def mark(self) -> str:
        return merged_fields.preview_mark(self.given)


def preview_merge(one: Lead, other: Lead) -> MergePreview:
    pks = sorted((one.pk, other.pk))
    survivor, loser = (_fresh_copy(pk) for pk in pks)
    apart = list({lead.pk: lead for lead in (survivor, loser)}.values())
    reasons = list(reasons_for_merge(survivor, loser)), list(reasons_against_merge(survivor, loser))
    fields = (
        merged_fields.combine_fields(_fresh_copy(pks[0]), _fresh_copy(pks[1]))
        if len(apart) == 2
        else {}
    )
    return MergePreview(survivor, loser, fields, *reasons, refused=merging.why_not_merge(apart))


def preview_undo(row: Merge) -> UndoPreview:
    if why := merge_undo.why_not_undo(row):
        return UndoPreview(row, refused=why)
    survivor, loser = _fresh_copy(row.survivor_id), _fresh_copy(row.loser_id)
    moved = {name: len(ids) for name, ids in row.moved.items() if ids}
    since = {
        "visit": Visit.objects.filter(lead=survivor, received_at__gte=row.merged_at).count(),
        "enrichment": Enrichment.objects.filter(
            lead=survivor, created_at__gte=row.merged_at
        ).count(),
    }
    return UndoPreview(
        row=row,
        given=merged_fields.restore_fields(row.fields, survivor, loser),
        goes_back=moved,
        stays={name: count for name, count in since.items() if count},
        stops=suppression.suppressions_of(row.survivor)
        .filter(created_at__gte=row.merged_at)
        .count(),
    )


def _fresh_copy(pk: int) -> Lead:
    # A row of its own, because the preview changes it.
    return Lead.rows.select_related("company", "owner").get(pk=pk)


def reasons_for_merge(one: Lead, other: Lead) -> Iterator[str]:
    names = [
        (normal.company_key(lead.first_name), normal.company_key(lead.last_name))
        for lead in (one, other)
    ]
    if names[0] == names[1] and all(names[0]):
        yield f"They have the same name: {one.name}."
    elif names[0][1] and names[0][1] == names[1][1]:
        yield f"They have the same last name: {one.last_name}."
    for mine, theirs in ((one, other), (other, one)):
        if mine.email and mine.email == theirs.personal_email:
            yield f"{mine.email} is known as an address of both."
        elif mine.email and _reads_like(mine.email, theirs) and not mine.last_name:
            yield f"{mine.email} reads like {theirs.name}."
    if one.company_id and one.company_id == other.company_id:
        yield f"Both are at {one.company}."
    elif _company_key(one) and _company_key(one) == _company_key(other):
        yield f"Their companies have the same name: {one.company}."
    if one.title and one.title == other.title:
        yield f"Both are {one.title}."


def _reads_like(address: str, lead: Lead) -> bool:
    last = normal.company_key(lead.last_name).replace(" ", "")
    return len(last) > 2 and last in address.partition("@")[0]


def _company_key(lead: Lead) -> str:
    return lead.company.name_key if lead.company else ""


def reasons_against_merge(one: Lead, other: Lead) -> Iterator[str]:
    yield from merging.merge_doubts(one, other)
    if _company_key(one) and _company_key(other) and one.company_id != other.company_id:
        yield f"They are at different companies: {one.company} and {other.company}."
    for name in ("state", "country"):
        mine, theirs = getattr(one, name), getattr(other, name)
        if mine and theirs and mine != theirs:
            yield f"They are in different places: {mine} and {theirs}."
            break
    for row in merging.merges_between(one, other).filter(
        state__in=[Merge.State.UNDONE, Merge.State.DECLINED]
    ):
        was = "kept" if row.state == Merge.State.DECLINED else "taken"
        yield f"A person has {was} them apart before."
