"""The diagnosis on a page: the newest stored result, and asking for another."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from approvals.views.pages import SeeOther, render_page, viewer_page
from caio_project.lib.models import DiagnosisRun
from caio_project.lib.words.role_words import ask_a_lead
from caio_project.operations import diagnosis_runs

RUN_PERMISSION = "lib.run_diagnosis"
SHOWN_RUNS = 10
# What is not set up or not known is never shown as working.
STATE_VERDICTS = {"works": "pass", "does not": "fail"}


@viewer_page
@require_http_methods(["GET", "HEAD", "POST"])
def diagnosis_page(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        if not request.user.has_perm(RUN_PERMISSION):
            raise PermissionDenied(ask_a_lead("run the diagnosis"))
        if not diagnosis_runs.ask_diagnosis(request.user):
            messages.info(request, "A diagnosis is running already. Its result appears here.")
        return SeeOther(reverse("diagnosis"))
    runs = list(DiagnosisRun.objects.select_related("by")[:SHOWN_RUNS])
    newest = next((run for run in runs if not run.is_running), None)
    context = {
        "running": next((run for run in runs if run.is_running), None),
        "newest": newest,
        "stages": [
            {**stage, "verdict": STATE_VERDICTS.get(stage["state"], "insufficient")}
            for stage in (newest.stages if newest else ())
        ],
        "runs": [run for run in runs if not run.is_running],
    }
    return render_page(request, "caio_project/weekly_pages/diagnosis.html", context)
