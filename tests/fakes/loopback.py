"""Calls to this machine, and to no other."""

from __future__ import annotations

import urllib.error
import urllib.request
from urllib.parse import urlsplit

LOOPBACK_HOSTS = {"127.0.0.1", "localhost", "::1"}


def require_loopback(url: str) -> None:
    assert urlsplit(url).hostname in LOOPBACK_HOSTS, f"the fakes only call this machine, not {url}"


def direct_opener() -> urllib.request.OpenerDirector:
    # No proxy: HTTP_PROXY in the environment must not catch calls to this machine.
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))


def post(url: str, body: bytes, headers: dict[str, str], timeout: float = 30.0) -> tuple[int, str]:
    """POSTs to this machine; returns status and text, also for error statuses."""
    require_loopback(url)
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")
    try:
        with direct_opener().open(request, timeout=timeout) as response:
            return response.status, response.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode("utf-8", "replace")
