"""Incoming text is UTF-8, whatever charset its content type names.

Django decodes a request's query by that charset before any of our code runs. A Python codec that is
no charset, such as "zlib", ends in a 500 there; another real charset can turn a right token into a
wrong one. Bodies are not touched: webhooks keep bytes, and JSON is UTF-8 by RFC 8259.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

CHARSET_PARAMETER = re.compile(r';\s*charset\s*=\s*("[^"]*"|[^;]*)', re.IGNORECASE)

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def drop_charset(environ: dict[str, Any]) -> dict[str, Any]:
    return {**environ, "CONTENT_TYPE": CHARSET_PARAMETER.sub("", environ.get("CONTENT_TYPE") or "")}


def always_utf8(application: Application) -> Application:
    return lambda environ, start_response: application(drop_charset(environ), start_response)
