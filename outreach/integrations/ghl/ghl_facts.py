"""What GoHighLevel tells us, whichever way it comes: by webhook or by polling. Pure: JSON in,
frozen rows out.

Sources: GHL API v2, "Conversations", "Calendars", "Opportunities", and the webhook events of the
same names.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from email.utils import parseaddr
from typing import Any

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

    # of the email, or of the message on any other channel: the same by webhook and by polling
    id: str
    message_id: str
    contact_id: str
    address: str  # the person's, where it is known
    is_inbound: bool
    channel: str
    subject: str
    body: str
    at: datetime


@dataclass(frozen=True)
class EmailEventFact:
    """What happened to an email after it was sent. `kind` is an EventKind; `once` identifies the
    event.
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
    """An appointment. `is_read`: read by API just now, so it is the present state."""

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
    """An opportunity. `value` is None where a webhook leaves it out; `is_read` as in
    AppointmentFact.
    """

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
FACT_CLASSES: dict[str, type] = {
    kind.__name__: kind
    for kind in (MessageFact, EmailEventFact, DoNotDisturbFact, AppointmentFact, OpportunityFact)
}


def dump_fact(fact: GhlFact) -> bytes:
    """The fact as JSON, to be kept until it can be applied."""
    return json.dumps({"fact": type(fact).__name__, **asdict(fact)}, default=str).encode()


def load_fact(raw: bytes) -> GhlFact:
    told = json.loads(raw)
    kind = FACT_CLASSES[told.pop("fact")]
    times = {
        field.name: datetime.fromisoformat(told[field.name])
        for field in fields(kind)
        if field.type is datetime
    }
    value = {"value": Decimal(told["value"])} if told.get("value") is not None else {}
    fact: GhlFact = kind(**{**told, **times, **value})
    return fact


def text_in(raw: Mapping[str, Any], *names: str, longest: int = 80) -> str:
    """The first non-empty value of `names`, as text that the database can store."""
    for name in names:
        value = raw.get(name)
        if (
            isinstance(value, str | int | float)
            and not isinstance(value, bool)
            and str(value).strip()
        ):
            return storable_text(str(value).strip())[:longest]
    return ""


def storable_text(said: str) -> str:
    """Remove NUL and lone surrogates, which PostgreSQL cannot store."""
    return said.replace("\x00", "").encode("utf-8", "replace").decode()


def as_mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def parse_time(value: Any, default: datetime | None = None) -> datetime | None:
    """A time as GoHighLevel writes it: ISO 8601, epoch seconds or milliseconds; else `default`."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000 if value > 10**11 else value, UTC)
        found = datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError):
        return default
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def address_in(value: Any) -> str:
    """The address in "Dana <dana@x>", or in the first of a list of those."""
    first = value[0] if isinstance(value, list) and value else value
    return parseaddr(first)[1][:254] if isinstance(first, str) else ""


def channel_of(*kinds: Any) -> str:
    """ "email", "sms", "call" … of the first channel named (TYPE_CAMPAIGN_EMAIL, "Live Chat").

    "" for what is no message of a person: activities, comments of the team.
    """
    named = next((kind for kind in kinds if isinstance(kind, str) and kind.strip()), "")
    found = named.strip().lower().replace(" ", "_").removeprefix("type_")
    if found.startswith("activity") or found in NOT_MESSAGES:
        return ""
    found = re.sub(r"^(campaign_|custom_provider_|custom_|manual_)+", "", found)
    return CHANNEL_NAMES.get(found, found)[:20]


def message_fact(raw: Mapping[str, Any], at: datetime) -> MessageFact | None:
    """The message in a webhook or an API answer; None for what is no message of a person."""
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
        at=parse_time(raw.get("dateAdded"), at) or at,
    )


def do_not_disturb_fact(raw: Mapping[str, Any]) -> DoNotDisturbFact:
    """A contact's do-not-disturb: `dnd` for all channels, or the status of Email."""
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
    """An appointment from a calendar or webhook; None for one without an id or a time."""
    starts_at, one = parse_time(raw.get("startTime")), text_in(raw, "id")
    if not one or starts_at is None:
        return None
    return AppointmentFact(
        id=one,
        contact_id=text_in(raw, "contactId"),
        calendar_id=text_in(raw, "calendarId"),
        status=text_in(raw, "appointmentStatus", "appoinmentStatus", "status", longest=20)
        or "unknown",
        booked_at=parse_time(raw.get("dateAdded"), at) or at,
        starts_at=starts_at,
        changed_at=parse_time(raw.get("dateUpdated"), at) or at,
        is_read=is_read,
    )


def opportunity_fact(
    raw: Mapping[str, Any], at: datetime, *, is_read: bool = False
) -> OpportunityFact | None:
    """An opportunity from the search or a webhook; None for one without an id."""
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
        opened_at=parse_time(raw.get("createdAt") or raw.get("dateAdded"), at) or at,
        changed_at=parse_time(raw.get("updatedAt"), at) or at,
        is_read=is_read,
    )


def _parse_money(value: Any) -> Decimal:
    """An amount; None where it is missing, no number, or too large for the column."""
    try:
        found = Decimal(str(value or 0))
        return (
            found.quantize(Decimal("0.01"))
            if found.is_finite() and abs(found) < MAX_VALUE
            else Decimal(0)
        )
    except InvalidOperation:
        return Decimal(0)
