"""Performance, figures as files, targets and prices, the report."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from approvals.views.pages import SeeOther, render_page, viewer_page
from caio_project.lib.web.downloads import download_response
from caio_project.lib.words.role_words import ask_a_lead
from metrics import forms
from metrics.figures import export
from metrics.performance import performance_page, targets_page
from metrics.report import report
from metrics.report.report import Period


@viewer_page
@require_safe
def performance_view(request: HttpRequest) -> HttpResponse:
    usual: dict[str, Any] = {"days": performance_page.USUAL_PERIOD, "part": ""}
    form = forms.PerformanceForm({**usual, **request.GET.dict()})
    typed = form.cleaned_data if form.is_valid() else usual
    chosen = performance_page.selection_of(typed["days"], typed["part"])
    files = forms.ExportForm(
        initial={"start": chosen.start, "end": chosen.end, "by": chosen.dimension or "day"}
    )
    return _render_performance(request, form, files, chosen, 200 if form.is_valid() else 422)


def _render_performance(
    request: HttpRequest, form: Any, files: Any, chosen: performance_page.Selection, status: int
) -> HttpResponse:
    context = {"form": form, "files": files, **performance_page.page_context(chosen)}
    return render_page(request, "metrics/performance.html", context, status)


@viewer_page
@require_safe
def export_view(request: HttpRequest) -> HttpResponse:
    """The file; where something is typed wrongly, the page that says what."""
    files = forms.ExportForm(request.GET)
    if not files.is_valid():
        usual = {"days": performance_page.USUAL_PERIOD, "part": ""}
        chosen = performance_page.selection_of(performance_page.USUAL_PERIOD, "")
        return _render_performance(request, forms.PerformanceForm(usual), files, chosen, 422)
    typed = files.cleaned_data
    kind, start, end, by = (typed[name] for name in ("file", "start", "end", "by"))
    name = f"figures-{start}-to-{end}-by-{by}.{kind}"
    return download_response(export.export_file(kind, start, end, by), name)


@viewer_page
def targets_view(request: HttpRequest) -> HttpResponse:
    """Everybody reads; a Lead saves one of the two forms, which `what` names."""
    may_set, posted = request.user.has_perm(targets_page.PERMISSION), request.method == "POST"
    if posted and not may_set:
        raise PermissionDenied(ask_a_lead("set targets and prices"))
    what = request.POST.get("what", "")
    targets = forms.TargetsForm(
        request.POST if what == "targets" else None,
        initial=targets_page.target_initial(),
        auto_id="targets_%s",
    )
    prices = forms.PricesForm(
        targets_page.fixed_fields(),
        request.POST if what == "prices" else None,
        initial=targets_page.price_initial(),
        auto_id="prices_%s",
    )
    if targets.is_bound and targets.is_valid():
        is_new = targets_page.save_targets(targets.cleaned_data, request.user)
        return _saved(request, is_new, "The targets were saved.")
    if prices.is_bound and prices.is_valid():
        is_new = targets_page.save_prices(prices.cleaned_data, request.user)
        return _saved(request, is_new, "The prices were saved.")
    context = {"targets": targets, "prices_form": prices, "may_set": may_set}
    context |= targets_page.page_context()
    return render_page(request, "metrics/targets.html", context, 422 if posted else 200)


def _saved(request: HttpRequest, is_new: bool, words: str) -> HttpResponse:
    if is_new:
        messages.success(request, words)
    else:
        messages.info(request, "These are the newest already. Nothing was changed.")
    return SeeOther(reverse("targets"))


@viewer_page
@require_safe
def report_view(request: HttpRequest) -> HttpResponse:
    """This month where no days are chosen, or where they are none that can be read."""
    usual = report.usual_period()
    days = {"start": usual.start, "end": usual.end}
    form = forms.PeriodForm({**days, **request.GET.dict()})
    is_valid = form.is_valid()
    period = Period(form.cleaned_data["start"], form.cleaned_data["end"]) if is_valid else usual
    context = {"form": form, **report.report_context(period)}
    return render_page(request, "metrics/report.html", context, 200 if is_valid else 422)
