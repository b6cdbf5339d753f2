"""Vendors' webhooks.

RB2B disconnects for good on anything but 200, so a right token always gets 200.
"""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseError
from django.db.models import Max
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from caio_project.lib import calendar
from caio_project.lib.db import deadline
from caio_project.lib.vendor_access import rb2b_tokens
from caio_project.lib.vendor_access.access import (
    WEBHOOK_SECONDS,
    is_sandboxed,
    value_in_time,
    vendor_value,
)
from caio_project.lib.web import webhooks
from caio_project.lib.web.problems import problem_response
from leads.enrichment import submission_budget
from leads.inbound import events, receive, stuck_files
from leads.inbound.parked import NO_REASON
from leads.integrations import breaker
from leads.models import Enrichment, InboundEvent


@csrf_exempt
@require_POST
def rb2b_webhook(request: HttpRequest, token: str = "") -> JsonResponse:
    token = token or request.GET.get("token", "")
    parked = events.NO_TOKEN if not token and _is_cutover() else NO_REASON
    try:
        if not parked and not rb2b_tokens.is_right_token(token):
            return problem_response(401, "token: it is missing or wrong.")
        body, sha256, cut = _read_body(request)
        parked = parked or (events.TOO_LARGE if cut else NO_REASON)
        accepted = receive.accept_body("rb2b", body, sha256, parked=parked)
    except events.IncompleteBody:
        return webhooks.incomplete_response()
    except OSError:
        return webhooks.not_stored_response()
    if not accepted.is_spooled:
        rb2b_tokens.note_use(token)
    return webhooks.stored_response(accepted.public_id, is_spooled=accepted.is_spooled)


def _is_cutover() -> bool:
    """Whether RB2B may still post without a token; refusing would disconnect it for good."""
    until = settings.RB2B_ALLOW_UNTOKENED_UNTIL
    today = calendar.team_day(timezone.now(), settings.TEAM_TIME_ZONE)
    return bool(until) and today <= date.fromisoformat(until)


@csrf_exempt
@require_POST
def clay_webhook(request: HttpRequest) -> JsonResponse:
    if refusal := webhooks.refuse_without_secret(
        request, "CLAY_CALLBACK_TOKEN", value_in_time("CLAY_CALLBACK_TOKEN")
    ):
        return refusal
    try:
        body, sha256, cut = _read_body(request)
        parked = events.TOO_LARGE if cut else NO_REASON
        accepted = receive.accept_body("clay", body, sha256, parked=parked)
    except events.IncompleteBody:
        return webhooks.incomplete_response()
    except OSError:
        return webhooks.not_stored_response()
    if cut or not events.is_json_object(body):
        return problem_response(
            400, f"body: it is not a JSON object; it was kept as event {accepted.public_id}."
        )
    return webhooks.stored_response(accepted.public_id, is_spooled=accepted.is_spooled)


@require_GET
def rb2b_health(request: HttpRequest) -> JsonResponse:
    try:
        count = rb2b_tokens.count_tokens()
    except OSError:  # the database is away, and so is what was made
        count = len(rb2b_tokens.environment_tokens())
    ready = "healthy" if count else "unconfigured"
    return _health_response(ready, _last_visitor, tokens=count)


@require_GET
def clay_health(request: HttpRequest) -> JsonResponse:
    try:
        with deadline.database_deadline(WEBHOOK_SECONDS):
            status = _clay_status()
    except DatabaseError:
        status = "degraded"

    def ask() -> dict[str, Any]:
        facts = _last_answer()
        used_up = facts["submissions_used"] >= submission_budget.LIFETIME_SUBMISSIONS
        can_ask = status == "healthy" and facts["breaker"] == "closed" and not used_up
        return {**facts, "enricher_initialized": can_ask}

    return _health_response(status, ask, enricher_initialized=False)


def _clay_status() -> str:
    if is_sandboxed("clay"):
        return "sandbox"
    values = map(vendor_value, ("CLAY_WORKBOOK_WEBHOOK_URL", "CLAY_CALLBACK_TOKEN"))
    return "healthy" if all(values) else "unconfigured"


def _health_response(status: str, ask: Callable[[], dict[str, Any]], **more: Any) -> JsonResponse:
    """Also answers while the database is away; 503 where nothing could be kept at all.

    `ask` reads the rows.
    """
    facts, away = {}, False
    try:
        with deadline.database_deadline(receive.BUDGET_SECONDS):
            facts = ask()
    except DatabaseError:
        away = True
    kept = stuck_files.spool_status()
    can_store = not away or kept.is_writable
    if away or kept.waiting or not kept.is_in_order:
        status = "degraded" if can_store else "unhealthy"
    body = {
        "status": status,
        **more,
        "database": "away" if away else "there",
        "spool": "writable" if kept.is_writable else "not writable",
        "spooled": kept.waiting,
        "spooled_since": kept.since,
        "set_aside": kept.bad + kept.refused,
        **facts,
    }
    return JsonResponse(body, status=200 if can_store else 503)


def _last_visitor() -> dict[str, Any]:
    last = InboundEvent.objects.filter(source="rb2b").aggregate(at=Max("received_at"))["at"]
    return {
        "last_event_at": last,
        "seconds_since": round((timezone.now() - last).total_seconds()) if last else None,
    }


def _last_answer() -> dict[str, Any]:
    newest = (
        Enrichment.objects.exclude(answered_at=None)
        .order_by("-answered_at")
        .values_list("answered_at", flat=True)
    )
    is_open = breaker.is_open()
    return {
        **({"enricher_initialized": False} if is_open else {}),
        "waiting": Enrichment.objects.exclude(state=Enrichment.State.SETTLED).count(),
        "last_answer_at": newest.first(),
        "breaker": "open" if is_open else "closed",
        "submissions_used": submission_budget.submissions_used(),
    }


def _read_body(request: HttpRequest) -> tuple[bytes, str, bool]:
    return events.read_body(request)  # type: ignore[arg-type]
