"""Slack's interactivity: proved, stored, answered within three seconds; worked off later."""

import logging
import time

from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from approvals.integrations import slack_signature
from approvals.slack_decisions import click_payloads, clicks
from approvals.slack_decisions.click_payloads import FormSent, MalformedPayload, Pressed
from caio_project.lib.db import deadline
from caio_project.lib.vendor_access.access import value_in_time
from caio_project.lib.web import webhooks
from caio_project.lib.web.problems import problem_response
from leads.inbound import events

log = logging.getLogger(__name__)

LARGEST_BODY = 256 * 1024
BODY_TOO_LARGE = f"body: it is larger than {LARGEST_BODY} bytes. Nothing was decided."
DEADLINE_SECONDS = 2.8  # of Slack's three, with the form that is opened meanwhile
NOT_STORED = "The database is away. Nothing was decided; press again."


@csrf_exempt
@require_POST
def slack_webhook(request: HttpRequest) -> HttpResponse:
    """A click or a form. Nothing is stored without a right signature of the raw body."""
    secrets = [
        one.strip() for one in value_in_time("SLACK_SIGNING_SECRET").split(",") if one.strip()
    ]
    if not secrets:
        return problem_response(503, "SLACK_SIGNING_SECRET is not set: no click can be trusted.")
    if fault := slack_signature.find_header_fault(request.headers, time.time()):
        return problem_response(401, fault)
    if webhooks.declared_length(request) > LARGEST_BODY:
        return problem_response(413, BODY_TOO_LARGE)
    try:
        body, _sha256, _cut = events.read_body(request)  # type: ignore[arg-type]
    except events.IncompleteBody:
        return webhooks.incomplete_response()
    if len(body) > LARGEST_BODY:
        return problem_response(413, BODY_TOO_LARGE)
    if fault := slack_signature.find_fault(body, request.headers, secrets, time.time()):
        return problem_response(401, fault)
    return _take_in(body)


def _take_in(body: bytes) -> HttpResponse:
    try:
        found = click_payloads.read_body(body)
        with deadline.database_deadline(DEADLINE_SECONDS):
            return _store(found)
    except MalformedPayload as error:
        return problem_response(400, str(error))
    except DatabaseError as error:
        log.error("the database cannot store a click of Slack: %s", type(error).__name__)
        return problem_response(503, NOT_STORED)


def _store(found: Pressed | FormSent | None) -> HttpResponse:
    if isinstance(found, FormSent):
        said = clicks.take_form(found)
        return JsonResponse(said) if said else HttpResponse(status=200)
    if found is not None:
        clicks.take_pressed(found)
    return HttpResponse(status=200)
