"""What rejections and edits teach: the page, and the edits as a file."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from approvals.learning import edits, rejections
from approvals.views.pages import render_page, require_decide_permission, viewer_page
from caio_project.lib.web.downloads import download_response


@viewer_page
@require_safe
def lessons_page(request: HttpRequest) -> HttpResponse:
    context = {
        "patterns": rejections.find_patterns(),
        "edits": edits.count_edits(),
        "least": rejections.LEAST_DECISIONS,
    }
    return render_page(request, "approvals/learning/lessons.html", context)


@viewer_page
@require_safe
def edits_file(request: HttpRequest) -> HttpResponse:
    require_decide_permission(request)
    return download_response(edits.edits_file(), "edits.csv")
