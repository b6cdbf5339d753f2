"""A local HighLevel (GoHighLevel) API v2: `FakeGhl` is one location (sub-account) of it.

HighLevel API v2; contacts, opportunities and workflows Version 2021-07-28, conversations and
calendars 2021-04-15. Run alone: python -m tests.fakes.ghl --port 0
"""

from __future__ import annotations

from typing import Any

from tests.fakes.loopback import post

from . import webhooks
from .calendars import CalendarsApi, WorkflowsApi
from .contacts import ContactsApi
from .conversations import ConversationsApi
from .opportunities import OpportunitiesApi
from .replies import RepliesByTests


class FakeGhl(
    ContactsApi, RepliesByTests, ConversationsApi, OpportunitiesApi, CalendarsApi, WorkflowsApi
):
    """One location (sub-account) of HighLevel.

    sent_emails() is the ledger: one entry per e-mail accepted for sending through the API, whatever
    was answered.
    """

    name = "ghl"
    routes = (
        ("POST", "/contacts/upsert", "upsert_contact"),
        ("POST", "/contacts/search", "search_contacts"),
        ("GET", "/contacts/search/duplicate", "find_duplicate"),
        ("POST", "/contacts/", "create_contact"),
        ("GET", "/contacts/{id}", "get_contact"),
        ("PUT", "/contacts/{id}", "update_contact"),
        ("POST", "/contacts/{id}/tags", "add_tags"),
        ("DELETE", "/contacts/{id}/tags", "remove_tags"),
        ("POST", "/contacts/{id}/workflow/{workflow_id}", "start_workflow"),
        ("DELETE", "/contacts/{id}/workflow/{workflow_id}", "leave_workflow"),
        ("GET", "/contacts/{id}/appointments", "contact_appointments"),
        ("POST", "/conversations/messages", "send_message"),
        ("GET", "/conversations/search", "search_conversations"),
        ("GET", "/conversations/messages/export", "export_messages"),
        ("GET", "/conversations/messages/email/{id}", "get_email"),
        ("DELETE", "/conversations/messages/email/{id}/schedule", "cancel_scheduled_email"),
        ("GET", "/conversations/messages/{id}", "get_message"),
        ("GET", "/conversations/{id}/messages", "conversation_messages"),
        ("GET", "/opportunities/search", "search_opportunities"),
        ("GET", "/opportunities/pipelines", "list_pipelines"),
        ("GET", "/calendars/events", "calendar_events"),
        ("GET", "/workflows/", "list_workflows"),
        ("POST", "/oauth/token", "give_tokens"),
        ("POST", "/oauth/locationToken", "give_location_token"),
    )
    settings = (
        "token",
        "client_id",
        "client_secret",
        "access_seconds",
        "location_id",
        "rate_limit",
        "rate_window",
        "daily_limit",
        "retry_after",
        "match_order",
        "keep_matched_email",
        "allow_duplicates",
        "opportunity_params",
        "conversation_lag",
        "thread_rows",
        "search_lag",
        "sent_status",
        "default_sender",
    )
    remote_calls = (
        "add_code",
        "end_access",
        "add_contact",
        "contact",
        "set_dnd",
        "unsubscribe",
        "invalid_email",
        "receive_reply",
        "receive_message",
        "add_outbound",
        "email_event",
        "set_email_status",
        "lose_from_conversation",
        "add_opportunity",
        "change_opportunity",
        "delete_opportunity",
        "add_appointment",
        "change_appointment",
        "delete_appointment",
        "add_workflow",
        "add_pipeline",
        "workflow_contacts",
        "sent_emails",
        "public_key_b64",
        "sign",
        "deliver",
        "inbound_message",
        "outbound_message",
        "email_stats",
        "contact_dnd_update",
        "appointment_create",
        "opportunity_update",
    )

    @property
    def public_key_b64(self) -> str:
        return self._signer.public_key_b64

    def sign(self, raw: bytes | str) -> str:
        """The X-GHL-Signature of a raw body."""
        return self._signer.sign(raw)

    def signed(self, payload: Any) -> tuple[bytes, dict[str, str]]:
        """(raw body, headers) of a signed delivery."""
        return self._signer.signed(payload)

    def deliver(self, url: str, payload: Any) -> dict:
        """POSTs a signed webhook to this machine; returns {"status", "response"}."""
        status, response = post(url, *self.signed(payload))
        return {"status": status, "response": response}

    def inbound_message(self, **more: Any) -> dict:
        return webhooks.inbound_message(self.location_id, **more)

    def outbound_message(self, **more: Any) -> dict:
        return webhooks.outbound_message(self.location_id, **more)

    def email_stats(
        self, event: str, email_message_id: str = "eml_1", recipient: str = "x@y.test", **more: Any
    ) -> dict:
        return webhooks.email_stats(event, email_message_id, recipient, self.location_id, **more)

    def contact_dnd_update(
        self, contact: dict | None = None, channel: str = "Email", status: str = "active"
    ) -> dict:
        return webhooks.contact_dnd_update(contact, channel, status, self.location_id)

    def appointment_create(self, appointment: dict | None = None, **more: Any) -> dict:
        return webhooks.appointment_create(appointment, self.location_id, **more)

    def opportunity_update(self, opportunity: dict | None = None, **more: Any) -> dict:
        return webhooks.opportunity_update(opportunity, self.location_id, **more)
