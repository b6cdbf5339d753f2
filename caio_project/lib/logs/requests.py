"""Each request has an id on its lines and in its answer."""

import re
import uuid
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse
from django_structlog.middlewares import RequestMiddleware

HEADER = "X-Request-ID"
# A UUID, or the hexadecimal id of a proxy such as nginx: nothing that could be a person's name.
WELL_FORMED = re.compile(
    r"[0-9a-f]{16,64}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE
)


class RequestIds(RequestMiddleware):
    """django-structlog's middleware; of an address it says the route, which holds no values."""

    def __call__(self, request: HttpRequest) -> Any:
        response: Any = super().__call__(request)
        response[HEADER] = request.META["HTTP_X_REQUEST_ID"]
        return response

    def prepare(self, request: HttpRequest) -> None:
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        is_taken_over = WELL_FORMED.fullmatch(given) is not None
        request.META["HTTP_X_REQUEST_ID"] = given if is_taken_over else str(uuid.uuid4())
        structlog.contextvars.clear_contextvars()
        super().prepare(request)

    def handle_response(self, request: HttpRequest, response: HttpResponse) -> None:
        try:
            super().handle_response(request, response)
        finally:
            structlog.contextvars.clear_contextvars()

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        match = request.resolver_match
        return f"{request.method} /{match.route}" if match else str(request.method)


def note_event(public_id: str) -> None:
    """Lines of the rest of this request carry the id of the event that it stored."""
    if "request_id" in structlog.contextvars.get_contextvars():  # which its end clears
        structlog.contextvars.bind_contextvars(correlation_id=public_id)
