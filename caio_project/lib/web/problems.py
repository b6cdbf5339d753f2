"""Errors as RFC 9457 problem JSON that names the field, for the API and for webhooks."""

import logging
from http import HTTPStatus
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import JsonResponse
from rest_framework.exceptions import APIException, ParseError, PermissionDenied, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler

log = logging.getLogger(__name__)

PROBLEM_MEDIA_TYPE = "application/problem+json"


class ConflictError(APIException):
    """The request is stale or was decided already. `extra` goes into the problem."""

    status_code = HTTPStatus.CONFLICT
    default_code = "conflict"

    def __init__(self, detail: str, **extra: Any):
        super().__init__(detail)
        self.extra = extra


class RefusedInput(ValidationError):
    """As ValidationError. `extra` goes into the problem."""

    def __init__(self, detail: Any, **extra: Any):
        super().__init__(detail)
        self.extra = extra


class RefusedPerson(PermissionDenied):
    """As PermissionDenied. `extra` goes into the problem."""

    def __init__(self, detail: str, **extra: Any):
        super().__init__(detail)
        self.extra = extra


class DatabaseUnavailable(APIException):
    """The database is unreachable or locked for too long. The sender should post again."""

    status_code = HTTPStatus.SERVICE_UNAVAILABLE
    default_detail = "The database is away. Try again."
    default_code = "away"
    wait = 5  # seconds, for Retry-After


def as_problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: type, title, status, detail, and errors by field and message."""
    if isinstance(error, RecursionError):  # JSON nested so deeply that the parser gave up
        error = ParseError("The JSON is nested too deeply.")
    if isinstance(error, InterfaceError | OperationalError):
        log.error("the database is away: %s", type(error).__name__)
        error = DatabaseUnavailable()
    response = exception_handler(error, context)
    if response is None:
        return None
    body = problem_body(response.status_code, _error_detail(error))
    if isinstance(error, ValidationError):
        body["errors"] = field_errors(error.detail)
        body["detail"] = "; ".join(f"{e['field']}: {e['message']}" for e in body["errors"])
    body |= getattr(error, "extra", {})
    response.data = body
    response.content_type = PROBLEM_MEDIA_TYPE
    return response


def problem_body(status: int, detail: str) -> dict[str, Any]:
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "detail": detail,
    }


def problem_response(status: int, detail: str, **headers: str) -> JsonResponse:
    return JsonResponse(
        problem_body(status, detail),
        status=status,
        content_type=PROBLEM_MEDIA_TYPE,
        headers=headers,
    )


def _error_detail(error: Exception) -> str:
    detail = getattr(error, "detail", None)
    return str(detail) if detail and not isinstance(detail, dict | list) else str(error)


def field_errors(detail: Any, prefix: str = "") -> list[dict[str, str]]:
    """DRF's nested error structure as a flat list of field and message."""
    if isinstance(detail, dict):
        return [
            e
            for name, inner in detail.items()
            for e in field_errors(inner, f"{prefix}.{name}" if prefix else str(name))
        ]
    if isinstance(detail, list):
        return [e for inner in detail for e in field_errors(inner, prefix)]
    return [{"field": prefix or "non_field_errors", "message": str(detail)}]
