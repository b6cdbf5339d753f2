"""Pages of imports, for a Lead: giving files, and what became of them."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from approvals.views.pages import SeeOther, render_page, viewer_page
from caio_project.import_pages import import_runs
from caio_project.import_pages.import_form import ImportForm
from caio_project.import_pages.import_kinds import KINDS
from caio_project.lib.models import FileImport
from caio_project.lib.words.role_words import ask_a_lead

PERMISSION = "lib.import_files"
NOT_A_LEAD = ask_a_lead("import files", "stored")
TOO_MANY = "Too many files wait to be worked off. Nothing was stored; try again in a few minutes."
SHOWN_RUNS = 20
Kind, Outcome = FileImport.Kind, FileImport.Outcome


@viewer_page
@require_http_methods(["GET", "HEAD", "POST"])
def imports_page(request: HttpRequest) -> HttpResponse:
    _require_lead(request)
    if request.method == "POST":
        return _take_files(request)
    return _render(request)


@viewer_page
@require_safe
def import_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    _require_lead(request)
    run = get_object_or_404(FileImport.objects.select_related("by"), public_id=public_id)
    counts, lines = run.counts, run.lines
    context = {
        "run": run,
        "works": run.outcome == Outcome.WAITING,
        "unit": _units(KINDS[Kind(run.kind)].unit, counts.get("read", 0)),
        "wrong": len(lines.get("errors", ())) + counts.get("more_errors", 0),
        "by_what": sorted(counts.get("by_what", {}).items()),
        "lines_gone": bool(run.ended_at and not lines),
        "is_good": run.outcome == Outcome.STORED,
    }
    return render_page(request, "caio_project/import_pages/import.html", context)


def _units(many: str, number: int) -> str:
    return {"entries": "entry"}.get(many, many.removesuffix("s")) if number == 1 else many


def _take_files(request: HttpRequest) -> HttpResponse:
    kind = request.POST.get("kind", "")
    if kind not in Kind.values:
        messages.error(request, "Choose what to import. Nothing was stored.")
        return SeeOther(reverse("imports"))
    form = ImportForm(Kind(kind), request.POST, request.FILES)
    if not form.is_valid():
        return _render(request, form, 422)
    run = import_runs.ask_import(kind, form.contents, form.options, request.user)
    if run is None:
        messages.error(request, TOO_MANY)
        return SeeOther(reverse("imports"))
    return SeeOther(reverse("import", args=[run.public_id]))


def _render(request: HttpRequest, given: ImportForm | None = None, status: int = 200) -> Any:
    forms = [given if given and given.kind == kind else ImportForm(kind) for kind in Kind]
    runs = FileImport.objects.select_related("by").defer("lines")[:SHOWN_RUNS]
    context = {"forms": forms, "runs": runs, "form": given}
    return render_page(request, "caio_project/import_pages/imports.html", context, status)


def _require_lead(request: HttpRequest) -> None:
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied(NOT_A_LEAD)
