"""What no column can hold is refused before a view reads it, and is never a 500."""

import logging
from collections.abc import Callable
from typing import Any

from django.db import DataError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.html import escape

from caio_project.lib.web.problems import problem_response

log = logging.getLogger(__name__)

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
READ_BY_THEIR_VIEWS = ("/webhooks/", "/api/", "/u/")
LONGEST_NAME = 40
MOST_DIGITS = 18  # of a number that a column holds; Python reads no more than some thousand


class ReadableInput:
    """Middleware, behind the one that checks where a form comes from."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not _is_storable(request.path):
            return refusal(request, 404, "path: no address holds a NUL character.")
        if name := _unstorable_field(request.GET):
            return refusal(request, 400, f"{name}: it holds a character that cannot be stored.")
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: Any) -> HttpResponse | None:
        is_form = request.content_type in FORMS and not request.path.startswith(READ_BY_THEIR_VIEWS)
        if request.method == "POST" and is_form and (name := _unstorable_field(request.POST)):
            return refusal(request, 400, f"{name}: it holds a character that cannot be stored.")
        return None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """A value that the database cannot take came with the request; the log has the place."""
        if not isinstance(error, DataError):
            return None
        log.error("a request was refused: %s", type(error).__name__, exc_info=error)
        return refusal(request, 400, "A value is not one that can be looked for or stored.")


def read_id(text: str) -> int:
    """The primary key or version that a form or an address names; 0, which no row has, for none."""
    is_number = text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS
    return int(text) if is_number else 0


def refusal(request: HttpRequest, status: int, text: str) -> HttpResponse:
    if request.path.startswith(READ_BY_THEIR_VIEWS):
        return problem_response(status, text)
    return HttpResponse(f"<!doctype html><title>Refused</title><p>{escape(text)}", status=status)


def _unstorable_field(values: QueryDict) -> str:
    """The name of the first field that PostgreSQL could not store; "" without one."""
    for name, given in values.lists():
        if not _is_storable(name) or not all(map(_is_storable, given)):
            return _shown(name)
    return ""


def _shown(name: str) -> str:
    return "".join(c for c in name if c.isprintable())[:LONGEST_NAME] or "a field"


def _is_storable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return False
    return "\x00" not in text
