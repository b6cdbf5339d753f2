"""The owner on a lead's page: its origin, and assigning another."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from approvals.views.pages import SeeOther
from caio_project.lead_pages import lead_lookup
from caio_project.lib.web.client_input import read_id
from caio_project.lib.words.role_words import ask_for_reviewer_role
from leads.models import Lead, OwnerHow, TeamMember
from leads.ownership import owner_assignment
from outreach.contact_history import previous_emails
from outreach.control import phase
from outreach.drafting import signing
from outreach.lifecycle.transitions import NOT_SENT_YET

NO_OWNER = "Nobody: no rule fits, and there is no default sender in the team."
ORIGIN_TEXTS = {
    OwnerHow.HAND: "Set by hand",
    OwnerHow.GHL: "Assigned in GoHighLevel",
    OwnerHow.RULE: "By the rule “{rule}”",
    OwnerHow.DEFAULT: "The default sender",
}


@dataclass(frozen=True)
class OwnerView:
    """The owner as shown; `since` is None for the first owner."""

    name: str
    how: str
    since: datetime | None
    notes: list[str]
    by_hand: bool
    mark: str
    members: list[TeamMember]


def owner_view(lead: Lead) -> OwnerView:
    change = owner_assignment.newest_change(lead)
    how = ORIGIN_TEXTS.get(OwnerHow(lead.owner_how), "") if lead.owner_how else ""
    how = how.format(rule=lead.owner_rule or "")
    if change and change.by and lead.owner_how:
        how += f", by {phase.actor_name(change.by)}" if lead.owner_how == OwnerHow.HAND else ""
    return OwnerView(
        name=str(lead.owner) if lead.owner else "",
        how=how if lead.owner else NO_OWNER,
        since=change.at if change else None,
        notes=[note for note in (_unknown_user(lead), _signed_by_another(lead)) if note],
        by_hand=lead.owner_how == OwnerHow.HAND,
        mark=owner_assignment.owner_mark(lead),
        members=list(TeamMember.objects.filter(active=True)),
    )


def _unknown_user(lead: Lead) -> str:
    user = lead.ghl_assigned_to
    if not user or lead.owner_how == OwnerHow.GHL:
        return ""
    if TeamMember.objects.filter(ghl_user_id=user, active=True).exists():
        return ""
    return f"GoHighLevel assigns them to its user {user}, who is none of the team members here."


def _signed_by_another(lead: Lead) -> str:
    message = (
        previous_emails.emails_of(lead)
        .filter(status__in=NOT_SENT_YET, version__gt=0)
        .select_related("sender")
        .first()
    )
    return signing.signed_by_another(message) if message else ""


@login_required
@never_cache
@permission_required("leads.view_lead", raise_exception=True)
@require_POST
def assign_owner(request: HttpRequest, public_id: Any) -> HttpResponse:
    if not request.user.has_perm("leads.assign_owner"):
        raise PermissionDenied(ask_for_reviewer_role("reassign a lead"))
    lead = lead_lookup.find_lead(public_id)
    wanted = request.POST.get("member", "")
    member = TeamMember.objects.filter(pk=read_id(wanted)).first()
    back = SeeOther(f"{reverse('lead', args=[lead.public_id])}#owner")
    if member is None and wanted != "rules":
        messages.error(request, "Choose one of the team. Nothing was done.")
        return back
    try:
        owner_assignment.assign_by_hand(
            lead, member, by=request.user, shown=request.POST.get("shown", "")
        )
    except owner_assignment.AssignmentRefused as refused:
        messages.error(request, str(refused))
        return back
    lead = lead_lookup.find_lead(public_id)
    messages.success(request, f"{lead} belongs to {lead.owner or 'nobody'} now.")
    return back
