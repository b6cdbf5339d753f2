"""For tests: replies, emails sent by hand, bounces, and the webhook of each."""

from __future__ import annotations

from typing import Any

from tests.fakes.clock import iso

from . import webhooks
from .sending import NewMessage, SendingApi
from .values import id_of


class RepliesByTests(SendingApi):
    def receive_reply(
        self,
        contact_id: str | dict,
        subject: str | None = None,
        body: str = "<div>Sounds useful, tell me more.</div>",
        *,
        sender: str | None = None,
        thread_id: str | None = None,
        **webhook_fields: Any,
    ) -> dict:
        """An e-mail from the contact, in the thread of the last one sent; returns the
        InboundMessage webhook body.
        """
        with self.lock:
            contact = self._contacts[id_of(contact_id)]
            sent = [m for m in self._messages.values() if m["contactId"] == contact["id"]]
            last = sent[-1] if sent else None
            name = " ".join(contact[part] or "" for part in ("firstName", "lastName")).strip()
            message = self._add_message(
                contact,
                "inbound",
                NewMessage(
                    subject=subject or ("Re: " + last["subject"] if last else "Hello"),
                    body=body,
                    sender=sender or (f"{name} <{contact['email']}>" if name else contact["email"]),
                    to=[last["from"] if last else self.default_sender],
                    source="app",
                    status="delivered",
                    thread_id=thread_id or (last["threadId"] if last else None),
                ),
            )
            return webhooks.inbound_message(
                self.location_id, **{**webhook_message(message), **webhook_fields}
            )

    def receive_message(
        self, contact_id: str | dict, body: str = "Call me", kind: str = "TYPE_SMS"
    ) -> dict:
        """A message from the contact on another channel than e-mail; returns the InboundMessage
        webhook body.
        """
        with self.lock:
            contact = self._contacts[id_of(contact_id)]
            message = self._add_message(
                contact,
                "inbound",
                NewMessage(
                    subject="",
                    body=body,
                    sender=contact["phone"] or "",
                    to=[],
                    source="app",
                    status="delivered",
                    kind=kind,
                ),
            )
            shown = webhook_message(message)
            word = {"TYPE_SMS": "SMS", "TYPE_CALL": "CALL", "TYPE_WHATSAPP": "WhatsApp"}.get(
                kind, kind
            )
            more = {
                "messageType": word,
                "messageTypeString": kind,
                "messageTypeId": 2,
                "emailMessageId": None,
            }
            return webhooks.inbound_message(self.location_id, **{**shown, **more})

    def add_outbound(
        self,
        contact_id: str | dict,
        subject: str = "Following up by hand",
        body: str = "<p>Hello</p>",
        *,
        source: str = "app",
        sender: str | None = None,
        to: str | None = None,
        date_added: str | None = None,
        **webhook_fields: Any,
    ) -> dict:
        """An e-mail sent by somebody else (not in sent_emails()); returns the OutboundMessage
        webhook body.
        """
        with self.lock:
            contact = self._contacts[id_of(contact_id)]
            message = self._add_message(
                contact,
                "outbound",
                NewMessage(
                    subject=subject,
                    body=body,
                    sender=sender or self.default_sender,
                    to=[to or contact["email"]],
                    source=source,
                    status="sent",
                    date_added=date_added,
                ),
            )
            values = {**webhook_message(message), "source": source, **webhook_fields}
            return webhooks.outbound_message(self.location_id, **values)

    def email_event(
        self, event: str, email_message_id: str | None = None, **stats_fields: Any
    ) -> dict:
        """delivered, opened, clicked, failed, complained or unsubscribed for an e-mail sent (the
        last by default).

        Changes the status which GET /conversations/messages/email/{id} shows; returns the
        LCEmailStats webhook body.
        """
        with self.lock:
            sent = [m for m in self._messages.values() if m["direction"] == "outbound"]
            message = next(
                m for m in reversed(sent) if email_message_id in (None, m["emailMessageId"])
            )
            permanent = stats_fields.get("severity", "permanent") == "permanent"
            if event in ("delivered", "opened") or (event == "failed" and permanent):
                message["status"] = event
                message["dateUpdated"] = iso()
            if event == "unsubscribed":
                self._unsubscribed.add(message["to"][0].lower())
            known = {"subject": message["subject"], "sender": message["from"], **stats_fields}
            return webhooks.email_stats(
                event, message["emailMessageId"], message["to"][0], self.location_id, **known
            )

    def set_email_status(self, email_message_id: str, status: str) -> None:
        """The status shown by GET /conversations/messages/email/{id}."""
        with self.lock:
            message = next(
                m for m in self._messages.values() if m["emailMessageId"] == email_message_id
            )
            message["status"] = status


def webhook_message(message: dict) -> dict:
    shown = (
        "conversationId",
        "contactId",
        "emailMessageId",
        "threadId",
        "subject",
        "body",
        "to",
        "cc",
        "bcc",
        "status",
    )
    return {
        **{name: message[name] for name in shown},
        "messageId": message["id"],
        "sender": message["from"],
        "dateAdded": message["dateAdded"],
    }
