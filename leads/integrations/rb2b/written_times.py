"""When a visitor was seen, as a file has it written, before it is read as a moment."""

from datetime import datetime
from typing import Any

from leads.integrations.body_errors import UnreadableBody
from leads.integrations.rb2b.bodies import unwrap_visitor
from leads.integrations.rb2b.fields import ALIASES, flat_fields, plain_key, text_field

SEEN_AT = "Seen At"
TIME_KEYS = (*ALIASES["seen_at"], "firstseenat")


def visit_time(item: dict[str, Any]) -> str:
    """ "" where it has none, or cannot be read."""
    try:
        return text_field("seen_at", flat_fields(unwrap_visitor(item)))
    except (UnreadableBody, RecursionError):
        return ""


def all_times(item: dict[str, Any]) -> list[str]:
    """Every time of the visitor: one program wrote them, so each shows how it writes dates."""
    try:
        values = flat_fields(unwrap_visitor(item)).values
    except (UnreadableBody, RecursionError):
        return []
    told = (values.get(key) for key in TIME_KEYS)
    return [one for one in told if isinstance(one, str) and one.strip()]


def with_visit_time(item: dict[str, Any], at: datetime) -> dict[str, Any]:
    """The visitor with `at` as the only time of the visit that counts. Raises UnreadableBody."""
    kept = {
        name: value
        for name, value in unwrap_visitor(item).items()
        if plain_key(name) != plain_key(SEEN_AT)
    }
    return {**kept, SEEN_AT: at.isoformat()}
