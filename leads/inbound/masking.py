"""Personal data as it is shown without permission: structure, keys, and first letters of values.

Pure.
"""

import json
import re
from typing import Any

HIDDEN = "***"
DEEPEST_NESTING = 40
# Longer ones, ones with @ and ones with a row of digits are data that somebody used as a key.
PLAIN_KEY = re.compile(r"(?!.*\d{5})[A-Za-z_][A-Za-z0-9 _.-]{0,39}")
EMAIL = re.compile(r"[\w.+%'-]+@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)")
# With a time of day: a date alone may be a birthday.
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?( ?[+-]\d\d[:.]?\d\d|Z)?")


def mask_text(value: str) -> str:
    """ "Dana" as "D***", "dana@northline.test" as "d***@northline.test"; "" stays empty."""
    value = value.strip()
    if not value:
        return ""
    first = value[0] if value[0].isalpha() else ""
    found = EMAIL.fullmatch(value)
    return f"{first}{HIDDEN}@{found[1]}" if found else f"{first}{HIDDEN}"


def mask_name(value: str) -> str:
    return " ".join(mask_text(word) for word in value.split())


def mask_body(raw: bytes) -> str:
    try:
        loaded = json.loads(raw.decode("utf-8-sig"))
        if isinstance(loaded, dict | list):
            return json.dumps(_mask_value(loaded, 0), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        pass
    return f"Hidden: {len(raw)} bytes that are no JSON object." if raw else ""


def _mask_value(value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if depth > DEEPEST_NESTING or isinstance(value, int | float):
        return HIDDEN
    if isinstance(value, list):
        return [_mask_value(one, depth + 1) for one in value]
    if isinstance(value, dict):
        return {
            mask_key(key, at): _mask_value(one, depth + 1)
            for at, (key, one) in enumerate(value.items(), 1)
        }
    return _mask_string(value, depth)


def _mask_string(value: str, depth: int) -> Any:
    # JSON inside a text, as relays wrap it, keeps its structure too.
    if value.lstrip().startswith(("{", "[")):
        try:
            inner = json.loads(value)
        except (ValueError, RecursionError):
            return HIDDEN
        return _mask_value(inner, depth + 1) if isinstance(inner, dict | list) else HIDDEN
    return value if TIMESTAMP.fullmatch(value) else mask_text(value)


def mask_key(key: str, at: int = 0) -> str:
    """The name of a field; hidden where it may be data that somebody used as a name."""
    return key if PLAIN_KEY.fullmatch(key) else f"{HIDDEN} {at}" if at else HIDDEN
