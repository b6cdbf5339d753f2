"""Every address of the product, from its URL patterns, with a value for each of their parts."""

import re
import uuid
from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

VALUES = {
    "uuid:public_id": str(uuid.UUID(int=1)),
    "uuid:other_id": str(uuid.UUID(int=2)),
    "int:pk": "1",
    "int:row": "1",
}


def _routes(patterns: list[Any], before: str = "") -> Iterator[tuple[str, URLPattern]]:
    for one in patterns:
        route = before + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from _routes(one.url_patterns, route)
        else:
            yield route, one


def every_route() -> list[tuple[str, URLPattern]]:
    return list(_routes(get_resolver().url_patterns))


def path_of(route: str, values: dict[str, str] | None = None) -> str:
    """A path that `route` matches."""
    chosen = {**VALUES, **(values or {})}
    text = re.sub(r"<([^>]+)>", lambda found: chosen.get(found[1], "1"), _plain(route))
    return "/" + text


def _plain(route: str) -> str:
    """A route of a regular expression as one of parts in angle brackets."""
    if "(" not in route:
        return route.replace("^", "").replace("$", "").replace("\\Z", "")
    text = re.sub(r"\(\?P<(\w+)>[^()]*\)", r"<\1>", route)
    text = re.sub(r"\(([^()|]+)\|[^()]*\)", r"\1", text)
    return re.sub(r"[\^$\\]|\\Z", "", text)


def every_path() -> list[str]:
    return sorted({path_of(route) for route, _ in every_route()})
