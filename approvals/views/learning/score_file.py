"""Emails out to a file for scoring, and the scored file back in, from the page of scores."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from approvals.quality import score_exchange, score_files
from approvals.quality.score_exchange import MOST_EMAILS
from approvals.quality.scores import NotScored
from approvals.views.learning.scores import render_quality
from approvals.views.pages import require_decide_permission, viewer_page
from caio_project.lib.files import UnreadableFile, uploaded_bytes
from caio_project.lib.web.downloads import download_response

MOST_BYTES = 20_000_000
MOST_SHOWN = 100
KINDS = ("csv", "xlsx")
NO_EMAILS = "No email to a live lead has a text yet: there is nothing to score."


@viewer_page
def score_file(request: HttpRequest) -> HttpResponse:
    """GET answers emails to score as a file; POST stores a scored file, all of it or nothing."""
    require_decide_permission(request)
    return _take_file(request) if request.method == "POST" else _give_file(request)


def _give_file(request: HttpRequest) -> HttpResponse:
    typed, kind = request.GET.get("count", "20"), request.GET.get("kind", "xlsx")
    count = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 6 else 0
    if not 1 <= count <= MOST_EMAILS:
        return _refuse(request, {"count": f"How many: a number from 1 to {MOST_EMAILS}."})
    if kind not in KINDS:
        return _refuse(request, {"kind": "Choose CSV or XLSX."})
    rows = score_exchange.emails_for_review(count)
    if not rows:
        return _refuse(request, {"count": NO_EMAILS}, 409)
    return download_response(score_files.write_file(rows, kind), f"emails-to-score.{kind}")


def _take_file(request: HttpRequest) -> HttpResponse:
    given = request.FILES.get("file")
    name = (given and given.name) or ""
    try:
        raw = uploaded_bytes(given, MOST_BYTES, "a file that ends in .csv or .xlsx")
        report = score_exchange.import_scores(raw, name, request.user)
    except (UnreadableFile, NotScored) as error:
        return _refuse(request, {"file": f"{error} Nothing was stored."})
    if report.errors:
        rows = len({error.row for error in report.errors})
        text = f"{rows} of {report.read} rows are wrong. Nothing was stored."
        return _refuse(request, {"file": text}, rows=report.errors)
    messages.success(
        request,
        f"{report.read} rows read: {report.new} new scores, {report.known} known before"
        + (f", {report.uncounted} of emails that count for nothing." if report.uncounted else "."),
    )
    return redirect("quality")


def _refuse(
    request: HttpRequest, errors: dict[str, str], status: int = 422, rows: Any = ()
) -> HttpResponse:
    shown, left = rows[:MOST_SHOWN], max(0, len(rows) - MOST_SHOWN)
    return render_quality(request, status, file_errors=errors, row_errors=shown, more_rows=left)
