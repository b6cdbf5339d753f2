"""What a reviewer types about a lead where nothing is known: the first name, the job title."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from approvals.views.pages import redirect_back
from caio_project.lead_pages import lead_lookup
from caio_project.lib.nudge import nudge
from caio_project.lib.words.role_words import ask_for_reviewer_role
from leads.identity import typed_fields
from outreach.control import phase
from outreach.drafting import recheck


@login_required
@never_cache
@permission_required("leads.view_lead", raise_exception=True)
@require_POST
def store_field(request: HttpRequest, public_id: Any) -> HttpResponse:
    if not request.user.has_perm("approvals.decide"):
        raise PermissionDenied(ask_for_reviewer_role("add what is missing", "stored"))
    lead = lead_lookup.find_lead(public_id)
    name, typed = request.POST.get("field", ""), request.POST.get("value", "")
    try:
        lead = typed_fields.store_typed_field(lead, name, typed, phase.actor_name(request.user))
    except typed_fields.FieldRefused as refused:
        messages.error(request, f"Nothing was stored. {refused}")
    else:
        recheck.ask_soon(lead)
        nudge("leads.assess_due")
        nudge("outreach.free_blocked")
        messages.success(
            request,
            f"{lead}: {typed_fields.LABELS[name].lower()} saved. The draft is checked anew.",
        )
    return redirect_back(request, reverse("lead", args=[lead.public_id]))
