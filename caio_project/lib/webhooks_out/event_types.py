"""The events that leave, the scope each needs, and why an endpoint or a delivery ended. Pure."""

from django.db.models import TextChoices


class EventType(TextChoices):
    MESSAGE_HELD = "message.held", "Email waits for a decision"
    MESSAGE_DECIDED = "message.decided", "Email approved or rejected"
    MESSAGE_SENT = "message.sent", "Email sent"
    REPLY_RECEIVED = "reply.received", "Reply received"
    MEETING_BOOKED = "meeting.booked", "Meeting booked"
    LEAD_OPTED_OUT = "lead.opted_out", "Lead opted out"
    PHASE_CHANGED = "phase.changed", "Phase changed"
    INCIDENT_OPENED = "incident.opened", "Incident opened"
    ENDPOINT_TEST = "endpoint.test", "Test"


SCOPE_OF_EVENT = {
    EventType.MESSAGE_HELD: "messages:read",
    EventType.MESSAGE_DECIDED: "messages:read",
    EventType.MESSAGE_SENT: "messages:read",
    EventType.REPLY_RECEIVED: "messages:read",
    EventType.MEETING_BOOKED: "messages:read",
    EventType.LEAD_OPTED_OUT: "leads:read",
    EventType.PHASE_CHANGED: "metrics:read",
    EventType.INCIDENT_OPENED: "metrics:read",
}
PERSON_SCOPE = "leads:read"  # of what is told of a person beside the ids
SUBSCRIBABLE = tuple(SCOPE_OF_EVENT)


class DeliveryState(TextChoices):
    WAITING = "waiting", "Waiting"
    DELIVERED = "delivered", "Delivered"
    FAILED = "failed", "Failed"


class EndCode(TextChoices):
    """Why an endpoint was disabled, or a delivery given up."""

    BY_PERSON = "by_person", "Disabled by a person"
    EXHAUSTED = "exhausted", "Nothing was accepted for a day"
    GONE = "gone", "It answered 410 Gone"
    SECRET_UNREADABLE = "secret_unreadable", "Its secret cannot be read: SECRET_KEY has changed"
    ENDPOINT_DISABLED = "endpoint_disabled", "The endpoint was disabled"
    ERASED = "erased", "The person was erased"
    REFUSED_FOR_A_DAY = "refused_for_a_day", "It was refused for a day"


AUTOMATIC_ENDS = (EndCode.EXHAUSTED, EndCode.GONE, EndCode.SECRET_UNREADABLE)
