"""Bounds the Cookie header before anything parses it.

Python before 3.11.10 takes quadratic time for a quoted value with backslashes, 0.2 s for 8 kB, and
a client may send a hundred headers. None of our own cookies has such a value.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

LONGEST_HEADER = 16_384
LONGEST_COOKIE = 4_096  # what browsers keep
MOST_COOKIES = 100


class BoundedCookies:
    """Middleware, before all others."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if header := request.META.get("HTTP_COOKIE"):
            request.META["HTTP_COOKIE"] = bound_cookies(header)
        return self.get_response(request)


def bound_cookies(header: str) -> str:
    """Only whole cookies of usual size, in their order, and none that costs more than its length
    to unquote.
    """
    chunks = header[: LONGEST_HEADER + 1].split(";", MOST_COOKIES)
    if len(header) > LONGEST_HEADER or len(chunks) > MOST_COOKIES:
        chunks.pop()  # cut off, or all that is beyond
    return ";".join(chunk for chunk in chunks if _is_usual(chunk))


def _is_usual(chunk: str) -> bool:
    is_quoted = '"' in chunk and "\\" in chunk
    return len(chunk) <= LONGEST_COOKIE and not is_quoted
