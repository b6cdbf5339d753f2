"""Reads GoHighLevel's webhooks: flat bodies, but for appointments and LCEmailStats (Mailgun
events).

Sources: GHL's "Webhook events", and Mailgun's "Event structure".
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from caio_project.lib.times import parse_time
from outreach.choices import EventKind
from outreach.integrations.ghl.ghl_facts import (
    DoNotDisturbFact,
    EmailEventFact,
    GhlFact,
    appointment_fact,
    as_mapping,
    do_not_disturb_fact,
    message_fact,
    opportunity_fact,
    text_in,
)

Kind = EventKind

# Mailgun's events. "failed" is sorted further; "accepted" and "stored" tell nothing new.
MAILGUN_KINDS = {
    "delivered": Kind.DELIVERED,
    "opened": Kind.OPENED,
    "clicked": Kind.CLICKED,
    "complained": Kind.COMPLAINED,
    "unsubscribed": Kind.UNSUBSCRIBED,
    "rejected": Kind.REFUSED,
}

DELETED = "deleted"  # our word for the status of what is gone at GHL
# What the event of a workflow may be called that says: do not write to this contact any more.
STOP_EVENTS = (
    "stop",
    "unsubscribe",
    "unsubscribed",
    "dnd",
    "do_not_disturb",
    "opt_out",
    "complained",
)


class UnreadableBody(Exception):
    """A genuine body that cannot be used; `code` and `details` say why."""

    def __init__(self, code: str, **details: str) -> None:
        super().__init__(code, details)
        self.code, self.details = code, details


def delivery_name(raw: bytes) -> str:
    """Equal for deliveries of one event: sha256 of type and webhookId, else of the body."""
    try:
        body = as_mapping(json.loads(raw))
    except (ValueError, RecursionError):
        body = {}
    one = text_in(body, "webhookId", longest=200)
    return hashlib.sha256(
        f"{body.get('type')} {one}".encode("utf-8", "replace") if one else raw
    ).hexdigest()


def workflow_delivery_name(sha256: str, at: datetime) -> str:
    """Such a body has neither id nor time: on another day it is another event."""
    return hashlib.sha256(f"{sha256} {at:%Y-%m-%d}".encode()).hexdigest()


def parse_body(raw: bytes) -> Mapping[str, Any]:
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise UnreadableBody("ghl_not_json") from error
    if not isinstance(body, dict):
        raise UnreadableBody("ghl_not_object")
    return body


def read_webhook(raw: bytes, location_id: str, received_at: datetime) -> GhlFact | None:
    """The fact in a webhook; None for kinds that we do not use. Raises UnreadableBody."""
    body = parse_body(raw)
    kind, location = text_in(body, "type"), text_in(body, "locationId")
    if location != location_id:
        raise UnreadableBody("ghl_other_location", location=location or "it names none")
    at = parse_time(body.get("timestamp"), received_at)
    if kind in ("InboundMessage", "OutboundMessage"):
        return message_fact(body, at)
    if kind == "ContactDndUpdate":
        return do_not_disturb_fact(body)
    if kind == "LCEmailStats":
        return _email_event_fact(as_mapping(body.get("webhookPayload")), at)
    if kind.startswith("Appointment"):
        gone = (
            {"appointmentStatus": DELETED, "dateUpdated": None} if kind.endswith("Delete") else {}
        )
        return appointment_fact({**as_mapping(body.get("appointment")), **gone}, at)
    if kind.startswith("Opportunity"):
        return opportunity_fact(
            {**body, "status": DELETED} if kind.endswith("Delete") else body, at
        )
    return None


def _email_event_fact(event: Mapping[str, Any], at: datetime) -> EmailEventFact | None:
    """Mailgun's id is unique for a day only, so time and recipient identify the event too."""
    kind, code = _kind_and_code(event)
    if not kind:
        return None
    at = parse_time(event.get("timestamp"), at)
    ours, headers = (
        as_mapping(event.get("lc-operations")),
        as_mapping(as_mapping(event.get("message")).get("headers")),
    )
    address = text_in(event, "recipient", longest=254)
    named = [
        text_in(event, name, longest=200) for name in ("event", "id", "timestamp", "recipient")
    ]
    return EmailEventFact(
        email_id=text_in(ours, "email_message_id"),
        address=address or text_in(headers, "to", longest=254),
        kind=kind,
        code=code[:60],
        at=at,
        once=hashlib.sha256("\n".join(named).encode()).hexdigest(),
        subject=text_in(headers, "subject", longest=300),
    )


def _kind_and_code(event: Mapping[str, Any]) -> tuple[str, str]:
    """Our EventKind and the provider's cause; "" for what is nothing new.

    Mailgun does not even try an address that bounced, complained or unsubscribed before:
    "suppress-…".
    """
    named = text_in(event, "event")
    status, reason = as_mapping(event.get("delivery-status")), text_in(event, "reason")
    code = text_in(status, "enhanced-code") or text_in(status, "code")
    if named == "failed":
        if text_in(event, "severity") == "temporary":
            return Kind.DEFERRED, code
        if reason in ("suppress-complaint", "suppress-unsubscribe"):
            return Kind.REFUSED, reason
        return Kind.BOUNCED, reason if reason.startswith("suppress-") else code
    if named == "rejected":
        return Kind.REFUSED, text_in(as_mapping(event.get("reject")), "reason", longest=60)
    return MAILGUN_KINDS.get(named, ""), code


def read_workflow(raw: bytes, location_id: str) -> DoNotDisturbFact | None:
    """The stop in a workflow's custom webhook, or None.

    Its body is whatever a person mapped there, so only a stop is believed, which does no harm;
    polling reads everything else within half a minute. Raises UnreadableBody.
    """
    body = parse_body(raw)
    more, contact = as_mapping(body.get("customData")), as_mapping(body.get("contact"))
    location = (
        text_in(body, "locationId")
        or text_in(as_mapping(body.get("location")), "id")
        or text_in(more, "locationId")
    )
    if location and location != location_id:
        raise UnreadableBody("ghl_other_location", location=location)
    event = (text_in(more, "event") or text_in(body, "event", "type")).lower().replace(" ", "_")
    if event not in STOP_EVENTS:
        return None
    contact_id = (
        text_in(body, "contactId", "contact_id", "id")
        or text_in(contact, "id")
        or text_in(more, "contactId")
    )
    address = text_in(body, "email", longest=254) or text_in(contact, "email", longest=254)
    if not contact_id and not address:
        raise UnreadableBody("ghl_no_contact", event=repr(event))
    return DoNotDisturbFact(contact_id, address, is_blocked=True)
