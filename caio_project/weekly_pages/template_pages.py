"""Templates under /sales: the list, one template, editing with a preview, taking out of use."""

from typing import Any

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from approvals.views.pages import SeeOther, render_page, viewer_page
from caio_project.lib.words.role_words import ask_a_lead
from caio_project.weekly_pages import template_list
from caio_project.weekly_pages.template_form import TemplatePageForm
from leads.scoring_rules import Tier
from outreach.email_templates import preview, publishing
from outreach.experiments import template_counts
from outreach.models import EmailTemplate

EDIT_PERMISSION = "outreach.change_emailtemplate"
ADD_PERMISSION = "outreach.add_emailtemplate"


@viewer_page
@require_safe
def template_list_page(request: HttpRequest) -> HttpResponse:
    context = {
        "rows": template_list.template_rows(),
        "booking_link_warning": template_list.booking_link_warning(),
    }
    return render_page(request, "caio_project/weekly_pages/templates.html", context)


@viewer_page
@require_safe
def template_page(request: HttpRequest, key: str) -> HttpResponse:
    template = _find_template(key)
    counts = template_counts.counts_by_template()
    context = {
        "template": template,
        "purpose": template_list.purpose_of(template),
        "faults": template_list.template_faults(template),
        "counts": counts.get(key, template_counts.TemplateCounts()),
        "versions": template_list.version_rows(key),
    }
    return render_page(request, "caio_project/weekly_pages/template.html", context)


@viewer_page
@require_http_methods(["GET", "HEAD", "POST"])
def new_template(request: HttpRequest) -> HttpResponse:
    _require(request, ADD_PERMISSION)
    return _edit(request, EmailTemplate(tier=Tier.FIRST, angle="general"))


@viewer_page
@require_http_methods(["GET", "HEAD", "POST"])
def edit_template(request: HttpRequest, key: str) -> HttpResponse:
    """Edit the version in use, or the one that `?version=` names; publishing makes a new one."""
    _require(request, EDIT_PERMISSION)
    return _edit(request, _find_template(key, request.GET.get("version", "")))


def _edit(request: HttpRequest, template: EmailTemplate) -> HttpResponse:
    posted = request.method == "POST"
    form = TemplatePageForm(request.POST if posted else None, instance=template)
    if posted and form.is_valid() and (stored := _publish(request, form)):
        return SeeOther(reverse("template", args=[stored.key]))
    proof = form.proof if posted else form.first_preview() if template.key else None
    context = {
        "form": form,
        "template": template,
        "proof": proof,
        "is_tested": template_list.is_tested(template.key),
        **_preview_parts(proof),
    }
    page = "caio_project/weekly_pages/template_edit.html"
    return render_page(request, page, context, 422 if posted else 200)


def _publish(request: HttpRequest, form: TemplatePageForm) -> EmailTemplate | None:
    """Publish what was shown; None where somebody else was faster, the form saying so."""
    proof = form.proof
    assert proof is not None
    before = proof.before
    if before and proof.fingerprint == preview.preview_fingerprint(before, before):
        messages.info(request, f"Nothing was changed in {before}, so nothing was published.")
        return before
    try:
        stored = publishing.publish_version(form.typed(), request.user, instead_of=before)
    except publishing.PublishedMeanwhile as error:
        form.add_error(None, str(error))
        return None
    messages.success(
        request, f"Published: {stored}. New drafts use it; emails already drafted stay."
    )
    return stored


def _preview_parts(proof: preview.TemplatePreview | None) -> dict[str, Any]:
    if proof is None:
        return {"chosen_previews": (), "made_up_previews": ()}
    return {
        "chosen_previews": proof.previews[preview.MADE_UP_PEOPLE :],
        "made_up_previews": proof.previews[: preview.MADE_UP_PEOPLE],
    }


@viewer_page
@require_POST
def retire_template(request: HttpRequest, key: str) -> HttpResponse:
    _require(request, EDIT_PERMISSION)
    template = _find_template(key)
    back = SeeOther(reverse("template", args=[key]))
    if not template.active:
        messages.info(request, f"{template} was not in use. Nothing was changed.")
        return back
    try:
        publishing.retire_template(template)
    except publishing.StillNeeded as error:
        messages.error(request, f"{error} Nothing was changed.")
        return back
    LogEntry.objects.create(
        user_id=request.user.pk or 0,
        content_type=ContentType.objects.get_for_model(EmailTemplate),
        object_id=str(template.pk),
        object_repr=str(template),
        action_flag=CHANGE,
        change_message="Taken out of use.",
    )
    messages.success(request, f"{template} is out of use. Emails drafted from it stay.")
    return back


def _find_template(key: str, version: str = "") -> EmailTemplate:
    """The version in use, else the newest; or version `version`. Raises Http404."""
    rows = EmailTemplate.objects.filter(key=key).select_related("created_by")
    if version:
        rows = rows.filter(version=int(version)) if _is_number(version) else rows.none()
    found = rows.order_by("-active", "-version").first()
    if found is None:
        raise Http404("There is no such template.")
    return found


def _is_number(typed: str) -> bool:
    return typed.isascii() and typed.isdecimal() and len(typed) < 9


def _require(request: HttpRequest, permission: str) -> None:
    if not request.user.has_perm(permission):
        raise PermissionDenied(ask_a_lead("change templates"))
