"""Error bodies of the HighLevel API v2, and what a 422 says about a body or a query that is not
accepted.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from typing import Any

from tests.fakes.exchange import Reply, Request

from . import fields
from .values import lower

EMAIL = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;]+")
JSON_KINDS = {
    "string": str,
    "array": list,
    "boolean": bool,
    "object": dict,
    "number": (int, float),
    "email": str,
}
KIND_MESSAGES = {
    "string": "must be a string",
    "array": "must be an array",
    "boolean": "must be a boolean value",
    "object": "must be an object",
    "number": "must be a number conforming to the specified constraints",
    "email": "must be an email",
}
ERROR_NAMES = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found"}


def error(status: int, message: str, **more: Any) -> Reply:
    body = {
        "statusCode": status,
        "message": message,
        "error": ERROR_NAMES[status],
        **more,
        "traceId": trace_id(),
    }
    return Reply(status, body)


def unprocessable(problems: list[str]) -> Reply:
    body = {
        "statusCode": 422,
        "message": problems,
        "error": "Unprocessable Entity",
        "traceId": trace_id(),
    }
    return Reply(422, body)


def no_contact(contact_id: str) -> Reply:
    return error(400, f"Contact with id {contact_id} not found")


def duplicate_error(contact: dict, field: str) -> Reply:
    name = " ".join(lower(contact[part]) or "" for part in ("firstName", "lastName")).strip()
    meta = {"contactId": contact["id"], "contactName": name, "matchingField": field}
    message = "This location does not allow duplicated contacts."
    return Reply(400, {"statusCode": 400, "message": message, "meta": meta, "traceId": trace_id()})


def trace_id() -> str:
    return secrets.token_hex(8)


def body_of(request: Request) -> dict:
    is_json = "json" in request.headers.get("content-type", "")
    return request.json if is_json and isinstance(request.json, dict) else {}


def checked_body(
    request: Request,
    allowed: dict[str, str],
    required: tuple[str, ...] = (),
    nullable: Iterable[str] = (),
) -> tuple[dict, list[str]]:
    """The body and the list of what a 422 would say about it."""
    if request.json is not None and not isinstance(request.json, dict):
        return {}, ["the body must be an object"]
    body = body_of(request)
    problems = [f"property {name} should not exist" for name in body if name not in allowed]
    problems += [f"{name} should not be empty" for name in required if body.get(name) in (None, "")]
    for name, value in body.items():
        kind = allowed.get(name, "any")
        if not (value is None and name in nullable) and not is_kind(value, kind):
            problems.append(f"{name} {KIND_MESSAGES[kind]}")
    return body, problems + element_problems(body) + dnd_problems(body)


def is_kind(value: Any, kind: str) -> bool:
    if kind == "any":
        return True
    if kind == "number" and isinstance(value, bool):
        return False
    return isinstance(value, JSON_KINDS[kind]) and (
        kind != "email" or EMAIL.fullmatch(value) is not None
    )


def element_problems(body: dict) -> list[str]:
    problems = []
    for name, kind in fields.ELEMENTS.items():
        values = body.get(name)
        if isinstance(values, list) and not all(is_kind(value, kind) for value in values):
            problems.append(f"each value in {name} {KIND_MESSAGES[kind]}")
    custom = body.get("customFields")
    if isinstance(custom, list) and not all(
        isinstance(one, dict) and one.get("id") for one in custom
    ):
        problems.append("customFields.id should not be empty")
    return problems


def dnd_problems(body: dict) -> list[str]:
    settings = body.get("dndSettings")
    if not isinstance(settings, dict):
        return []
    problems = [
        f"dndSettings.property {name} should not exist"
        for name in settings
        if name not in fields.DND_CHANNELS
    ]
    for name, value in settings.items():
        if not isinstance(value, dict) or value.get("status") not in fields.DND_STATUSES:
            problems.append(f"dndSettings.{name}.status must be a valid enum value")
            continue
        problems += [
            f"dndSettings.{name}.property {x} should not exist"
            for x in value
            if x not in fields.DND_FIELDS
        ]
        problems += [
            f"dndSettings.{name}.{x} must be a string"
            for x in value
            if not isinstance(value[x], str)
        ]
    return problems


def enum_problems(given: dict, enums: dict[str, tuple[str, ...]]) -> list[str]:
    return [
        f"{name} must be one of the following values: {', '.join(allowed)}"
        for name, allowed in enums.items()
        if given.get(name) is not None and given[name] not in allowed
    ]


def query_problems(request: Request, allowed: Iterable[str], *required: str) -> list[str]:
    problems = [
        f"property {name} should not exist" for name in request.query if name not in allowed
    ]
    if not request.query.get("limit", "1").isdigit():
        problems.append("limit must be a number conforming to the specified constraints")
    return problems + [
        f"{name} should not be empty" for name in required if not request.query.get(name)
    ]
