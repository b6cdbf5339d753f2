"""Whose request it is, behind proxies: REMOTE_ADDR becomes the client's address."""

from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

LONGEST_PART = 64  # an address of IPv6 with brackets and a port


class ClientAddress:
    """Middleware, before whatever counts or records by address."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if found := client_address(request.META, settings.TRUSTED_PROXY_COUNT):
            request.META["REMOTE_ADDR"] = found
        return self.get_response(request)


def client_address(environ: dict[str, Any], proxies: int) -> str:
    """What the outermost of our proxies saw; "" where they said nothing readable.

    Each proxy appends the address that it was called from, so whatever stands further left was
    written by the client.
    """
    said = environ.get("HTTP_X_FORWARDED_FOR") or ""
    if proxies < 1 or not said:
        return ""
    parts = said.rsplit(",", proxies)[-proxies:]
    return _clean_address(parts[0]) if len(parts) == proxies else ""


def _clean_address(text: str) -> str:
    text = text[-LONGEST_PART:].strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text)
    except ValueError:
        return ""
    return str(getattr(found, "ipv4_mapped", None) or found)
