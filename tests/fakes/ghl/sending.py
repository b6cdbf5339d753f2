"""Sending emails (Version 2021-04-15), and the ledger of those accepted."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

from tests.fakes.clock import iso
from tests.fakes.exchange import Reply, Request

from . import fields
from .errors import EMAIL, checked_body, enum_problems, error, is_kind, no_contact, unprocessable
from .location import Location

BLOCKED = ("active", "permanent")


@dataclass(frozen=True)
class NewMessage:
    subject: str
    body: str
    sender: str
    to: list[str]
    source: str
    status: str
    cc: Iterable[str] = ()
    bcc: Iterable[str] = ()
    attachments: Iterable[str] = ()
    thread_id: str | None = None
    reply_to: str | None = None
    date_added: str | None = None
    lag: float = 0.0  # seconds until the conversation endpoints show it
    kind: str = "TYPE_EMAIL"


class SendingApi(Location):
    def send_message(self, request: Request) -> Reply:
        """Send a new message: e-mails only; 201 means queued, and there is no idempotency key."""
        body, problems = checked_body(request, fields.MESSAGE_SEND, required=("type", "contactId"))
        problems += message_problems(body)
        if problems:
            return unprocessable(problems)
        contact = self._contacts.get(body["contactId"])
        if contact is None:
            return no_contact(body["contactId"])
        if body["type"] != "Email":
            return error(
                400,
                "Missing phone number"
                if not contact["phone"]
                else f"No provider for {body['type']}",
            )
        refusal = self._send_refusal(contact, body.get("emailTo") or contact["email"] or "")
        if refusal:
            return error(400, refusal)
        if not any(body.get(name) for name in ("html", "message", "templateId", "attachments")):
            return error(400, "There is no message or attachments for this message. Skip sending.")
        message = self._accept_email(contact, body, request.number)
        answer = {
            "conversationId": message["conversationId"],
            "messageId": message["id"],
            "emailMessageId": message["emailMessageId"],
            "msg": "Message queued successfully.",
        }
        return Reply(201, answer)

    def _send_refusal(self, contact: dict, recipient: str) -> str | None:
        email_dnd = (contact["dndSettings"].get("Email") or {}).get("status")
        if contact["dnd"] or email_dnd in BLOCKED:
            return "Cannot send message as DND is active for Email."
        if recipient.lower() in self._unsubscribed:
            return f"Cannot send email as {recipient} has unsubscribed"
        if not EMAIL.fullmatch(recipient) or recipient.lower() in self._invalid_emails:
            return "Unable to send e-mail, contact's e-mail is invalid"
        return None

    def _accept_email(self, contact: dict, body: dict, request_number: int) -> dict:
        message = self._add_message(
            contact,
            "outbound",
            NewMessage(
                lag=self._lags.pop(0) if self._lags else self.conversation_lag,
                source="api",
                status="scheduled" if body.get("scheduledTimestamp") else self.sent_status,
                subject=body.get("subject") or "",
                body=body.get("html") or body.get("message") or "",
                sender=body.get("emailFrom") or self.default_sender,
                to=[body.get("emailTo") or contact["email"]],
                cc=body.get("emailCc") or [],
                bcc=body.get("emailBcc") or [],
                attachments=body.get("attachments") or [],
                thread_id=body.get("threadId") or self._thread_of(body.get("replyMessageId")),
                reply_to=body.get("replyMessageId"),
            ),
        )
        self._sent.append(
            {
                "contactId": contact["id"],
                "contactEmail": contact["email"],
                "to": message["to"][0],
                "from": message["from"],
                "cc": message["cc"],
                "bcc": message["bcc"],
                "subject": message["subject"],
                "html": body.get("html"),
                "message": body.get("message"),
                "conversationId": message["conversationId"],
                "messageId": message["id"],
                "emailMessageId": message["emailMessageId"],
                "threadId": message["threadId"],
                "replyMessageId": body.get("replyMessageId"),
                "scheduledTimestamp": body.get("scheduledTimestamp"),
                "cancelled": False,
                "time": time.time(),
                "requestNumber": request_number,
                "body": body,
            }
        )
        return message

    def cancel_scheduled_email(self, request: Request) -> Reply:
        """Cancel a scheduled email message."""
        found = [m for m in self._messages.values() if m["emailMessageId"] == request.params["id"]]
        if not found or found[0]["status"] != "scheduled":
            return Reply(404, {"status": 404, "message": "Failed cancel the scheduled message"})
        found[0]["status"] = "failed"
        for entry in self._sent:
            if entry["emailMessageId"] == request.params["id"]:
                entry["cancelled"] = True
        return Reply(
            200, {"status": 200, "message": "Cancelled the scheduled message successfully"}
        )

    def _thread_of(self, message_id: str | None) -> str | None:
        message = self._messages.get(message_id or "")
        return message["threadId"] if message else None

    def _add_message(self, contact: dict, direction: str, new: NewMessage) -> dict:
        conversation_id = self._conversations.setdefault(contact["id"], self._new_id("cnv"))
        message_id = self._new_id("msg")
        message = {
            "id": message_id,
            "emailMessageId": self._new_id("eml"),
            "threadId": new.thread_id or message_id,
            "conversationId": conversation_id,
            "contactId": contact["id"],
            "locationId": self.location_id,
            "direction": direction,
            "status": new.status,
            "source": new.source,
            "subject": new.subject,
            "body": new.body,
            "from": new.sender,
            "to": new.to,
            "cc": list(new.cc),
            "bcc": list(new.bcc),
            "attachments": list(new.attachments),
            "replyToMessageId": new.reply_to,
            "messageType": new.kind,
            "dateAdded": new.date_added or iso(),
            "dateUpdated": iso(),
        }
        self._messages[message_id] = message
        self._visible_at[message_id] = time.monotonic() + new.lag
        return message

    # For tests

    def sent_emails(self, to: str | None = None) -> list[dict]:
        """Every e-mail accepted for sending, in order: the ledger for at-most-once tests."""
        with self.lock:
            return [
                dict(entry)
                for entry in self._sent
                if to is None or entry["to"].lower() == to.lower()
            ]

    def lose_from_conversation(self, seconds: float, times: int | None = None) -> None:
        """Messages accepted from now on (the next `times`, or all) appear in the conversation only
        after a while.
        """
        with self.lock:
            if times is None:
                self.conversation_lag = seconds
            else:
                self._lags.extend([seconds] * times)


def message_problems(body: dict) -> list[str]:
    problems = enum_problems(body, fields.MESSAGE_ENUMS)
    scheduled = body.get("scheduledTimestamp")
    if is_kind(scheduled, "number") and scheduled > 10**11:
        problems.append("scheduledTimestamp must be a UTC timestamp in seconds")
    return problems
