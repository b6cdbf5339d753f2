"""Facts from GoHighLevel, told by webhook or read by polling. Pure: JSON in, frozen rows out.

Sources: GHL API v2, "Conversations", "Calendars", "Opportunities", and the webhook events of the
same names.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from decimal import Decimal, InvalidOperation
from email.utils import parseaddr
from typing import Any

from caio_project.lib.times import EARLIEST, parse_time

BLOCKED_STATUSES = ("active", "permanent")
NOT_MESSAGES = (
    "activity",
    "internal_comment",
    "internal_comments",
    "review",
    "form_submission",
    "sms_reaction",
    "live_chat_info_message",
)
MAX_BODY_LENGTH = 200_000  # characters
MAX_VALUE = Decimal(10) ** 12
CHANNEL_NAMES = {
    "fb": "facebook",
    "ig": "instagram",
    "voicemail": "call",
    "ivr_call": "call",
    "webchat": "live_chat",
}


@dataclass(frozen=True)
class MessageFact:
    """One message to or from a person. `body` is HTML or text, as it came."""

    # Of the email, or of the message on any other channel: the same by webhook and by polling.
    id: str
    message_id: str
    contact_id: str
    address: str  # the person's, where it is known
    is_inbound: bool
    channel: str
    subject: str
    body: str
    at: datetime
    conversation_id: str = ""
    thread_id: str = ""  # of the first message of its thread; or what it answers


@dataclass(frozen=True)
class EmailEventFact:
    """Something that happened to an email after it left.

    `kind` is an EventKind; `once` identifies this very event.
    """

    email_id: str
    address: str
    kind: str
    code: str
    at: datetime
    once: str
    subject: str = ""


@dataclass(frozen=True)
class DoNotDisturbFact:
    contact_id: str
    address: str
    is_blocked: bool


@dataclass(frozen=True)
class AppointmentFact:
    """`is_read`: the API was read just now, so this is the present state."""

    id: str
    contact_id: str
    calendar_id: str
    status: str
    booked_at: datetime
    starts_at: datetime
    changed_at: datetime
    is_read: bool = False


@dataclass(frozen=True)
class OpportunityFact:
    """`value` is None where a webhook leaves it out; `is_read` as above."""

    id: str
    contact_id: str
    address: str
    pipeline_id: str
    stage_id: str
    status: str
    value: Decimal | None
    opened_at: datetime
    changed_at: datetime
    is_read: bool = False


GhlFact = MessageFact | EmailEventFact | DoNotDisturbFact | AppointmentFact | OpportunityFact
# Under these names facts are stored until they can take effect.
FACT_CLASSES: dict[str, type[GhlFact]] = {
    "Said": MessageFact,
    "Mailed": EmailEventFact,
    "Blocked": DoNotDisturbFact,
    "Booked": AppointmentFact,
    "Deal": OpportunityFact,
}
FACT_NAMES = {fact_class: name for name, fact_class in FACT_CLASSES.items()}


def dump_fact(fact: GhlFact) -> bytes:
    return json.dumps({"fact": FACT_NAMES[type(fact)], **asdict(fact)}, default=str).encode()


def load_fact(raw: bytes) -> GhlFact:
    stored = json.loads(raw)
    fact_class = FACT_CLASSES[stored.pop("fact")]
    times = {
        field.name: parse_time(stored[field.name], EARLIEST)
        for field in fields(fact_class)
        if field.type is datetime
    }
    value = {"value": Decimal(stored["value"])} if stored.get("value") is not None else {}
    return fact_class(**{**stored, **times, **value})


def text_in(raw: Mapping[str, Any], *names: str, longest: int = 80) -> str:
    """The first of `names` that holds something, as text that the database can store."""
    for name in names:
        value = raw.get(name)
        if (
            isinstance(value, str | int | float)
            and not isinstance(value, bool)
            and str(value).strip()
        ):
            return storable_text(str(value).strip())[:longest]
    return ""


def storable_text(text: str) -> str:
    """Without NUL and lone surrogates, which PostgreSQL cannot store."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def as_mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def address_in(value: Any) -> str:
    first = value[0] if isinstance(value, list) and value else value
    return parseaddr(first)[1][:254] if isinstance(first, str) else ""


def channel_of(*kinds: Any) -> str:
    """The first kind given (TYPE_CAMPAIGN_EMAIL, "Live Chat") as "email", "sms", "call" …

    "" for activities and comments of the team, which are no messages of a person.
    """
    named = next((kind for kind in kinds if isinstance(kind, str) and kind.strip()), "")
    found = named.strip().lower().replace(" ", "_").removeprefix("type_")
    if found.startswith("activity") or found in NOT_MESSAGES:
        return ""
    found = re.sub(r"^(campaign_|custom_provider_|custom_|manual_)+", "", found)
    return CHANNEL_NAMES.get(found, found)[:20]


def message_fact(raw: Mapping[str, Any], at: datetime) -> MessageFact | None:
    """From a webhook or GET /conversations/messages/email/{id}; None for what no person wrote."""
    way = channel_of(raw.get("messageTypeString"), raw.get("messageType"))
    email_id, message_id = text_in(raw, "emailMessageId"), text_in(raw, "messageId", "id")
    is_inbound = raw.get("direction") == "inbound" or raw.get("type") == "InboundMessage"
    one = (email_id or message_id) if way == "email" else message_id
    if not way or not one:
        return None
    return MessageFact(
        id=one,
        message_id=message_id,
        contact_id=text_in(raw, "contactId"),
        address=address_in(raw.get("from") if is_inbound else raw.get("to")),
        is_inbound=is_inbound,
        channel=way,
        subject=text_in(raw, "subject", longest=300),
        body=storable_text(str(raw.get("body") or ""))[:MAX_BODY_LENGTH],
        at=parse_time(raw.get("dateAdded"), at),
        conversation_id=text_in(raw, "conversationId"),
        thread_id=text_in(raw, "threadId", "replyMessageId", "inReplyTo"),
    )


def do_not_disturb_fact(raw: Mapping[str, Any]) -> DoNotDisturbFact:
    """`dnd` covers all channels; else Email's own status counts."""
    by_channel = as_mapping(raw.get("dndSettings"))
    email = as_mapping(by_channel.get("Email") or by_channel.get("email"))
    return DoNotDisturbFact(
        contact_id=text_in(raw, "id", "contactId"),
        address=text_in(raw, "email", longest=254),
        is_blocked=raw.get("dnd") is True or str(email.get("status")) in BLOCKED_STATUSES,
    )


def appointment_fact(
    raw: Mapping[str, Any], at: datetime, *, is_read: bool = False
) -> AppointmentFact | None:
    starts_at, one = parse_time(raw.get("startTime")), text_in(raw, "id")
    if not one or starts_at is None:
        return None
    return AppointmentFact(
        id=one,
        contact_id=text_in(raw, "contactId"),
        calendar_id=text_in(raw, "calendarId"),
        status=text_in(raw, "appointmentStatus", "appoinmentStatus", "status", longest=20)
        or "unknown",
        booked_at=parse_time(raw.get("dateAdded"), at),
        starts_at=starts_at,
        changed_at=parse_time(raw.get("dateUpdated"), at),
        is_read=is_read,
    )


def opportunity_fact(
    raw: Mapping[str, Any], at: datetime, *, is_read: bool = False
) -> OpportunityFact | None:
    one = text_in(raw, "id")
    if not one:
        return None
    contact = as_mapping(raw.get("contact"))
    return OpportunityFact(
        id=one,
        contact_id=text_in(raw, "contactId") or text_in(contact, "id"),
        address=text_in(contact, "email", longest=254),
        pipeline_id=text_in(raw, "pipelineId"),
        stage_id=text_in(raw, "pipelineStageId"),
        status=text_in(raw, "status", longest=20) or "open",
        value=_parse_money(raw["monetaryValue"]) if "monetaryValue" in raw else None,
        opened_at=parse_time(raw.get("createdAt") or raw.get("dateAdded"), at),
        changed_at=parse_time(raw.get("updatedAt"), at),
        is_read=is_read,
    )


def _parse_money(value: Any) -> Decimal:
    try:
        found = Decimal(str(value or 0))
        return (
            found.quantize(Decimal("0.01"))
            if found.is_finite() and abs(found) < MAX_VALUE
            else Decimal(0)
        )
    except InvalidOperation:
        return Decimal(0)
