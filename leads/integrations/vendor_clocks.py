"""How far a vendor's clock is from ours, by the Date header of its answers."""

from email.utils import parsedate_to_datetime
from typing import Any

from django.core.cache import cache

from caio_project.lib.db.caches import process_cache

NOTED_EVERY = 60.0  # seconds, in one process
HOLDS_FOR = 3600.0  # seconds
CALL_LONGEST = 10.0  # seconds; a slower answer says too little


def note_date(vendor: str, date: str, asked_at: float, answered_at: float) -> None:
    """Share how many seconds the vendor is ahead. Never raises for what a header says."""
    if answered_at - asked_at > CALL_LONGEST or not process_cache.add(_key(vendor), 1, NOTED_EVERY):
        return
    try:
        theirs = parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError, TypeError):
        return
    # The header has whole seconds, cut off: on average it was half a second later.
    ours = (asked_at + answered_at) / 2
    cache.set(_key(vendor), round(theirs + 0.5 - ours, 1), HOLDS_FOR)


def seconds_ahead(vendor: str) -> float | None:
    """None where it has not answered within the hour."""
    found: Any = cache.get(_key(vendor))
    return float(found) if isinstance(found, int | float) else None


def _key(vendor: str) -> str:
    return f"clock:{vendor}"
