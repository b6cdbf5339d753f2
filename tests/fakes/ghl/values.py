"""Values as HighLevel compares and writes them: ids, addresses, dates, cursors of pages."""

from __future__ import annotations

import base64
import json
import re
import time
from datetime import UTC, datetime

CURSOR_LIFE = 120


def id_of(thing: str | dict) -> str:
    return thing["id"] if isinstance(thing, dict) else thing


def lower(text: str | None) -> str | None:
    return text.lower() if text else text


def comparable(name: str, value: str | None) -> str | None:
    if not value:
        return None
    return re.sub(r"\D", "", value) if name == "phone" else value.strip().lower()


def epoch_ms(text: str) -> int:
    """Milliseconds of an ISO 8601 date or of a text of epoch milliseconds."""
    if text.isdigit():
        return int(text)
    moment = datetime.fromisoformat(text)
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def is_date(text: str) -> bool:
    try:
        epoch_ms(text)
    except ValueError:
        return False
    return True


def us_date_ms(text: str) -> int:
    return round(datetime.strptime(text, "%m-%d-%Y").replace(tzinfo=UTC).timestamp() * 1000)


def cursor(offset: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([offset, time.time()]).encode()).decode()


def cursor_offset(text: str) -> int | None:
    """The offset in a cursor; None when it is broken or older than its two minutes."""
    try:
        offset, made = json.loads(base64.urlsafe_b64decode(text))
    except (ValueError, TypeError):
        return None
    return offset if time.time() - made < CURSOR_LIFE else None
