"""Reading conversations, messages and emails (Version 2021-04-15)."""

from __future__ import annotations

import time

from tests.fakes.exchange import Reply, Request

from . import fields
from .errors import enum_problems, error, query_problems, trace_id, unprocessable
from .location import Location
from .values import cursor, cursor_offset, epoch_ms, is_date

CHANNEL_KINDS = {
    "Email": "TYPE_EMAIL",
    "SMS": "TYPE_SMS",
    "Call": "TYPE_CALL",
    "WhatsApp": "TYPE_WHATSAPP",
    "Instagram": "TYPE_INSTAGRAM",
    "Facebook": "TYPE_FACEBOOK",
}


class ConversationsApi(Location):
    def search_conversations(self, request: Request) -> Reply:
        """Search Conversations."""
        problems = query_problems(request, fields.CONVERSATION_SEARCH_QUERY, "locationId")
        problems += enum_problems(request.query, fields.CONVERSATION_SEARCH_ENUMS)
        if problems:
            return unprocessable(problems)
        wanted = request.query.get("contactId")
        rows = [self._conversation(c) for c in self._conversations if wanted in (None, c)]
        rows = [row for row in rows if row]
        return Reply(
            200, {"conversations": rows[: int(request.query.get("limit", 20))], "total": len(rows)}
        )

    def _conversation(self, contact_id: str) -> dict | None:
        messages = self._visible(contactId=contact_id)
        if not messages:
            return None
        contact, last = self._contacts[contact_id], messages[-1]
        name = " ".join(part for part in (contact["firstName"], contact["lastName"]) if part)
        return {
            "id": last["conversationId"],
            "contactId": contact_id,
            "locationId": self.location_id,
            "lastMessageBody": last["subject"],
            "lastMessageType": "TYPE_EMAIL",
            "lastMessageDirection": last["direction"],
            "lastMessageDate": epoch_ms(last["dateAdded"]),
            "type": "TYPE_PHONE",
            "unreadCount": 0,
            "fullName": name,
            "contactName": name,
            "email": contact["email"],
            "phone": contact["phone"],
        }

    def conversation_messages(self, request: Request) -> Reply:
        """Get messages by conversation id: newest first, nested, without e-mail bodies."""
        problems = query_problems(request, fields.CONVERSATION_MESSAGES_QUERY)
        if problems:
            return unprocessable(problems)
        if request.params["id"] not in self._conversations.values():
            return error(400, f"Conversation with id {request.params['id']} not found")
        rows = self._rows(self._visible(conversationId=request.params["id"]))[::-1]
        last = request.query.get("lastMessageId")
        ids = [row["id"] for row in rows]
        if last in ids:
            rows = rows[ids.index(last) + 1 :]
        limit = int(request.query.get("limit", 20))
        page = rows[:limit]
        nested = {
            "lastMessageId": page[-1]["id"] if page else None,
            "nextPage": len(rows) > limit,
            "messages": page,
        }
        return Reply(200, {"messages": nested, "traceId": trace_id()})

    def _rows(self, messages: list[dict]) -> list[dict]:
        """One row for each message; or for each thread, as its first message with the ids of all
        its emails.
        """
        rows: dict[str, dict] = {}
        for message in messages:
            key = message["threadId"] if self.thread_rows else message["id"]
            row = rows.setdefault(key, message_row(message))
            if row["id"] != message["id"]:
                row["meta"]["email"]["messageIds"].append(message["emailMessageId"])
        return list(rows.values())

    def get_message(self, request: Request) -> Reply:
        """Get message by message id."""
        found = self._visible(id=request.params["id"])
        if not found:
            return error(400, f"Message with id {request.params['id']} not found")
        return Reply(200, message_row(found[0]))

    def get_email(self, request: Request) -> Reply:
        """Get email by id: the only call which shows the body and the delivery status of one
        e-mail.
        """
        found = self._visible(emailMessageId=request.params["id"])
        if not found:
            return error(400, f"Email message with id {request.params['id']} not found")
        return Reply(200, email_row(found[0]))

    def export_messages(self, request: Request) -> Reply:
        """Export messages by location id: cursor pages; e-mails only with channel=Email, without it
        all but e-mails.
        """
        problems = query_problems(
            request, fields.MESSAGE_EXPORT_QUERY, "locationId"
        ) + export_problems(request.query)
        if problems:
            return unprocessable(problems)
        query, offset = request.query, 0
        if query.get("cursor"):
            offset = cursor_offset(query["cursor"])
            if offset is None:
                return error(400, "Invalid cursor")
        messages = self._exported(query)
        limit = int(query.get("limit", 100))
        page, following = messages[offset : offset + limit], offset + limit
        next_cursor = cursor(following) if following < len(messages) else None
        rows = [message_row(message) for message in page]
        return Reply(
            200,
            {
                "messages": rows,
                "nextCursor": next_cursor,
                "total": len(messages),
                "traceId": trace_id(),
            },
        )

    def _exported(self, query: dict[str, str]) -> list[dict]:
        wanted = {name: query[name] for name in ("conversationId", "contactId") if query.get(name)}
        kind = CHANNEL_KINDS.get(query.get("channel", ""))
        messages = [m for m in self._visible(**wanted) if kind in (None, m["messageType"])]
        if kind is None:
            messages = [m for m in messages if m["messageType"] != "TYPE_EMAIL"]
        field = "dateUpdated" if query.get("sortBy") == "updatedAt" else "dateAdded"
        start, end = query.get("startDate"), query.get("endDate")
        if start:
            messages = [m for m in messages if epoch_ms(m[field]) >= epoch_ms(start)]
        if end:
            messages = [m for m in messages if epoch_ms(m[field]) <= epoch_ms(end)]
        return sorted(
            messages,
            key=lambda m: (m[field], m["id"]),
            reverse=query.get("sortOrder", "desc") == "desc",
        )

    def _visible(self, **wanted: str) -> list[dict]:
        """Messages already shown by the conversation endpoints, oldest first."""
        now = time.monotonic()
        return [
            message
            for message in self._messages.values()
            if self._visible_at[message["id"]] <= now
            and all(message[k] == v for k, v in wanted.items())
        ]


def export_problems(query: dict[str, str]) -> list[str]:
    problems = []
    limit = query.get("limit", "100")
    if not limit.isdigit() or not 10 <= int(limit) <= 500:
        problems.append("limit must not be less than 10 and not be greater than 500")
    choices = {
        "channel": fields.EXPORT_CHANNELS,
        "sortBy": fields.EXPORT_SORTS,
        "sortOrder": ("asc", "desc"),
    }
    for name, allowed in choices.items():
        if query.get(name) and query[name] not in allowed:
            problems.append(f"{name} must be one of the following values: {', '.join(allowed)}")
    for name in ("startDate", "endDate"):
        if query.get(name) and not is_date(query[name]):
            problems.append(f"{name} must be a valid ISO 8601 date string")
    return problems


def message_row(message: dict) -> dict:
    """GetMessageResponseDto; for an e-mail without its body, and with the e-mail's own id under
    meta.
    """
    kept = (
        "id",
        "direction",
        "status",
        "source",
        "locationId",
        "contactId",
        "conversationId",
        "dateAdded",
    )
    row = {
        **{name: message[name] for name in kept},
        "messageType": message["messageType"],
        "attachments": [],
    }
    if message["messageType"] != "TYPE_EMAIL":
        return {**row, "type": 2, "contentType": "text/plain", "body": message["body"]}
    return {
        **row,
        "type": 3,
        "contentType": "text/html",
        "attachments": message["attachments"],
        "meta": {"email": {"messageIds": [message["emailMessageId"]]}},
    }


def email_row(message: dict) -> dict:
    """GetEmailMessageResponseDto."""
    left_out = ("id", "emailMessageId", "dateUpdated", "messageType")
    return {
        "id": message["emailMessageId"],
        **{name: value for name, value in message.items() if name not in left_out},
        "contentType": "text/html",
        "provider": "Leadconnector",
        "altId": message["emailMessageId"] + "@mail.oursite.test",
    }
