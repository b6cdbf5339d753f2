"""What comes in is UTF-8, whatever charset its content type names.

Django decodes the query of a request by that charset while it makes the request, before any of our code runs. "zlib"
and its like, which are codecs of Python and no charsets, end in a 500 there, and another real charset can make a right
token a wrong one. Bodies are not touched: webhooks keep them as bytes, and JSON is UTF-8 by RFC 8259.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

CHARSET_PARAMETER = re.compile(r';\s*charset\s*=\s*("[^"]*"|[^;]*)', re.IGNORECASE)

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def drop_charset(environ: dict[str, Any]) -> dict[str, Any]:
    """The same WSGI request, of no charset."""
    return {**environ, "CONTENT_TYPE": CHARSET_PARAMETER.sub("", environ.get("CONTENT_TYPE") or "")}


def always_utf8(application: Application) -> Application:
    return lambda environ, start_response: application(drop_charset(environ), start_response)
