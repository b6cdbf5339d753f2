"""A person's data on their lead's page: export, and erasing after a typed confirmation."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from approvals.views.pages import SeeOther, render_page
from caio_project.lead_pages import lead_lookup
from caio_project.lib.models import AccessEvent
from caio_project.lib.web.downloads import download_response
from caio_project.lib.words.role_words import ask_a_lead
from caio_project.privacy import consent, erasing, person_export, subject
from caio_project.privacy.erasure_words import OUTSIDE, report_lines
from caio_project.team_access.access_log import record_access
from leads.models import Erasure, Lead
from outreach.models import Message

NOT_CONFIRMED = "That is not what is asked for. Nothing was erased."


@login_required
@never_cache
@permission_required("leads.view_lead", raise_exception=True)
@require_POST
def export_person(request: HttpRequest, public_id: Any) -> HttpResponse:
    _require(request, "leads.export_person")
    lead = lead_lookup.find_lead(public_id)
    document = person_export.export_person(subject.subject_of(lead))
    record_access(
        AccessEvent.Kind.PERSON_EXPORTED,
        by=request.user,
        user=request.user,
        request=request,
        about=str(lead.public_id),
    )
    return download_response(person_export.as_json(document), f"person-{lead.public_id}.json")


@login_required
@never_cache
@permission_required("leads.view_lead", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def erase_person(request: HttpRequest, public_id: Any) -> HttpResponse:
    """A GET says what would go; a POST with the words asked for erases."""
    _require(request, "leads.erase_person")
    lead = lead_lookup.find_lead(public_id)
    if request.method != "POST":
        return _show(request, lead)
    if request.POST.get("confirm", "").strip().lower() != confirmation_of(lead).lower():
        return _show(request, lead, NOT_CONFIRMED, 422)
    report = erasing.erase_subject(subject.subject_of(lead), Erasure.Source.PAGE, request.user)
    said = ["Erased. Texts about other people are searched within a minute.", *report_lines(report)]
    messages.success(request, " ".join([*said, OUTSIDE]))
    return SeeOther(reverse("lead", args=[lead.public_id]))


def confirmation_of(lead: Lead) -> str:
    """What a person types so that nobody is erased by mistake."""
    return lead.email or lead.name or str(lead)


def _show(request: HttpRequest, lead: Lead, problem: str = "", status: int = 200) -> HttpResponse:
    found = subject.subject_of(lead)
    context = {
        "lead": lead,
        "problem": problem,
        "confirmation": confirmation_of(lead),
        "known_as": sorted(found.identifiers - {""}),
        "emails": Message.objects.filter(lead__in=found.rows).count(),
        "is_erased": consent.erasure_of(lead) is not None,
        "outside": OUTSIDE,
    }
    return render_page(request, "caio_project/privacy/erase.html", context, status)


def _require(request: HttpRequest, permission: str) -> None:
    if not request.user.has_perm(permission):
        raise PermissionDenied(ask_a_lead("export or erase people"))
