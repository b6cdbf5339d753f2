"""Read files of the previous system: a CSV, JSON lines, or its JSON drafts. Pure.

That system kept each draft as `{"email_id", "status", "to", "subject", "body",
"recipient_data": {"name", "company", "title"}, "context": {"intent_score", "icp_tier",
"triggers"}, "created_at"}`.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from caio_project.lib import times
from caio_project.lib.files import csv_rows, decode_file, json_rows, load_json, object_or_sentence
from outreach.imports.old_footer import without_old_footer
from outreach.reply_sorting.reply_text import to_plain_text

REQUIRED_COLUMNS = ("email", "what", "at")
PAST_KINDS = ("sent", "answered", "rejected", "bounced", "complained", "unsubscribed")
ENTRY_KINDS = (*PAST_KINDS, "draft")
# "approved" may have left: the older system did not say, and a second first email is worse than
# none.
KIND_OF_OLD_STATUS = {
    "pending": "draft",
    "approved": "sent",
    "sent": "sent",
    "rejected": "rejected",
}
OLD_FIELDS = {"email_id", "recipient_data", "canary_test", "would_have_sent", "shadow_mode"}


@dataclass(frozen=True)
class HistoryEntry:
    """One past event of a lead, or a draft that waits. `at` has a zone."""

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
    why: str = ""  # triggers, pages and warm connections, as a person reads them

    @property
    def key(self) -> str:
        own = (
            ("id", self.old_id)
            if self.old_id
            else ("row", self.at.isoformat(), self.subject, self.body)
        )
        return hashlib.sha256(
            "\x00".join((self.what, self.email.lower(), *own)).encode()
        ).hexdigest()


class BadLine(Exception):
    """A line that cannot be read; the text names the field."""


def read_entries(raw: bytes) -> Iterator[tuple[int, HistoryEntry | str]]:
    """Yield (line, entry), or (line, sentence) for a wrong one. Raises UnreadableFile."""
    for line, row in _raw_rows(raw):
        if isinstance(row, str):
            yield line, row
            continue
        try:
            yield (line, _old_system_entry(row) if OLD_FIELDS & row.keys() else _plain_entry(row))
        except BadLine as wrong:
            yield line, str(wrong)


def _raw_rows(raw: bytes) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """A whole JSON document is counted by its entries, JSON lines and CSV by their lines."""
    text = decode_file(raw)
    if not text.lstrip().startswith(("{", "[")):
        yield from csv_rows(raw, required=REQUIRED_COLUMNS)
        return
    try:
        whole = load_json(text)
    except (ValueError, RecursionError):
        yield from json_rows(text)
        return
    for number, row in enumerate(whole if isinstance(whole, list) else [whole], 1):
        yield number, object_or_sentence(row)


def _plain_entry(row: dict[str, Any]) -> HistoryEntry:
    what = _text_in(row, "what").lower()
    if what not in ENTRY_KINDS:
        raise BadLine(f"what: {what!r} is not one of {', '.join(ENTRY_KINDS)}.")
    return _build_entry(what, _text_in(row, "email"), _text_in(row, "at"), "at", row, row)


def _old_system_entry(row: dict[str, Any]) -> HistoryEntry:
    if row.get("canary_test"):
        raise BadLine("It is a canary of the older system, not an email.")
    if "email_id" not in row and ("would_have_sent" in row or "shadow_mode" in row):
        raise BadLine("It is a shadow record without a whole text: it was never sent.")
    status = _text_in(row, "status").lower() or _status_by_times(row)
    if status not in KIND_OF_OLD_STATUS:
        raise BadLine(f"status: {status!r} is not one of {', '.join(KIND_OF_OLD_STATUS)}.")
    person, context = _object_in(row, "recipient_data"), _object_in(row, "context")
    said = {
        **row,
        "old_id": row.get("email_id"),
        "intent": context.get("intent_score"),
        "tier": context.get("icp_tier") or row.get("tier"),
        "body": without_old_footer(_plain_paragraphs(_text_in(row, "body"))),
        "reason": _text_in(row, "rejection_reason") or _text_in(row, "reason"),
        "tag": row.get("rejection_tag") or row.get("tag"),
        "why": _why_written(context),
    }
    return _build_entry(
        KIND_OF_OLD_STATUS[status],
        _text_in(row, "to"),
        _text_in(row, "created_at") or _text_in(row, "timestamp"),
        "created_at",
        said,
        person,
    )


def _build_entry(
    what: str, email: str, at: str, at_field: str, row: dict[str, Any], person: dict[str, Any]
) -> HistoryEntry:
    subject, body = (
        " ".join(_text_in(row, "subject").split())[:1000],
        _plain_paragraphs(_text_in(row, "body")),
    )
    for field, text in (("subject", subject), ("body", body)):
        if what == "draft" and not text:
            raise BadLine(f"{field}: a draft needs a subject and a body.")
    return HistoryEntry(
        what=what,
        email=email,
        at=_time_in(at, at_field),
        name=_text_in(person, "name")[:200],
        company=_text_in(person, "company")[:200],
        title=_text_in(person, "title")[:200],
        subject=subject,
        body=body,
        tag=_text_in(row, "tag").lower().replace(" ", "_"),
        reason=_text_in(row, "reason"),
        intent=_score_points(row.get("intent")),
        tier=_tier_code(_text_in(row, "tier")),
        old_id=_text_in(row, "old_id"),
        why=_text_in(row, "why"),
    )


def _status_by_times(row: dict[str, Any]) -> str:
    """The state of a draft without `status`: by the time of what became of it, else pending."""
    states = ("sent", "rejected", "approved")
    return next((state for state in states if row.get(f"{state}_at")), "pending")


def _why_written(context: dict[str, Any]) -> str:
    warm = [
        " at ".join(filter(None, (_said(one, "team_member"), _said(one, "shared"))))
        for one in _list_in(context, "warm_connections")
        if isinstance(one, dict)
    ]
    parts = {
        "Triggers": _texts_in(context, "triggers"),
        "Pages": _texts_in(context, "pages_viewed"),
        "Warm": [one for one in warm if one],
    }
    return " ".join(f"{name}: {', '.join(texts)}." for name, texts in parts.items() if texts)


def _said(row: dict[str, Any], name: str) -> str:
    value = row.get(name)
    return value.replace("\x00", "").strip() if isinstance(value, str) else ""


def _list_in(row: dict[str, Any], name: str) -> list[Any]:
    found = row.get(name)
    return found if isinstance(found, list) else []


def _texts_in(row: dict[str, Any], name: str) -> list[str]:
    return [one.replace("\x00", "") for one in _list_in(row, name) if isinstance(one, str)]


def _object_in(row: dict[str, Any], name: str) -> dict[str, Any]:
    found = row.get(name) or {}
    if not isinstance(found, dict):
        raise BadLine(f"{name}: it is not a JSON object.")
    return found


def _text_in(row: dict[str, Any], name: str) -> str:
    """ "" for what is missing; PostgreSQL stores no NUL and nobody typed one."""
    value = row.get(name)
    if isinstance(value, dict | list):
        raise BadLine(f"{name}: it is not a text.")
    return "" if value is None else str(value).replace("\x00", "").strip()


def _time_in(text: str, field: str) -> datetime:
    at = times.parse_time(text)
    if at is None:
        raise BadLine(
            f"{field}: {text[:40]!r} is not a time like 2026-01-31 or 2026-01-31T09:30:00Z."
            " Years from 2000 to 2099 are read."
        )
    return at


def _score_points(value: Any) -> int:
    """Of 0 to 100; the older system wrote shares as well as points."""
    try:
        number = float(value or 0)
    except (TypeError, ValueError):
        return 0
    if not 0 <= number <= 100:
        return 0
    return round(number * 100) if 0 < number <= 1 else round(number)


def _tier_code(text: str) -> str:
    """ "tier_1", "Tier 1" and "1" are one tier; anything else is none."""
    found = re.fullmatch(r"(?:tier[ _-]?)?([123])", text.lower())
    return f"tier_{found[1]}" if found else ""


def _plain_paragraphs(body: str) -> str:
    return re.sub(r"\n{3,}", "\n\n", to_plain_text(body)).strip()
