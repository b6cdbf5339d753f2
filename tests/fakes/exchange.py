"""One request as a peer received it, its answer, and the routes that requests are told apart by."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Request:
    """One request as the peer received it; `outcome` tells what the peer did with it."""

    number: int
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    json: Any
    time: float
    route: str = ""
    params: dict[str, str] = field(default_factory=dict)
    behaviour: str = ""
    outcome: int | str | None = None

    def as_dict(self) -> dict:
        return {**self.__dict__, "body": self.body.decode("utf-8", "replace")}


@dataclass
class Reply:
    """An answer; `body` may be a JSON value, text or bytes."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    def encoded(self) -> tuple[bytes, str]:
        if isinstance(self.body, bytes):
            return self.body, "application/octet-stream"
        if isinstance(self.body, str):
            return self.body.encode(), "text/plain; charset=utf-8"
        if self.body is None:
            return b"", "text/plain; charset=utf-8"
        return json.dumps(self.body).encode(), "application/json; charset=utf-8"


def template_regex(path: str) -> re.Pattern:
    """A template's regex; a slash at its end may be left out by the client."""
    pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path))
    return re.compile(pattern + "?" if path.endswith("/") else pattern)


def route_matches(route: str, request: Request) -> bool:
    method, _, path = route.partition(" ")
    if method not in ("*", request.method):
        return False
    if "*" in path or not path:
        return re.fullmatch(re.escape(path or "*").replace(r"\*", ".*"), request.path) is not None
    if path == request.path:
        return True
    return anonymous(path) == anonymous(request.route.partition(" ")[2])


def anonymous(path: str) -> str:
    return re.sub(r"\{\w*\}", "{}", path)


def parse_json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
