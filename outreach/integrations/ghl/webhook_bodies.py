"""What GoHighLevel's webhooks say. Their payloads are flat, but for appointments and LCEmailStats, a Mailgun event.

Sources: GHL's "Webhook events", and Mailgun's "Event structure".
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from outreach.choices import EventKind
from outreach.integrations.ghl.ghl_facts import (
    Blocked,
    Fact,
    Mailed,
    blocked,
    booked,
    deal,
    mapping,
    moment,
    said,
    text,
)

Kind = EventKind

# Mailgun's word for what happened to an email. "failed" is sorted further; "accepted" and "stored" say nothing new.
MAIL_EVENTS = {
    "delivered": Kind.DELIVERED,
    "opened": Kind.OPENED,
    "clicked": Kind.CLICKED,
    "complained": Kind.COMPLAINED,
    "unsubscribed": Kind.UNSUBSCRIBED,
    "rejected": Kind.REFUSED,
}

DELETED = "deleted"  # our word for the status of what is gone at GHL
# What the event of a workflow may be called that says: do not write to this contact any more.
STOPS = ("stop", "unsubscribe", "unsubscribed", "dnd", "do_not_disturb", "opt_out", "complained")


class Unreadable(Exception):
    """A genuine body that cannot be used, and why; a person sees it."""


def name_of(raw: bytes) -> str:
    """What makes two deliveries one: the sha256 of type and webhookId where they are given, else of the body."""
    try:
        body = mapping(json.loads(raw))
    except (ValueError, RecursionError):
        body = {}
    one = text(body, "webhookId", longest=200)
    return hashlib.sha256(
        f"{body.get('type')} {one}".encode("utf-8", "replace") if one else raw
    ).hexdigest()


def name_of_workflow(sha256: str, at: datetime) -> str:
    """Such a body has neither id nor time: the same one on another day says it again."""
    return hashlib.sha256(f"{sha256} {at:%Y-%m-%d}".encode()).hexdigest()


def parse(raw: bytes) -> Mapping[str, Any]:
    """The body as a mapping. Raises Unreadable."""
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Unreadable("It is not JSON.") from error
    if not isinstance(body, dict):
        raise Unreadable("It is not a JSON object.")
    return body


def read(raw: bytes, location_id: str, received_at: datetime) -> Fact | None:
    """What a webhook says; None for the kinds of which we use nothing. Raises Unreadable."""
    body = parse(raw)
    kind, location = text(body, "type"), text(body, "locationId")
    if location != location_id:
        raise Unreadable(f"It is about another location: {location or 'it names none'}.")
    at = moment(body.get("timestamp"), received_at) or received_at
    if kind in ("InboundMessage", "OutboundMessage"):
        return said(body, at)
    if kind == "ContactDndUpdate":
        return blocked(body)
    if kind == "LCEmailStats":
        return _mailed(mapping(body.get("webhookPayload")), at)
    if kind.startswith("Appointment"):
        gone = (
            {"appointmentStatus": DELETED, "dateUpdated": None} if kind.endswith("Delete") else {}
        )
        return booked({**mapping(body.get("appointment")), **gone}, at)
    if kind.startswith("Opportunity"):
        return deal({**body, "status": DELETED} if kind.endswith("Delete") else body, at)
    return None


def _mailed(event: Mapping[str, Any], at: datetime) -> Mailed | None:
    """One Mailgun event. Its id is unique for a day only, so time and recipient name it too."""
    kind, code = _kind_of(event)
    if not kind:
        return None
    at = moment(event.get("timestamp"), at) or at
    ours, headers = (
        mapping(event.get("lc-operations")),
        mapping(mapping(event.get("message")).get("headers")),
    )
    address = text(event, "recipient", longest=254)
    named = [text(event, name, longest=200) for name in ("event", "id", "timestamp", "recipient")]
    return Mailed(
        email_id=text(ours, "email_message_id"),
        address=address or text(headers, "to", longest=254),
        kind=kind,
        code=code[:60],
        at=at,
        once=hashlib.sha256("\n".join(named).encode()).hexdigest(),
        subject=text(headers, "subject", longest=300),
    )


def _kind_of(event: Mapping[str, Any]) -> tuple[str, str]:
    """Our word for it and the provider's cause; "" for what says nothing new.

    Mailgun does not even try an address that bounced, complained or unsubscribed before: "suppress-…".
    """
    named = text(event, "event")
    status, reason = mapping(event.get("delivery-status")), text(event, "reason")
    code = text(status, "enhanced-code") or text(status, "code")
    if named == "failed":
        if text(event, "severity") == "temporary":
            return Kind.DEFERRED, code
        if reason in ("suppress-complaint", "suppress-unsubscribe"):
            return Kind.REFUSED, reason
        return Kind.BOUNCED, reason if reason.startswith("suppress-") else code
    if named == "rejected":
        return Kind.REFUSED, text(mapping(event.get("reject")), "reason", longest=60)
    return MAIL_EVENTS.get(named, ""), code


def read_workflow(raw: bytes, location_id: str) -> Blocked | None:
    """What a workflow's custom webhook says: that its contact must not be written to any more, or None.

    Its body is whatever a person mapped there, so only the direction that does no harm is believed; of everything
    else polling reads within half a minute what it really was. Raises Unreadable.
    """
    body = parse(raw)
    more, contact = mapping(body.get("customData")), mapping(body.get("contact"))
    location = (
        text(body, "locationId")
        or text(mapping(body.get("location")), "id")
        or text(more, "locationId")
    )
    if location and location != location_id:
        raise Unreadable(f"It is about another location: {location}.")
    event = (text(more, "event") or text(body, "event", "type")).lower().replace(" ", "_")
    if event not in STOPS:
        return None
    contact_id = (
        text(body, "contactId", "contact_id", "id")
        or text(contact, "id")
        or text(more, "contactId")
    )
    address = text(body, "email", longest=254) or text(contact, "email", longest=254)
    if not contact_id and not address:
        raise Unreadable(f"The event is {event!r}, and it names neither id nor email of a contact.")
    return Blocked(contact_id, address, is_blocked=True)
