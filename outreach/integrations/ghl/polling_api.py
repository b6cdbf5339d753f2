"""GoHighLevel API v2, read by polling: messages, emails' statuses, calendars, opportunities.

Sources: GHL API v2, "Conversations" and "Calendars" (Version 2021-04-15), "Contacts" and
"Opportunities" (2021-07-28). A private token gets no webhooks, and an app's get lost at times, so
polling must be enough alone.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from caio_project.lib import http
from caio_project.lib.times import parse_time
from caio_project.lib.vendor_access.access import vendor_value
from leads.integrations import ghl
from outreach.choices import EventKind
from outreach.integrations.ghl import ghl_facts
from outreach.integrations.ghl.conversation_api import search_opportunities
from outreach.integrations.ghl.ghl_facts import (
    AppointmentFact,
    DoNotDisturbFact,
    MessageFact,
    OpportunityFact,
    as_mapping,
    channel_of,
    text_in,
)

CONVERSATIONS_VERSION = CALENDAR_VERSION = "2021-04-15"
PAGE_SIZE = 100
Kind = EventKind

# What GHL's status of an email says happened to it, the first thing first.
KINDS_BY_STATUS = {
    "delivered": (Kind.DELIVERED,),
    "read": (Kind.DELIVERED, Kind.OPENED),
    "opened": (Kind.DELIVERED, Kind.OPENED),
    "clicked": (Kind.DELIVERED, Kind.OPENED, Kind.CLICKED),
    "failed": (Kind.SEND_FAILED,),  # without a code nobody knows whose fault it is
    "undelivered": (Kind.SEND_FAILED,),
    "opt_out": (Kind.UNSUBSCRIBED,),
}


@dataclass(frozen=True)
class ListedMessage:
    """One message of a list, without the text of emails. A thread lists all its emails' ids."""

    message_id: str
    email_ids: tuple[str, ...]
    contact_id: str
    is_inbound: bool
    channel: str
    body: str
    at: datetime
    conversation_id: str = ""

    def as_message_fact(self) -> MessageFact:
        return MessageFact(
            id=self.message_id,
            message_id=self.message_id,
            contact_id=self.contact_id,
            address="",
            is_inbound=self.is_inbound,
            channel=self.channel,
            subject="",
            body=self.body,
            at=self.at,
            conversation_id=self.conversation_id,
        )


@dataclass(frozen=True)
class MessagePage:
    rows: list[ListedMessage]
    cursor: str  # of the next page, for two minutes; "" at the end


@dataclass(frozen=True)
class OpportunityPage:
    rows: list[OpportunityFact]
    after: tuple[str, str] | None  # where to read on; None at the end


def list_messages(since: datetime, *, emails: bool, cursor: str = "") -> MessagePage:
    """Emails, or all other messages, since then, oldest first.

    Source: GET /conversations/messages/export, which lists emails only when asked by channel.
    """
    query: dict[str, Any] = {
        "locationId": vendor_value("GHL_LOCATION_ID"),
        "limit": PAGE_SIZE,
        "sortBy": "createdAt",
        "sortOrder": "asc",
        "startDate": since.astimezone(UTC).isoformat().replace("+00:00", "Z"),
    }
    query |= {"channel": "Email"} if emails else {}
    query |= {"cursor": cursor} if cursor else {}
    found = ghl.call_ghl(
        "GET", "/conversations/messages/export", version=CONVERSATIONS_VERSION, params=query
    )
    rows = [_parse_listed(raw) for raw in required_list(found, "messages")]
    return MessagePage(
        [row for row in rows if row is not None],
        text_in(as_mapping(found), "nextCursor", longest=2000),
    )


def _parse_listed(raw: dict[str, Any]) -> ListedMessage | None:
    way, message_id, at = (
        channel_of(raw.get("messageType")),
        text_in(raw, "id"),
        parse_time(raw.get("dateAdded")),
    )
    if not way or not message_id or at is None:
        return None
    ids = as_mapping(as_mapping(raw.get("meta")).get("email")).get("messageIds")
    return ListedMessage(
        message_id=message_id,
        email_ids=tuple(str(one)[:80] for one in ids if one) if isinstance(ids, list) else (),
        contact_id=text_in(raw, "contactId"),
        is_inbound=raw.get("direction") == "inbound",
        channel=way,
        body=ghl_facts.storable_text(str(raw.get("body") or ""))[: ghl_facts.MAX_BODY_LENGTH],
        at=at,
        conversation_id=text_in(raw, "conversationId"),
    )


def fetch_email(email_id: str, row: ListedMessage) -> MessageFact | None:
    raw = _request_email(email_id)
    named = {"messageType": "TYPE_EMAIL", "emailMessageId": email_id, "messageId": row.message_id}
    known = {"contactId": row.contact_id, "conversationId": row.conversation_id}
    return ghl_facts.message_fact({**known, **raw, **named}, row.at)


def fetch_event_kinds(email_id: str) -> tuple[str, ...]:
    """What happened to an email so far, as values of EventKind. Same source."""
    return KINDS_BY_STATUS.get(text_in(_request_email(email_id), "status").lower(), ())


def fetch_mail_service(email_id: str) -> str:
    """Which service sent an email, such as Leadconnector, mailgun or smtp; "" where unsaid."""
    service = _request_email(email_id).get("provider")
    return service[:60] if isinstance(service, str) else ""


def _request_email(email_id: str) -> dict[str, Any]:
    found = ghl.call_ghl(
        "GET", f"/conversations/messages/email/{email_id}", version=CONVERSATIONS_VERSION
    )
    nested = as_mapping(as_mapping(found).get("emailMessage"))
    return dict(nested or as_mapping(found))


def fetch_do_not_disturb(contact_id: str) -> DoNotDisturbFact:
    """Read from the contact itself: searches do not return it reliably."""
    contact = ghl.get_contact(contact_id)
    return DoNotDisturbFact(contact_id, contact.email, contact.email_blocked)


def list_appointments(
    calendar_id: str, start: datetime, end: datetime, now: datetime
) -> list[AppointmentFact]:
    """One calendar's appointments between two times. Source: GET /calendars/events."""
    query = {
        "locationId": vendor_value("GHL_LOCATION_ID"),
        "calendarId": calendar_id,
        "startTime": str(round(start.timestamp() * 1000)),
        "endTime": str(round(end.timestamp() * 1000)),
    }
    found = ghl.call_ghl("GET", "/calendars/events", version=CALENDAR_VERSION, params=query)
    rows = [
        ghl_facts.appointment_fact(raw, now, is_read=True) for raw in required_list(found, "events")
    ]
    return [row for row in rows if row is not None]


def list_opportunities(after: tuple[str, str] | None, now: datetime) -> OpportunityPage:
    """One page of all opportunities, newest first. Source: GET /opportunities/search."""
    place = {"startAfter": after[0], "startAfterId": after[1]} if after else {}
    found = search_opportunities({"status": "all", "limit": str(PAGE_SIZE), **place})
    raws = required_list(found, "opportunities")
    rows = [ghl_facts.opportunity_fact(raw, now, is_read=True) for raw in raws]
    meta = as_mapping(as_mapping(found).get("meta"))
    last = text_in(meta, "startAfter"), text_in(meta, "startAfterId")
    more = bool(raws) and bool(meta.get("nextPage")) and all(last) and last != after
    return OpportunityPage([row for row in rows if row is not None], last if more else None)


def required_list(answer: Any, name: str) -> list[dict[str, Any]]:
    found = as_mapping(answer).get(name)
    if not isinstance(found, list):
        raise http.ServiceUnavailable(f"GoHighLevel answered without {name}")
    return [row for row in found if isinstance(row, dict)]
