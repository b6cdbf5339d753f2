"""Pages that merge two leads, keep them apart, or undo a merge. A GET changes nothing."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from approvals.views.pages import SeeOther, render_page
from caio_project import field_labels
from caio_project.lead_pages import lead_list, lead_lookup, merge_comparison
from caio_project.lib.words.role_words import ask_a_lead
from leads.identity import merge_preview, merge_undo, merging
from leads.models import Lead, Merge
from outreach.models import Message

READERS_NOTE = "You can read. Ask a Lead to merge leads or take them apart."
MAX_FOUND = 20


class DecisionForm(forms.Form):
    """The typed reason, and the mark of what the page showed."""

    reason = forms.CharField(
        label="Why?",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Say why, in a few words."},
    )
    shown = forms.CharField(widget=forms.HiddenInput, max_length=40)


@login_required
@never_cache
@permission_required("leads.view_lead", raise_exception=True)
@require_safe
def search_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    lead = lead_lookup.find_lead(public_id)
    words = request.GET.get("search", "").strip()[:100]
    others = Lead.objects.select_related("company").exclude(pk=lead.pk)
    matches = lead_list.search_leads(others, words) if words else others.none()
    context = {
        "lead": lead,
        "search": words,
        "found": list(matches.order_by(*lead_list.LIST_ORDER)[:MAX_FOUND]),
        "most": MAX_FOUND,
    }
    return render_page(request, "caio_project/lead_pages/merge_search.html", context)


@login_required
@never_cache
@permission_required("leads.view_lead", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def merge_page(request: HttpRequest, public_id: Any, other_id: Any) -> HttpResponse:
    """Compare both leads; a POST merges them or keeps them apart."""
    lead, other = lead_lookup.find_lead(public_id), lead_lookup.find_lead(other_id)
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
            "Nothing proposes that they are one person: "
            "they stay apart unless somebody merges them."
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
        "sides": merge_comparison.side_by_side(lead, other),
        "lines": merge_comparison.differing_fields(preview.fields),
        "proposed": proposed,
        "form": form,
        "problem": problem,
        "decides": request.user.has_perm("leads.decide_merge"),
        "not_a_lead": READERS_NOTE,
        "emails": Message.objects.filter(lead=preview.loser).count(),
    }
    return render_page(request, "caio_project/lead_pages/merge.html", context, status)


@login_required
@never_cache
@permission_required("leads.view_lead", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def undo_page(request: HttpRequest, pk: int) -> HttpResponse:
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
    context = {
        "row": row,
        "names": field_labels.distinct_names(row.survivor, row.loser),
        "person": merging.surviving_lead(row.survivor),
        "preview": preview,
        "lines": merge_comparison.undo_lines(preview),
        "goes_back": field_labels.count_rows(preview.goes_back),
        "stays": field_labels.count_rows(preview.stays),
        "emails": Message.objects.filter(written_for=row.loser).count(),
        "form": form,
        "problem": problem,
        "decides": request.user.has_perm("leads.decide_merge"),
        "not_a_lead": READERS_NOTE,
    }
    return render_page(request, "caio_project/lead_pages/unmerge.html", context, status)


def _require_permission(request: HttpRequest) -> None:
    if not request.user.has_perm("leads.decide_merge"):
        raise PermissionDenied(ask_a_lead("merge leads or take them apart"))


def _to_lead(lead: Lead) -> HttpResponse:
    return SeeOther(reverse("lead", args=[lead.public_id]))
