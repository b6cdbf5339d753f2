"""Whether two leads are one person: both side by side, and what each answer would do. A GET changes nothing."""

from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from approvals.views.pages import SeeOther, render_page
from caio_project import field_labels
from caio_project.lead_pages import lead_list
from leads.identity import merge_preview, merge_undo, merging
from leads.models import Lead, Merge, Visit
from leads.suppression import suppression
from outreach.models import Message

NEEDS_LEAD_ROLE = "You can read. Merging leads and taking them apart is a Lead's to do."
MAX_FOUND = 20
MAX_PAST = 20


class DecisionForm(forms.Form):
    """What a person typed, and the mark of what was on the screen when they did."""

    reason = forms.CharField(
        label="Why?",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Say why, in a few words."},
    )
    shown = forms.CharField(widget=forms.HiddenInput, max_length=40)


@dataclass(frozen=True)
class FieldComparison:
    """One field of two leads: what each has, and what would become of it."""

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
    """A merge, or a decision against one, about the person of a page."""

    row: Merge
    names: tuple[str, str]
    lines: list[FieldComparison] = field(default_factory=list)
    cannot_undo: str = ""


def merge_proposals(lead: Lead) -> list[MergeProposal]:
    """Who may be the same person as `lead`, each beside them."""
    found = []
    for row, other in merging.open_proposals(lead):
        told = (
            list(merge_preview.reasons_for_merge(lead, other)),
            list(merge_preview.reasons_against_merge(lead, other)),
        )
        found.append(
            MergeProposal(
                row,
                other,
                field_labels.distinct_names(lead, other),
                side_by_side(lead, other),
                *told,
            )
        )
    return found


def past_merges(lead: Lead) -> list[PastMerge]:
    """What was decided about the person of `lead`, newest first."""
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
    """What a person compares first, whether or not it differs."""
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
        ("known since", f"{one.first_seen_at:%-d %b %Y}", f"{other.first_seen_at:%-d %b %Y}"),
    ]
    return [
        FieldComparison(label, str(ours or ""), str(theirs or "")) for label, ours, theirs in rows
    ]


def _lead_place(lead: Lead) -> str:
    return ", ".join(part for part in (lead.city, lead.state, lead.country) if part)


def differing_fields(
    fields: dict[str, Any], names: field_labels.RowNames | None = None
) -> list[FieldComparison]:
    """What became, or would become, of each field in which two leads differ: the one that stays first."""
    names = names or _row_names(fields)
    return [
        FieldComparison(
            field_labels.field_label(name),
            names.said(name, both["survivor"][0]),
            names.said(name, both["loser"][0]),
            names.said(name, both["after"]),
            both.get("why", ""),
        )
        for name, both in fields.items()
        if both["survivor"][0] != both["loser"][0] and field_labels.field_label(name)
        # whether an address works is kept with it, also where it is the same
    ]


def _row_names(*several: dict[str, Any]) -> field_labels.RowNames:
    pairs = [
        (name, both[who][0])
        for fields in several
        for name, both in fields.items()
        for who in ("survivor", "loser")
    ]
    return field_labels.RowNames(pairs)


@login_required
@never_cache
@permission_required("leads.view_lead", raise_exception=True)
@require_safe
def search_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    """Find the other lead that may be the same person."""
    lead = find_lead(public_id)
    words = request.GET.get("search", "").strip()[:100]
    found = (
        lead_list.search_leads(Lead.objects.select_related("company").exclude(pk=lead.pk), words)
        if words
        else None
    )
    rows = list(found.order_by(*lead_list.LIST_ORDER)[:MAX_FOUND]) if found is not None else []
    return render_page(
        request,
        "caio_project/lead_pages/merge_search.html",
        {"lead": lead, "search": words, "found": rows, "most": MAX_FOUND},
    )


@login_required
@never_cache
@permission_required("leads.view_lead", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def merge_page(request: HttpRequest, public_id: Any, other_id: Any) -> HttpResponse:
    """Both side by side and what merging would do; a POST merges them or keeps them apart."""
    lead, other = find_lead(public_id), find_lead(other_id)
    if request.method != "POST":
        return _show_merge(request, lead, other, DecisionForm())
    _require_permission(request)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _show_merge(request, lead, other, form, 422)
    reason, shown = form.cleaned_data["reason"].strip(), form.cleaned_data["shown"]
    try:
        if request.POST.get("do") == "apart":
            _keep_apart(lead, other, request.user, reason)
            messages.success(request, f"Kept apart: {lead} and {other}.")
            return _to_lead(lead)
        row = merging.merge_leads(
            lead, other, source="person", by=request.user, reason=reason, shown=shown
        )
    except merging.MergeError as refused:
        return _show_merge(request, lead, other, form, 409, str(refused))
    messages.success(
        request, f"Merged: {row.survivor}. It can be undone below, under “Same person”."
    )
    return _to_lead(row.survivor)


def _keep_apart(lead: Lead, other: Lead, by: Any, reason: str) -> None:
    proposed = merging.merges_between(lead, other).filter(state=Merge.State.PROPOSED).first()
    if proposed is None:
        raise merging.MergeError(
            "Nothing proposes that they are one person: they stay apart unless somebody merges them."
        )
    merging.decline_merge(proposed, by=by, reason=reason)


def _show_merge(
    request: HttpRequest,
    lead: Lead,
    other: Lead,
    form: DecisionForm,
    status: int = 200,
    problem: str = "",
) -> HttpResponse:
    preview = merge_preview.preview_merge(lead, other)
    proposed = merging.merges_between(lead, other).filter(state=Merge.State.PROPOSED).first()
    context = {
        "lead": lead,
        "other": other,
        "names": field_labels.distinct_names(lead, other),
        "after_names": field_labels.distinct_names(preview.survivor, preview.loser),
        "preview": preview,
        "sides": side_by_side(lead, other),
        "lines": differing_fields(preview.fields),
        "proposed": proposed,
        "form": form,
        "problem": problem,
        "decides": request.user.has_perm("leads.decide_merge"),
        "not_a_lead": NEEDS_LEAD_ROLE,
        "emails": Message.objects.filter(lead=preview.loser).count(),
    }
    return render_page(request, "caio_project/lead_pages/merge.html", context, status)


@login_required
@never_cache
@permission_required("leads.view_lead", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def undo_page(request: HttpRequest, pk: int) -> HttpResponse:
    """What undoing a merge would do; a POST does it."""
    row = get_object_or_404(Merge.objects.select_related("survivor__merged_into", "loser"), pk=pk)
    if request.method != "POST":
        return _show_undo(request, row, DecisionForm())
    _require_permission(request)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _show_undo(request, row, form, 422)
    reason, shown = form.cleaned_data["reason"].strip(), form.cleaned_data["shown"]
    try:
        merge_undo.undo_merge(row, by=request.user, reason=reason, shown=shown)
    except merging.MergeError as refused:
        return _show_undo(request, row, form, 409, str(refused))
    messages.success(request, f"Taken apart: {row.survivor} and {row.loser} are two leads again.")
    return _to_lead(row.survivor)


def _show_undo(
    request: HttpRequest, row: Merge, form: DecisionForm, status: int = 200, problem: str = ""
) -> HttpResponse:
    preview = merge_preview.preview_undo(row)
    given = [(one, value) for one in preview.given for value in (one.now, one.then)]
    names = field_labels.RowNames((one.field, value) for one, value in given)
    lines = [
        (
            one.whose,
            field_labels.field_label(one.field),
            names.said(one.field, one.now),
            names.said(one.field, one.then),
            one.why,
        )
        for one in preview.given
        if (one.now != one.then or one.why) and field_labels.field_label(one.field)
    ]
    context = {
        "row": row,
        "names": field_labels.distinct_names(row.survivor, row.loser),
        "person": merging.surviving_lead(row.survivor),
        "preview": preview,
        "lines": lines,
        "goes_back": field_labels.count_rows(preview.goes_back),
        "stays": field_labels.count_rows(preview.stays),
        "emails": Message.objects.filter(written_for=row.loser).count(),
        "form": form,
        "problem": problem,
        "decides": request.user.has_perm("leads.decide_merge"),
        "not_a_lead": NEEDS_LEAD_ROLE,
    }
    return render_page(request, "caio_project/lead_pages/unmerge.html", context, status)


def find_lead(public_id: Any) -> Lead:
    """The person of an address on our pages; 404 where there is none, and the person itself for one merged away."""
    related = [
        f"{into}{name}"
        for into in ("", "merged_into__")
        for name in ("company", "owner", "owner_rule")
    ]
    rows = Lead.rows.select_related(*related)
    return merging.surviving_lead(get_object_or_404(rows, public_id=public_id))


def _require_permission(request: HttpRequest) -> None:
    if not request.user.has_perm("leads.decide_merge"):
        raise PermissionDenied(NEEDS_LEAD_ROLE)


def _to_lead(lead: Lead) -> HttpResponse:
    return SeeOther(reverse("lead", args=[lead.public_id]))
