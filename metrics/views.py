"""Overview, phase, automatic approval, warm-up, experiments."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from approvals.views.pages import SeeOther, render_page, viewer_page
from caio_project.lib.vendor_access.access import is_sandboxed
from caio_project.lib.web.downloads import download_response
from caio_project.lib.words.role_words import ask_a_lead, ask_for_reviewer_role
from metrics import forms
from metrics.gates import gate_evaluation
from metrics.health import domain_report
from metrics.health.health_score import MIN_SAMPLE
from metrics.incidents import incident_page
from metrics.overview import experiment_start, experiments_page, overview
from metrics.promotion import agreement_report, phase_page
from outreach.control import phase
from outreach.experiments import experiments
from outreach.limits import sending_domains
from outreach.models import Experiment


@viewer_page
@require_safe
def overview_page(request: HttpRequest) -> HttpResponse:
    target = gate_evaluation.next_target()
    evaluation = (
        phase_page.show_evaluation(gate_evaluation.recent_evaluation(target)) if target else None
    )
    return render_page(
        request,
        "metrics/overview.html",
        {
            **overview.overview_context(request.user),
            **incident_page.overview_context(),
            "evaluation": evaluation,
        },
    )


@viewer_page
def machine_view(request: HttpRequest) -> HttpResponse:
    may_turn_on = request.user.has_perm(phase.AUTO_APPROVE_PERMISSION)
    if not may_turn_on and not request.user.has_perm(phase.HALT_PERMISSION):
        raise PermissionDenied(ask_for_reviewer_role("turn automatic approval off"))
    posted = request.method == "POST"
    form = forms.AutoApprovalForm(
        request.POST if posted else None, initial=phase_page.switch_initial(may_turn_on)
    )
    form = form if may_turn_on else form.for_stopping()
    if not posted or not form.is_valid():
        return render_page(
            request,
            "metrics/machine.html",
            {"form": form, **phase_page.phase_context()},
            422 if posted else 200,
        )
    on, reason = form.cleaned_data["on"], form.cleaned_data["reason"]
    phase.set_auto_approval(on, by=request.user, reason=reason, **form.limits())
    messages.success(request, f"Automatic approval is {'on' if on else 'off'}.")
    return SeeOther(reverse("phase"))


@viewer_page
def domain_view(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm(sending_domains.WARM_UP_PERMISSION):
        raise PermissionDenied(ask_a_lead("set the warm-up of the sending domain"))
    posted = request.method == "POST"
    form = forms.WarmUpForm(request.POST if posted else None)
    if not posted or not form.is_valid():
        return render_page(
            request,
            "metrics/domain.html",
            {"form": form, **phase_page.domain_context()},
            422 if posted else 200,
        )
    do = (
        sending_domains.start_warm_up
        if form.cleaned_data["warm_up"]
        else sending_domains.mark_established
    )
    try:
        row = do(sending_domains.our_domain(), by=request.user, reason=form.cleaned_data["reason"])
    except sending_domains.InvalidDomain:
        messages.error(request, "GHL_FROM_EMAIL names no domain. Nothing was changed.")
    else:
        messages.success(request, f"{row.name}: {sending_domains.describe_domain(row)}")
    return SeeOther(reverse("phase"))


@viewer_page
@require_safe
def domains_view(request: HttpRequest) -> HttpResponse:
    """Health, DNS, warm-up and DMARC reports of each domain that we send from."""
    context = {
        "domains": domain_report.report_domains(timezone.now()),
        "is_sandboxed": is_sandboxed("ghl"),
        "least_sample": MIN_SAMPLE,
    }
    return render_page(request, "metrics/domains.html", context)


@viewer_page
@require_safe
def phase_view(request: HttpRequest) -> HttpResponse:
    return render_page(request, "metrics/phase.html", phase_page.phase_context())


@viewer_page
@require_safe
def agreement_view(request: HttpRequest) -> HttpResponse:
    context = agreement_report.report_context(
        request.GET.get("show", ""), request.GET.get("page", "")
    )
    return render_page(request, "metrics/agreement.html", context)


@viewer_page
@require_safe
def agreement_csv(request: HttpRequest) -> HttpResponse:
    return download_response(agreement_report.report_csv(), "agreement.csv")


@viewer_page
@require_safe
def experiments_view(request: HttpRequest) -> HttpResponse:
    return render_page(request, "metrics/experiments.html", experiments_page.page_context())


@viewer_page
def start_experiment(request: HttpRequest) -> HttpResponse:
    """Preview version B, then start the test of exactly what was shown."""
    if not request.user.has_perm("outreach.run_experiment"):
        raise PermissionDenied(ask_a_lead("start experiments"))
    posted = request.method == "POST"
    form = forms.ExperimentForm(
        request.POST if posted else None, initial=experiment_start.initial_values(request.GET)
    )
    found = experiment_start.check_start(form) if posted and form.is_valid() else None
    if found and "_continue" not in request.POST and found.is_shown(request.POST.get("shown", "")):
        try:
            started = experiment_start.start_checked(found, request.user)
        except experiments.NotStarted as error:
            form.add_error(None, f"{error} Nothing was started.")
        else:
            messages.success(
                request, f"Started: the next {started.size} emails of “{started.template_a.name}”."
            )
            return SeeOther(reverse("experiments"))
    context = {"form": form, **experiment_start.page_context(form, found)}
    return render_page(request, "metrics/experiment_start.html", context, 422 if posted else 200)


@viewer_page
@require_POST
def publish_winner(request: HttpRequest, public_id: Any) -> HttpResponse:
    may = (
        request.user.has_perm("outreach.run_experiment"),
        request.user.has_perm("outreach.change_emailtemplate"),
    )
    if not all(may):
        raise PermissionDenied(ask_a_lead("publish the winner of a test"))
    experiment = get_object_or_404(Experiment, public_id=public_id)
    try:
        stored = experiments.publish_winner(experiment, request.user)
        messages.success(request, f"Published: {stored}. New drafts use it.")
    except experiments.NotPublished as error:
        messages.error(request, f"{error} Nothing was changed.")
    return SeeOther(reverse("experiments"))


@viewer_page
@require_POST
def end_experiment(request: HttpRequest, public_id: Any) -> HttpResponse:
    if not request.user.has_perm("outreach.run_experiment"):
        raise PermissionDenied(ask_a_lead("end experiments"))
    experiment = get_object_or_404(Experiment, public_id=public_id)
    try:
        ended = experiments.end_experiment(experiment, request.user)
        messages.success(
            request, f"Ended: {ended.get_verdict_display().lower()}. Emails stay as they are."
        )
    except experiments.AlreadyEnded as error:
        messages.warning(request, str(error))
    return SeeOther(reverse("experiments"))
