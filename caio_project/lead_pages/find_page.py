"""Search across the product: a page, and the same as JSON for the dialog that Ctrl K opens."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from approvals.views.pages import render_page, viewer_page
from caio_project.lead_pages import finder


@viewer_page
@require_safe
def find_page(request: HttpRequest) -> HttpResponse:
    words = request.GET.get("q", "")
    found = finder.find_all(words, request.user)
    if "application/json" in request.headers.get("Accept", ""):
        return JsonResponse({"found": [one.as_row() for one in found]})
    context = {"words": words, "found": found}
    return render_page(request, "caio_project/lead_pages/find.html", context)
