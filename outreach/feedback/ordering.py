"""Which of two reports of one thing at GoHighLevel wins: webhooks come late, twice, unordered."""

from datetime import datetime, timedelta
from typing import Any

from outreach.models import Meeting, Opportunity

SEARCH_LAG = timedelta(
    minutes=10
)  # what is read may be as old as this, for GHL's searches lag behind its webhooks


def is_newer(known_at: datetime, reported_at: datetime, is_read: bool, now: datetime) -> bool:
    """Whether a report of the state at `reported_at` replaces one of `known_at`. Pure.

    A fresh API read wins over an older webhook even if its timestamp is older: a later event was
    lost.
    """
    return reported_at >= known_at or (is_read and known_at < now - SEARCH_LAG)


def update_if_newer(
    row: Meeting | Opportunity,
    values: dict[str, Any],
    changed_at: datetime,
    is_read: bool,
    now: datetime,
) -> bool:
    """Needs a transaction. False where nothing changed."""
    rows = type(row)._default_manager.select_for_update().filter(pk=row.pk)
    known = rows.get()
    if not is_newer(known.changed_at, changed_at, is_read, now):
        return False
    before = {name: getattr(known, name) for name in values}
    rows.update(**values, changed_at=max(changed_at, known.changed_at))
    return before != values
