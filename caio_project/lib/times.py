"""Times from outside: UTC between 2000 and 2100, or the default. Pure.

PostgreSQL stores a moment of year 1 or 9999 that neither psycopg nor a zone can show again.
"""

from datetime import UTC, date, datetime
from typing import Any, overload

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
FIRST_IN_MILLISECONDS = 10**11  # as seconds it is the year 5138
LONGEST_TEXT = 60


@overload
def parse_time(value: Any, default: datetime) -> datetime: ...
@overload
def parse_time(value: Any, default: None = None) -> datetime | None: ...
def parse_time(value: Any, default: datetime | None = None) -> datetime | None:
    """From ISO 8601, epoch seconds or epoch milliseconds; a time without a zone is UTC."""
    try:
        at = _read_time(value)
    except (ValueError, OverflowError, OSError, TypeError):
        return default
    return at if EARLIEST <= at < LATEST else default


def parse_day(value: Any) -> date | None:
    """The day of an ISO date or time as written, whatever its zone."""
    try:
        day = datetime.fromisoformat(str(value)[:LONGEST_TEXT].strip()).date()
    except ValueError:
        return None
    return day if EARLIEST.date() <= day < LATEST.date() else None


def _read_time(value: Any) -> datetime:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return datetime.fromtimestamp(value / 1000 if value > FIRST_IN_MILLISECONDS else value, UTC)
    at = datetime.fromisoformat(str(value)[:LONGEST_TEXT].strip())
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
