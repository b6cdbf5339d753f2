"""From bytes to the object that names a visitor, out of whatever it was wrapped in."""

import json
from typing import Any
from urllib.parse import parse_qsl

from caio_project.lib.files import load_json
from leads.integrations.body_errors import UnreadableBody
from leads.integrations.rb2b.fields import names_visitor, plain_key, weigh_field

WRAPPERS = ("payload", "raw", "data", "visitor", "visitors", "body", "event", "record", "message")
MOST_VISITORS = 1000  # in one body


def load_visitor(body: bytes) -> dict[str, Any]:
    """The object of one visitor, with what stands beside it in its wrapper. Raises
    UnreadableBody.
    """
    loaded = _load_json(body)
    if not isinstance(loaded, dict):
        raise UnreadableBody("body_not_object", json_type=json_type(loaded))
    return unwrap_visitor(loaded)


def split_body(body: bytes) -> list[bytes]:
    """The bodies of the visitors in a list, in lines of JSON or in a wrapped list; else [].

    A body that cannot be read is not split: it is parked whole.
    """
    try:
        items = _items_in(body)
        if len(items) > MOST_VISITORS:
            return []
        return [json.dumps(item, ensure_ascii=False).encode("utf-8", "replace") for item in items]
    except (UnreadableBody, RecursionError):
        return []


def _items_in(body: bytes) -> list[Any]:
    try:
        loaded = _load_json(body)
    except UnreadableBody:
        return _json_lines(body)
    return _listed_items(loaded)


def _listed_items(loaded: Any) -> list[Any]:
    if isinstance(loaded, list):
        objects = [one for one in loaded if isinstance(one, dict)]
        return loaded if any(names_visitor(unwrap_visitor(one)) for one in objects) else []
    if not isinstance(loaded, dict) or names_visitor(loaded):
        return []
    for value in loaded.values():
        if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
            if any(names_visitor(unwrap_visitor(one)) for one in value):
                beside = {key: one for key, one in loaded.items() if not _is_nested(one)}
                return [_with_beside(one, beside) for one in value]
        elif isinstance(value, dict) and (inner := _listed_items(value)):
            return inner
    return []


def _is_nested(value: Any) -> bool:
    return isinstance(value, dict | list)


def _json_lines(body: bytes) -> list[Any]:
    lines = [line for line in body.split(b"\n") if line.strip()]
    if len(lines) < 2:
        return []
    try:
        found = [load_json(line) for line in lines]
    except (ValueError, RecursionError):
        return []
    return _listed_items(found) if all(isinstance(one, dict) for one in found) else []


def _load_json(body: bytes) -> Any:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        byte = f"0x{body[error.start]:02x}"
        raise UnreadableBody("body_not_utf8", position=error.start, byte=byte) from error
    try:
        return load_json(text)
    except ValueError as error:
        if (form := _form_fields(text)) is not None:
            return form
        raise UnreadableBody("body_not_json", error=str(error)[:120]) from error


def _form_fields(text: str) -> dict[str, Any] | None:
    """The fields of a form, as some relays post it; a field may hold JSON."""
    if "=" not in text or text.lstrip().startswith(("{", "[", '"')) or "\n" in text.strip():
        return None
    try:
        fields: dict[str, Any] = dict(parse_qsl(text, strict_parsing=True, max_num_fields=200))
    except ValueError:
        return None
    return fields if names_visitor(fields) or any(name in fields for name in WRAPPERS) else None


def unwrap_visitor(loaded: dict[str, Any]) -> dict[str, Any]:
    """The innermost object that names somebody; of its wrapper what it does not say itself.
    Raises UnreadableBody.
    """
    if names_visitor(loaded):
        return loaded
    named = [name for name in WRAPPERS if name in loaded]
    for name in dict.fromkeys([*named, *loaded]):
        inner = loaded[name]
        if isinstance(inner, str) and inner.lstrip().startswith("{"):
            inner = _inner_object(inner, name)
        if isinstance(inner, list) and len(inner) == 1:
            inner = inner[0]
        if isinstance(inner, dict) and (found := unwrap_visitor(inner)) and names_visitor(found):
            beside = {key: one for key, one in loaded.items() if key != name}
            return _with_beside(found, beside)
    return loaded


def _with_beside(inner: dict[str, Any], beside: dict[str, Any]) -> dict[str, Any]:
    """The inner object, and from beside it what the inner one does not say."""
    told = {plain_key(name) for name, value in inner.items() if weigh_field(value) > 1}
    return inner | {name: one for name, one in beside.items() if plain_key(name) not in told}


def _inner_object(text: str, name: str) -> Any:
    """JSON in a text; a wrapper whose text cannot be read is said, another field is not."""
    try:
        return load_json(text)
    except ValueError as error:
        if name.lower() in WRAPPERS:
            raise UnreadableBody("body_not_json", error=str(error)[:120]) from error
        return None


def json_type(value: Any) -> str:
    names = {
        dict: "object",
        list: "list",
        bool: "true/false value",
        int: "number",
        float: "number",
        str: "text",
    }
    return names.get(type(value), "null")
