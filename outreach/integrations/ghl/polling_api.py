"""GoHighLevel API v2, read by polling: what people wrote, what became of emails, calendars, opportunities.

Sources: GHL API v2, "Conversations" and "Calendars" (Version 2021-04-15), "Contacts" and "Opportunities" (2021-07-28).
A private token gets no webhooks, and those of an app are lost at times, so this must be enough alone.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from caio_project.lib import http
from leads.integrations import ghl
from outreach.choices import EventKind
from outreach.integrations.ghl import ghl_facts
from outreach.integrations.ghl.conversation_api import search_opportunities
from outreach.integrations.ghl.ghl_facts import (
    Blocked,
    Booked,
    Deal,
    Said,
    channel,
    mapping,
    moment,
    text,
)

TALK_VERSION = CALENDAR_VERSION = "2021-04-15"
PAGE = 100
Kind = EventKind

# What GHL's status of an email says happened to it, the first thing first.
HAPPENED = {
    "delivered": (Kind.DELIVERED,),
    "read": (Kind.DELIVERED, Kind.OPENED),
    "opened": (Kind.DELIVERED, Kind.OPENED),
    "clicked": (Kind.DELIVERED, Kind.OPENED, Kind.CLICKED),
    "failed": (Kind.BOUNCED,),
    "undelivered": (Kind.BOUNCED,),
    "opt_out": (Kind.UNSUBSCRIBED,),
}


@dataclass(frozen=True)
class Listed:
    """One message in a list, which leaves the text of emails out. A thread lists the ids of all its emails."""

    message_id: str
    email_ids: tuple[str, ...]
    contact_id: str
    is_inbound: bool
    channel: str
    body: str
    at: datetime

    def as_said(self) -> Said:
        """What is known without asking for the email itself."""
        return Said(
            id=self.message_id,
            message_id=self.message_id,
            contact_id=self.contact_id,
            address="",
            is_inbound=self.is_inbound,
            channel=self.channel,
            subject="",
            body=self.body,
            at=self.at,
        )


@dataclass(frozen=True)
class Page:
    rows: list[Listed]
    cursor: str  # of the next page, for two minutes; "" at the end


@dataclass(frozen=True)
class Deals:
    rows: list[Deal]
    after: tuple[str, str] | None  # where to read on; None at the end


def messages(since: datetime, *, emails: bool, cursor: str = "") -> Page:
    """Emails, or everything else that people say, since then, the oldest first.

    Source: GET /conversations/messages/export, which lists emails only when they are asked for by channel.
    """
    query: dict[str, Any] = {
        "locationId": settings.GHL_LOCATION_ID,
        "limit": PAGE,
        "sortBy": "createdAt",
        "sortOrder": "asc",
        "startDate": since.astimezone(UTC).isoformat().replace("+00:00", "Z"),
    }
    query |= {"channel": "Email"} if emails else {}
    query |= {"cursor": cursor} if cursor else {}
    found = ghl.request("GET", "/conversations/messages/export", version=TALK_VERSION, params=query)
    rows = [_listed(raw) for raw in listed(found, "messages")]
    return Page(
        [row for row in rows if row is not None], text(mapping(found), "nextCursor", longest=2000)
    )


def _listed(raw: dict[str, Any]) -> Listed | None:
    way, message_id, at = (
        channel(raw.get("messageType")),
        text(raw, "id"),
        moment(raw.get("dateAdded")),
    )
    if not way or not message_id or at is None:
        return None
    ids = mapping(mapping(raw.get("meta")).get("email")).get("messageIds")
    return Listed(
        message_id=message_id,
        email_ids=tuple(str(one)[:80] for one in ids if one) if isinstance(ids, list) else (),
        contact_id=text(raw, "contactId"),
        is_inbound=raw.get("direction") == "inbound",
        channel=way,
        body=ghl_facts.storable(str(raw.get("body") or ""))[: ghl_facts.LONGEST_BODY],
        at=at,
    )


def email(email_id: str, row: Listed) -> Said | None:
    """One email with its text and addresses. Source: GET /conversations/messages/email/{id}."""
    raw = _email(email_id)
    named = {"messageType": "TYPE_EMAIL", "emailMessageId": email_id, "messageId": row.message_id}
    return ghl_facts.said({"contactId": row.contact_id, **raw, **named}, row.at)


def happened(email_id: str) -> tuple[str, ...]:
    """What has happened to an email that left by now, as our kinds of events. Same source."""
    return HAPPENED.get(text(_email(email_id), "status").lower(), ())


def _email(email_id: str) -> dict[str, Any]:
    found = ghl.request("GET", f"/conversations/messages/email/{email_id}", version=TALK_VERSION)
    nested = mapping(mapping(found).get("emailMessage"))
    return dict(nested or mapping(found))


def do_not_disturb(contact_id: str) -> Blocked:
    """Whether a contact may be emailed, from the contact itself: searches do not say it reliably."""
    contact = ghl.get_contact(contact_id)
    return Blocked(contact_id, contact.email, contact.email_blocked)


def appointments(calendar_id: str, start: datetime, end: datetime, now: datetime) -> list[Booked]:
    """Every appointment of one calendar that takes place between two moments. Source: GET /calendars/events."""
    query = {
        "locationId": settings.GHL_LOCATION_ID,
        "calendarId": calendar_id,
        "startTime": str(round(start.timestamp() * 1000)),
        "endTime": str(round(end.timestamp() * 1000)),
    }
    found = ghl.request("GET", "/calendars/events", version=CALENDAR_VERSION, params=query)
    rows = [ghl_facts.booked(raw, now, is_read=True) for raw in listed(found, "events")]
    return [row for row in rows if row is not None]


def deals(after: tuple[str, str] | None, now: datetime) -> Deals:
    """One page of all opportunities of the location, the newest first. Source: GET /opportunities/search."""
    place = {"startAfter": after[0], "startAfterId": after[1]} if after else {}
    found = search_opportunities({"status": "all", "limit": str(PAGE), **place})
    raws = listed(found, "opportunities")
    rows = [ghl_facts.deal(raw, now, is_read=True) for raw in raws]
    meta = mapping(mapping(found).get("meta"))
    last = text(meta, "startAfter"), text(meta, "startAfterId")
    more = bool(raws) and bool(meta.get("nextPage")) and all(last) and last != after
    return Deals([row for row in rows if row is not None], last if more else None)


def listed(answer: Any, name: str) -> list[dict[str, Any]]:
    """The list `name` of an answer. One that is missing is no proof of nothing: Unavailable."""
    found = mapping(answer).get(name)
    if not isinstance(found, list):
        raise http.Unavailable(f"GoHighLevel answered without {name}")
    return [row for row in found if isinstance(row, dict)]
