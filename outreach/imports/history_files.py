"""Files about what was before us, read into one shape: a CSV, JSON lines, or the older system's JSON drafts. Pure.

The older system kept each draft as `{"email_id", "status", "to", "subject", "body", "recipient_data": {"name",
"company", "title"}, "context": {"intent_score", "icp_tier", "triggers"}, "created_at"}`.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from caio_project.lib.files import csv_rows, decoded, json_rows
from outreach.reply_sorting.reply_text import plain

COLUMNS = ("email", "what", "at")
ENDS = ("sent", "answered", "rejected", "bounced", "complained", "unsubscribed")
WHATS = (*ENDS, "draft")
# "approved" may have left: the older system did not say, and a second first email is worse than none.
OLD_STATUS = {"pending": "draft", "approved": "sent", "sent": "sent", "rejected": "rejected"}
TIERS = ("tier_1", "tier_2", "tier_3")


@dataclass(frozen=True)
class Item:
    """One thing that happened to one person, or a draft that waits. `at` has a zone."""

    what: str
    email: str
    at: datetime
    name: str = ""
    company: str = ""
    title: str = ""
    subject: str = ""
    body: str = ""
    tag: str = ""
    reason: str = ""
    intent: int = 0
    tier: str = ""
    old_id: str = ""

    @property
    def key(self) -> str:
        """The same item of another file, or of the same one again, has the same key."""
        own = (
            ("id", self.old_id)
            if self.old_id
            else ("row", self.at.isoformat(), self.subject, self.body)
        )
        return hashlib.sha256(
            "\x00".join((self.what, self.email.lower(), *own)).encode()
        ).hexdigest()


class Wrong(Exception):
    """A line that cannot be read; the text names the field."""


def read(raw: bytes) -> Iterator[tuple[int, Item | str]]:
    """(line, item) for each entry; one that is wrong is a sentence instead. Raises files.BadFile."""
    for line, row in _rows(raw):
        if isinstance(row, str):
            yield line, row
            continue
        try:
            yield (
                line,
                _old_draft(row) if "email_id" in row or "recipient_data" in row else _entry(row),
            )
        except Wrong as wrong:
            yield line, str(wrong)


def _rows(raw: bytes) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """A whole JSON document is counted by its entries, JSON lines and CSV by their lines."""
    text = decoded(raw)
    if not text.lstrip().startswith(("{", "[")):
        yield from csv_rows(raw, required=COLUMNS)
        return
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        yield from json_rows(text)
        return
    for number, row in enumerate(whole if isinstance(whole, list) else [whole], 1):
        yield number, row if isinstance(row, dict) else "It is not a JSON object."


def _entry(row: dict[str, Any]) -> Item:
    what = _text(row, "what").lower()
    if what not in WHATS:
        raise Wrong(f"what: {what!r} is not one of {', '.join(WHATS)}.")
    return _item(what, _text(row, "email"), _text(row, "at"), "at", row, row)


def _old_draft(row: dict[str, Any]) -> Item:
    status = _text(row, "status").lower()
    if status not in OLD_STATUS:
        raise Wrong(f"status: {status!r} is not one of {', '.join(OLD_STATUS)}.")
    person, context = _part(row, "recipient_data"), _part(row, "context")
    said = {
        **row,
        "old_id": row.get("email_id"),
        "intent": context.get("intent_score"),
        "tier": context.get("icp_tier"),
    }
    return _item(
        OLD_STATUS[status], _text(row, "to"), _text(row, "created_at"), "created_at", said, person
    )


def _item(
    what: str, email: str, at: str, at_field: str, row: dict[str, Any], person: dict[str, Any]
) -> Item:
    subject, body = " ".join(_text(row, "subject").split())[:1000], _paragraphs(_text(row, "body"))
    for field, text in (("subject", subject), ("body", body)):
        if what == "draft" and not text:
            raise Wrong(f"{field}: a draft needs a subject and a body.")
    return Item(
        what=what,
        email=email,
        at=_moment(at, at_field),
        name=_text(person, "name")[:200],
        company=_text(person, "company")[:200],
        title=_text(person, "title")[:200],
        subject=subject,
        body=body,
        tag=_text(row, "tag").lower().replace(" ", "_"),
        reason=_text(row, "reason"),
        intent=_points(row.get("intent")),
        tier=_tier(_text(row, "tier")),
        old_id=_text(row, "old_id"),
    )


def _part(row: dict[str, Any], name: str) -> dict[str, Any]:
    found = row.get(name) or {}
    if not isinstance(found, dict):
        raise Wrong(f"{name}: it is not a JSON object.")
    return found


def _text(row: dict[str, Any], name: str) -> str:
    """ "" for what is missing; PostgreSQL stores no NUL and nobody typed one."""
    value = row.get(name)
    if isinstance(value, dict | list):
        raise Wrong(f"{name}: it is not a text.")
    return "" if value is None else str(value).replace("\x00", "").strip()


def _moment(text: str, field: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Wrong(
            f"{field}: {text[:40]!r} is not a time like 2026-01-31 or 2026-01-31T09:30:00Z."
        ) from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _points(value: Any) -> int:
    """Of 0 to 100; the older system wrote shares as well as points."""
    try:
        number = float(value or 0)
    except (TypeError, ValueError):
        return 0
    if not 0 <= number <= 100:
        return 0
    return round(number * 100) if 0 < number <= 1 else round(number)


def _tier(text: str) -> str:
    """ "tier_1", "Tier 1" and "1" are one tier; anything else is none."""
    found = re.fullmatch(r"(?:tier[ _-]?)?([123])", text.lower())
    return f"tier_{found[1]}" if found else ""


def _paragraphs(body: str) -> str:
    """The text of a body that may be HTML, with one empty line between two paragraphs."""
    return re.sub(r"\n{3,}", "\n\n", plain(body)).strip()
