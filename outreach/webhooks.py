"""GoHighLevel's webhooks: verified, stored, answered; processed later.

What the guardrails count is processed before the answer, so that they act without a worker.
"""

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from caio_project.lib.nudge import nudge
from caio_project.lib.vendor_access.access import value_in_time
from caio_project.lib.web import webhooks
from caio_project.lib.web.problems import problem_response
from leads.inbound import events, receive
from outreach.feedback import webhook_inbox
from outreach.integrations.ghl import signatures, webhook_bodies

BODY_TOO_LARGE = (
    f"body: it is larger than {events.LARGEST_BODY} bytes; "
    "what it says is read from GoHighLevel instead."
)
SIGNATURE_REFUSED = (
    f"{signatures.SIGNATURE_HEADER}: it is missing, or not GoHighLevel's signature of this body."
)


@csrf_exempt
@require_POST
def ghl_webhook(request: HttpRequest) -> JsonResponse:
    """The signed webhooks of a marketplace app. Nothing is stored without a right signature."""
    if not signatures.is_signed(request.headers):
        return problem_response(401, SIGNATURE_REFUSED)
    if webhooks.declared_length(request) > events.LARGEST_BODY:
        return problem_response(413, BODY_TOO_LARGE)
    try:
        body, _sha256, cut = events.read_body(request)  # type: ignore[arg-type]
    except events.IncompleteBody:
        return webhooks.incomplete_response()
    if cut:
        return problem_response(413, BODY_TOO_LARGE)
    keys = settings.GHL_WEBHOOK_PUBLIC_KEY, settings.GHL_WEBHOOK_LEGACY_PUBLIC_KEY
    if not signatures.is_genuine(body, request.headers, *keys):
        return problem_response(401, SIGNATURE_REFUSED)
    return _store_delivery("ghl", body, webhook_bodies.delivery_name(body))


@csrf_exempt
@require_POST
def ghl_workflow_webhook(request: HttpRequest) -> JsonResponse:
    """The custom webhook of a workflow: unsigned, with our secret in a header."""
    if refusal := webhooks.refuse_without_secret(
        request, "GHL_WORKFLOW_TOKEN", value_in_time("GHL_WORKFLOW_TOKEN")
    ):
        return refusal
    if webhooks.declared_length(request) > events.LARGEST_BODY:
        return problem_response(413, BODY_TOO_LARGE)
    try:
        body, sha256, cut = events.read_body(request)  # type: ignore[arg-type]
    except events.IncompleteBody:
        return webhooks.incomplete_response()
    if cut:
        return problem_response(413, BODY_TOO_LARGE)
    if not events.is_json_object(body):
        return problem_response(400, "body: it is not a JSON object.")
    return _store_delivery(
        "ghl_workflow", body, webhook_bodies.workflow_delivery_name(sha256, timezone.now())
    )


def _store_delivery(source: str, body: bytes, name: str) -> JsonResponse:
    try:
        accepted = receive.accept_body(source, body, name)
    except OSError:
        return webhooks.not_stored_response()
    if not accepted.is_spooled:
        if source == "ghl" and accepted.is_new:
            webhook_inbox.process_harm(accepted.public_id, body, timezone.now())
        nudge("outreach.work_off_inbox")
    return webhooks.stored_response(accepted.public_id, is_spooled=accepted.is_spooled)
