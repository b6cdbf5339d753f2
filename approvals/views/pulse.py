"""What a page asks for every half minute while somebody looks at it: counts, and one sentence."""

import hashlib
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_safe

from approvals.desk import meanwhile
from approvals.queue import review_queue
from approvals.views.pages import viewer_page
from caio_project.lib import times
from outreach.models import Message


@viewer_page
@require_safe
def pulse(request: HttpRequest) -> HttpResponse:
    """With `since`, how many came into the queue after it; with `email` and `version`, what others
    did about that text, or that one's own time for it is `ending`. 304 where the answer is as
    before.
    """
    waiting = review_queue.waiting_messages()
    said = _about_email(request)
    answer = {
        "waiting": review_queue.count_up_to(waiting),
        "new": _count_new(request.GET.get("since", "")),
        "meanwhile": said,
        "ending": said == meanwhile.YOUR_TIME_ENDS,
    }
    tag = hashlib.sha256(repr(answer).encode()).hexdigest()[:16]
    if request.headers.get("If-None-Match") == f'"{tag}"':
        return HttpResponse(status=304)
    return JsonResponse(answer, headers={"ETag": f'"{tag}"'})


def _count_new(since: str) -> int:
    try:
        at = parse_datetime(since)
    except ValueError:
        return 0
    if at is None or at.tzinfo is None or not times.EARLIEST <= at < times.LATEST:
        return 0
    return review_queue.count_up_to(review_queue.waiting_messages().filter(held_at__gt=at))


def _about_email(request: HttpRequest) -> str:
    try:
        public_id = UUID(request.GET.get("email", ""))
        version = int(request.GET.get("version", ""))
    except ValueError:
        return ""
    message: Any = Message.objects.filter(public_id=public_id).first()
    return meanwhile.what_happened(message, version, request.user) if message else ""
