"""Pages of incidents: the list, the story of one, and what people do with it."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe
from rest_framework.exceptions import ValidationError

from approvals.views.pages import SeeOther, render_page, viewer_page
from caio_project.lib.web.paging import fetch_page
from caio_project.lib.words.role_words import ask_a_lead, ask_for_reviewer_role
from metrics.incident_codes import Cause
from metrics.incidents import incident_page as shown
from metrics.incidents import incidents
from metrics.models import Incident
from outreach.control import phase

PAGE_SIZE = 50


@viewer_page
@require_safe
def incident_list(request: HttpRequest) -> HttpResponse:
    """Newest first; a filter or place that is not ours shows the beginning."""
    state = request.GET.get("state", "")
    state = state if state in shown.STATES else ""
    cause = request.GET.get("cause", "")
    cause = cause if cause in Cause.values else ""
    rows = shown.newest_incidents(state, cause)
    try:
        page = fetch_page(rows, ("-pk",), request.GET.get("cursor", ""), PAGE_SIZE)
    except ValidationError:
        page = fetch_page(rows, ("-pk",), "", PAGE_SIZE)
    context = {
        "open_ones": shown.open_on_top(),
        "rows": [shown.ShownIncident(row) for row in page.rows],
        "next": page.next,
        "previous": page.previous,
        "state": state,
        "cause": cause,
        "causes": shown.cause_choices(),
    }
    return render_page(request, "metrics/incidents/list.html", context)


@viewer_page
@require_safe
def incident_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    return _render_story(request, _find(public_id))


def _find(public_id: Any) -> Incident:
    rows = Incident.objects.select_related("parent", "acknowledged_by")
    return get_object_or_404(rows, public_id=public_id)


def _render_story(
    request: HttpRequest, row: Incident, status: int = 200, **more: Any
) -> HttpResponse:
    context = {
        **shown.story_context(row),
        "may_acknowledge": request.user.has_perm(incidents.ACKNOWLEDGE_PERMISSION),
        "may_clear": request.user.has_perm(incidents.CLEAR_PERMISSION),
        **more,
    }
    return render_page(request, "metrics/incidents/incident.html", context, status)


@viewer_page
@require_POST
def acknowledge(request: HttpRequest, public_id: Any) -> HttpResponse:
    _require(
        request, incidents.ACKNOWLEDGE_PERMISSION, ask_for_reviewer_role("acknowledge incidents")
    )
    by_name = phase.actor_name(request.user)
    return _do(
        request,
        public_id,
        lambda row, text: incidents.acknowledge(row, request.user, by_name, text),
        "Acknowledged. It stays open until what caused it is over.",
    )


@viewer_page
@require_POST
def add_note(request: HttpRequest, public_id: Any) -> HttpResponse:
    _require(
        request, incidents.ACKNOWLEDGE_PERMISSION, ask_for_reviewer_role("write notes on incidents")
    )
    return _do(
        request,
        public_id,
        lambda row, text: incidents.add_note(row, request.user, text),
        "The note was added.",
    )


@viewer_page
@require_POST
def clear(request: HttpRequest, public_id: Any) -> HttpResponse:
    _require(request, incidents.CLEAR_PERMISSION, ask_a_lead("clear incidents"))
    return _do(
        request,
        public_id,
        lambda row, text: incidents.clear_incident(row, request.user, text),
        "Cleared. The same evidence does not open it again.",
    )


def _require(request: HttpRequest, permission: str, refusal: str) -> None:
    if not request.user.has_perm(permission):
        raise PermissionDenied(refusal)


def _do(
    request: HttpRequest, public_id: Any, act: Callable[[Incident, str], Any], done: str
) -> HttpResponse:
    row, text = _find(public_id), request.POST.get("text", "")
    try:
        act(row, text)
    except incidents.IncidentRefused as error:
        at_field = {"typed": text, "text_error": str(error)} if error.field else {}
        if not at_field:
            messages.error(request, str(error))
        return _render_story(request, _find(public_id), 422, **at_field)
    messages.success(request, done)
    return SeeOther(reverse("incident", args=[row.public_id]))
