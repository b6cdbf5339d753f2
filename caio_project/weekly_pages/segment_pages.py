"""Writing to a segment: choose, see the count and who is left out, confirm with a reason."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from approvals.forms import ReasonForm
from approvals.views.pages import SeeOther, render_page, viewer_page
from caio_project.lib.words.role_words import ask_a_lead
from caio_project.weekly_pages.segment_form import SegmentForm
from leads.scoring_rules import Tier
from outreach.drafting import manual_queue
from outreach.models import SegmentRequest

QUEUE_PERMISSION = "outreach.queue_segment"
SHOWN_REQUESTS = 20


@viewer_page
@require_http_methods(["GET", "HEAD", "POST"])
def segments_page(request: HttpRequest) -> HttpResponse:
    posted = request.method == "POST"
    if posted:
        _require_lead(request)
    form = SegmentForm(request.POST if posted else None)
    if posted and form.is_valid():
        made = manual_queue.request_segment(
            form.what, form.cleaned_data["limit"], request.user, form.leads
        )
        return SeeOther(reverse("segment", args=[made.public_id]))
    rows = SegmentRequest.objects.select_related("by", "confirmed_by", "segment")
    context = {"form": form, "requests": [_shown_request(row) for row in rows[:SHOWN_REQUESTS]]}
    page = "caio_project/weekly_pages/segments.html"
    return render_page(request, page, context, 422 if posted else 200)


@viewer_page
@require_safe
def segment_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    return _render(request, _find_request(public_id), ReasonForm())


@viewer_page
@require_POST
def confirm_segment(request: HttpRequest, public_id: Any) -> HttpResponse:
    _require_lead(request)
    row, form = _find_request(public_id), ReasonForm(request.POST)
    if not form.is_valid():
        return _render(request, row, form, 422)
    if manual_queue.confirm_request(row, request.user, form.cleaned_data["reason"]):
        messages.success(
            request, "The emails are being drafted. Each waits in the queue as CRITICAL."
        )
    else:
        messages.warning(request, "It was confirmed before, or nobody is in it. Nothing was done.")
    return SeeOther(reverse("segment", args=[public_id]))


def _render(
    request: HttpRequest, row: SegmentRequest, form: ReasonForm, status: int = 200
) -> HttpResponse:
    left_out = manual_queue.left_out_of(row).most_common()
    context = {
        **_shown_request(row),
        "form": form,
        "left_out": [(str(reason), count) for reason, count in left_out],
        "looked_at": len(row.lead_ids) + sum(count for _, count in left_out),
        "works": row.state in (SegmentRequest.State.COUNTING, SegmentRequest.State.CONFIRMED),
    }
    return render_page(request, "caio_project/weekly_pages/segment.html", context, status)


def _shown_request(row: SegmentRequest) -> dict[str, Any]:
    name = Tier(row.what).label if row.what in Tier.values else "Pasted list"
    return {"request_row": row, "name": name, "count": len(row.lead_ids)}


def _find_request(public_id: Any) -> SegmentRequest:
    rows = SegmentRequest.objects.select_related("by", "confirmed_by", "segment")
    return get_object_or_404(rows, public_id=public_id)


def _require_lead(request: HttpRequest) -> None:
    if not request.user.has_perm(QUEUE_PERMISSION):
        raise PermissionDenied(ask_a_lead("write to a segment"))
