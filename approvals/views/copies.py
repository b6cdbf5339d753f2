"""The page of an email's near copies. It is read there, and decided at each one's own desk page."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from approvals.desk import near_copies
from approvals.views.pages import find_message, render_page, viewer_page
from outreach.models import MessageText


@viewer_page
@require_safe
def copies_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    """Reading here proves nothing: no email counts as read, opened or claimed by it."""
    message = find_message(public_id)
    text = message.text or MessageText(subject="", body="", footer="")
    context = {
        "message": message,
        "lead": message.lead,
        "company": message.lead.company,
        "text": text,
        "group": near_copies.find_copies(message, text),
    }
    return render_page(request, "approvals/desk/copies.html", context)
