"""The overview and the phase. Both only read."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from approvals.pages import page, show
from metrics import gates, overview, phase_page


@page
@require_safe
def overview_page(request: HttpRequest) -> HttpResponse:
    target = gates.next_target()
    evaluation = phase_page.shown(gates.evaluate(target)) if target else None
    return show(request, "sales/overview.html", {**overview.page(request.user), "evaluation": evaluation})


@page
@require_safe
def phase_view(request: HttpRequest) -> HttpResponse:
    return show(request, "sales/phase.html", phase_page.page())
