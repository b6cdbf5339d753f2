"""GoHighLevel API v2, read only: conversations, single emails, open opportunities of a contact.

Source: GHL API v2, "Conversations" (Version 2021-04-15) and "Opportunities" (Version 2021-07-28).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from caio_project.lib import http
from caio_project.lib.db.caches import process_cache as cache
from caio_project.lib.times import parse_time
from caio_project.lib.vendor_access.access import vendor_value
from leads.integrations.ghl import call_ghl
from leads.normal import storable_text

API_VERSION = "2021-04-15"
OPPORTUNITIES_VERSION = "2021-07-28"
MAX_PAGES = 5
SPELLING_CACHE_KEY = "ghl:opportunity-names"
# The specification has these names; the service was seen to refuse them and to want the others.
SNAKE_CASE = {"locationId": "location_id", "contactId": "contact_id", "pipelineId": "pipeline_id"}


@dataclass(frozen=True)
class Conversation:
    """A conversation with a contact, and the time of its newest message where the search gave it.

    The specification names `lastMessageDate`, as milliseconds in text, for a conversation, and
    leaves it out of the search, where the service has it as a number.
    """

    id: str
    newest_at: datetime | None


@dataclass(frozen=True)
class ConversationRow:
    """A message, or a thread of emails with the time and direction of its first."""

    id: str
    inbound: bool
    is_email: bool
    email_ids: tuple[str, ...]
    at: datetime | None


@dataclass(frozen=True)
class ReadEmail:
    """One email with its text."""

    id: str
    inbound: bool
    at: datetime | None
    body: str
    is_email: bool = True


@dataclass(frozen=True)
class OpenDeal:
    """An open opportunity of a contact."""

    id: str
    name: str


def read_conversation(contact_id: str) -> list[ConversationRow]:
    """Every message with a contact, newest first, up to 500; empty without a conversation."""
    return read_messages(find_conversations(contact_id))


def read_messages(conversations: Iterable[Conversation]) -> list[ConversationRow]:
    return [row for one in conversations for row in _read_messages(one.id)]


def find_conversations(contact_id: str) -> list[Conversation]:
    query = {"locationId": vendor_value("GHL_LOCATION_ID"), "contactId": contact_id}
    found = call_ghl("GET", "/conversations/search", version=API_VERSION, params=query)
    return [
        Conversation(str(row["id"]), _moment(row.get("lastMessageDate")))
        for row in _required_list(found, "conversations")
        if row.get("contactId") in (contact_id, None)
    ]


def _moment(value: Any) -> datetime | None:
    is_number = isinstance(value, str) and value.isdecimal() and len(value) < 19
    return parse_time(int(value) if is_number else value)


def _read_messages(conversation_id: str) -> list[ConversationRow]:
    seen: list[ConversationRow] = []
    query: dict[str, Any] = {"limit": 100}
    for _ in range(MAX_PAGES):
        found = call_ghl(
            "GET", f"/conversations/{conversation_id}/messages", version=API_VERSION, params=query
        )
        page = found.get("messages") if isinstance(found, dict) else None
        seen += [_parse_row(raw) for raw in _required_list(page, "messages")]
        if not page or not page.get("nextPage"):
            return seen
        query["lastMessageId"] = page.get("lastMessageId")
    return seen


def _required_list(answer: Any, name: str) -> list[dict[str, Any]]:
    """Raises ServiceUnavailable where the list is missing, which is no proof of no answer."""
    found = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(found, list):
        raise http.ServiceUnavailable(f"GoHighLevel answered without {name}")
    return found


def _parse_row(raw: dict[str, Any]) -> ConversationRow:
    ids = ((raw.get("meta") or {}).get("email") or {}).get("messageIds") or []
    return ConversationRow(
        id=str(raw.get("id") or ""),
        inbound=raw.get("direction") == "inbound",
        is_email="EMAIL" in str(raw.get("messageType") or ""),
        email_ids=tuple(str(one) for one in ids if one),
        at=parse_time(raw.get("dateAdded")),
    )


def read_email(email_id: str) -> ReadEmail:
    """One email with its text, which conversations leave out.

    Source: GET /conversations/messages/email/{id}.
    """
    found = call_ghl("GET", f"/conversations/messages/email/{email_id}", version=API_VERSION)
    raw = found.get("emailMessage") or found
    return ReadEmail(
        id=email_id,
        inbound=raw.get("direction") == "inbound",
        at=parse_time(raw.get("dateAdded")),
        body=str(raw.get("body") or ""),
    )


def open_deals(contact_id: str) -> list[OpenDeal]:
    found = search_opportunities({"contactId": contact_id, "status": "open", "limit": "100"})
    rows = [row for row in _required_list(found, "opportunities") if row.get("status") == "open"]
    return [
        OpenDeal(str(row.get("id") or ""), storable_text(str(row.get("name") or "")))
        for row in rows
        if _is_of(row, contact_id)
    ]


def _is_of(row: dict[str, Any], contact_id: str) -> bool:
    """Guards against a filter that GoHighLevel did not understand."""
    return (row.get("contactId") or (row.get("contact") or {}).get("id")) == contact_id


def search_opportunities(query: Mapping[str, str]) -> Any:
    """GET /opportunities/search in our location, in whichever spelling of the names works.

    `query` is in camelCase. Where that is refused with a 422, snake_case is asked for an hour.
    """
    named = {"locationId": vendor_value("GHL_LOCATION_ID"), **query}
    snake = {SNAKE_CASE.get(name, name): value for name, value in named.items()}
    first, second = (snake, named) if cache.get(SPELLING_CACHE_KEY) == "snake" else (named, snake)
    try:
        return call_ghl("GET", "/opportunities/search", version=OPPORTUNITIES_VERSION, params=first)
    except http.RequestRefused as failure:
        if failure.status != 422 or "should not exist" not in http.error_text(failure.body):
            raise
        found = call_ghl(
            "GET", "/opportunities/search", version=OPPORTUNITIES_VERSION, params=second
        )
        cache.set(SPELLING_CACHE_KEY, "snake" if second is snake else "camel", 3600)
        return found
