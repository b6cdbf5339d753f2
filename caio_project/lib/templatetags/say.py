"""Template filters for numbers and times."""

from datetime import date, datetime, timedelta
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from caio_project.lib.words.check_states import SHAPES, WORDS, CheckState
from caio_project.lib.words.clock_words import (
    date_words,
    day_clock_words,
    day_words,
    span_words,
    stamp_words,
)

register = template.Library()


@register.inclusion_tag("caio_project/layout/_state_chip.html")
def state_chip(state: str, words: str = "") -> dict[str, str]:
    """The chip of a CheckState: its shape, and `words` or its own word."""
    known = CheckState(state)
    return {"state": known.value, "shape": SHAPES[known], "words": words or WORDS[known]}


@register.filter
def state_shape(state: str) -> str:
    return SHAPES[CheckState(state)]


@register.filter
def ago(at: datetime | None) -> str:
    return f"{span_words(timezone.now() - at, units=1)} ago" if at else "never"


@register.filter
def due(at: datetime | None) -> str:
    """ "due in 1 h 40 min" or "18 min late"."""
    if at is None:
        return ""
    left = at - timezone.now()
    words = span_words(left)
    return f"due in {words}" if left > timedelta(0) else f"{words} late"


@register.filter
def is_past(at: datetime | None) -> bool:
    return at is not None and at < timezone.now()


@register.filter
def clock(at: datetime | None) -> SafeString | str:
    """The reader's local time, with the day where it is not today, as a <time> element."""
    if at is None:
        return ""
    shown = day_clock_words(at)
    return format_html('<time datetime="{}">{}</time>', at.isoformat(), shown)


@register.filter
def stamp(at: datetime) -> SafeString:
    """As `clock`, with the day always: for what is printed."""
    return format_html('<time datetime="{}">{}</time>', at.isoformat(), stamp_words(at))


@register.filter
def day(at: date) -> str:
    return day_words(at) if isinstance(at, datetime) else date_words(at)


@register.filter
def get(mapping: Any, key: str) -> Any:
    return mapping.get(key) if hasattr(mapping, "get") else None


@register.filter
def words(code: str) -> str:
    return str(code).replace("_", " ")
