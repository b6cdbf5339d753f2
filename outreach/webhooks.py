"""What GoHighLevel posts to us: proved, stored, answered; nothing else happens in the request."""

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from caio_project.lib.nudge import nudge
from caio_project.lib.web import webhooks
from caio_project.lib.web.problems import problem_response
from leads.inbound import events, receive
from outreach.integrations.ghl import signatures, webhook_bodies

TOO_LARGE = f"body: it is larger than {events.LARGEST_BODY} bytes; what it says is read from GoHighLevel instead."
NOT_GENUINE = f"{signatures.HEADER}: it is missing, or not GoHighLevel's signature of this body."


@csrf_exempt
@require_POST
def ghl(request: HttpRequest) -> JsonResponse:
    """The webhooks of a marketplace app, signed. Without a right signature nothing is stored."""
    try:
        body, _sha256, cut = events.read_body(request)  # type: ignore[arg-type]
    except events.BrokenOff:
        return webhooks.broken_off()
    if cut:
        return problem_response(413, TOO_LARGE)
    keys = settings.GHL_WEBHOOK_PUBLIC_KEY, settings.GHL_WEBHOOK_LEGACY_PUBLIC_KEY
    if not signatures.is_genuine(body, request.headers, *keys):
        return problem_response(401, NOT_GENUINE)
    return _store("ghl", body, webhook_bodies.name_of(body))


@csrf_exempt
@require_POST
def ghl_workflow(request: HttpRequest) -> JsonResponse:
    """The custom webhook of a workflow: unsigned, with our secret in a header."""
    if refusal := webhooks.without_secret(
        request, "GHL_WORKFLOW_TOKEN", settings.GHL_WORKFLOW_TOKEN
    ):
        return refusal
    try:
        body, sha256, cut = events.read_body(request)  # type: ignore[arg-type]
    except events.BrokenOff:
        return webhooks.broken_off()
    if cut:
        return problem_response(413, TOO_LARGE)
    if not events.is_json_object(body):
        return problem_response(400, "body: it is not a JSON object.")
    return _store("ghl_workflow", body, webhook_bodies.name_of_workflow(sha256, timezone.now()))


def _store(source: str, body: bytes, name: str) -> JsonResponse:
    try:
        accepted = receive.accept(source, body, name)
    except OSError:
        return webhooks.not_stored()
    if not accepted.is_spooled:
        nudge("outreach.work_off_inbox")
    return webhooks.stored(accepted.public_id, is_spooled=accepted.is_spooled)
