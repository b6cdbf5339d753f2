"""What vendors post to us. RB2B disconnects for good on anything but 200, so a right token always gets 200."""

import hmac

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from caio_project.lib.problems import problem_response
from leads import breaker, budget, ingest
from leads.models import Enrichment, InboundEvent


@csrf_exempt
@require_POST
def rb2b(request: HttpRequest, token: str = "") -> JsonResponse:
    if not _one_of(token or request.GET.get("token", ""), settings.RB2B_WEBHOOK_TOKENS):
        return problem_response(401, "token: it is missing or wrong.")
    body, sha256, cut = _body(request)
    stored = ingest.store("rb2b", body, sha256, cut=cut)
    return JsonResponse({"status": "stored", "id": stored.public_id})


@csrf_exempt
@require_POST
def clay(request: HttpRequest) -> JsonResponse:
    if not settings.CLAY_CALLBACK_TOKEN:
        return problem_response(503, "CLAY_CALLBACK_TOKEN is not set, so no callback can be trusted.")
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not _one_of(token, [settings.CLAY_CALLBACK_TOKEN]):
        return problem_response(401, "Authorization: it is missing or wrong.", **{"WWW-Authenticate": "Bearer"})
    body, sha256, cut = _body(request)
    stored = ingest.store("clay", body, sha256, cut=cut)
    if cut or not ingest.is_json_object(body):
        return problem_response(400, f"body: it is not a JSON object; it was kept as event {stored.public_id}.")
    return JsonResponse({"status": "stored", "id": stored.public_id})


@require_GET
def rb2b_health(request: HttpRequest) -> JsonResponse:
    last = (
        InboundEvent.objects.filter(source="rb2b")
        .order_by("-received_at")
        .values_list("received_at", flat=True)
        .first()
    )
    configured = bool(settings.RB2B_WEBHOOK_TOKENS)
    return JsonResponse(
        {
            "status": "healthy" if configured else "unconfigured",
            "tokens": len(settings.RB2B_WEBHOOK_TOKENS),
            "last_event_at": last,
            "seconds_since": round((timezone.now() - last).total_seconds()) if last else None,
        }
    )


@require_GET
def clay_health(request: HttpRequest) -> JsonResponse:
    sandboxed = "clay" in settings.SANDBOXED
    ready = bool(settings.CLAY_WORKBOOK_WEBHOOK_URL and settings.CLAY_CALLBACK_TOKEN) and not sandboxed
    newest = Enrichment.objects.exclude(answered_at=None).order_by("-answered_at").values_list("answered_at", flat=True)
    return JsonResponse(
        {
            "status": "healthy" if ready else "sandbox" if sandboxed else "unconfigured",
            "enricher_initialized": ready,
            "waiting": Enrichment.objects.exclude(state=Enrichment.State.SETTLED).count(),
            "last_answer_at": newest.first(),
            "breaker": "open" if breaker.is_open() else "closed",
            "submissions_used": budget.used(),
        }
    )


def _one_of(token: str, allowed: list[str]) -> bool:
    """Constant-time, and over all of them, so that the time tells nothing."""
    given = token.encode()
    return any([hmac.compare_digest(given, one.encode()) for one in allowed if one]) and bool(given)  # noqa: C419


def _body(request: HttpRequest) -> tuple[bytes, str, bool]:
    return ingest.read_body(request)  # type: ignore[arg-type]
