"""The last judgement of an email at the door, from our own rows, and what it may end in."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from leads.models import Kind
from leads.suppression import suppression
from outreach.choices import Band, Status
from outreach.contact_history import previous_emails
from outreach.drafting import drafts, follow_ups
from outreach.models import Message, SendIntent, Transport
from outreach.review import merged_leads

HAS_LEFT = (
    SendIntent.Outcome.OPEN,
    SendIntent.Outcome.SENT,
    SendIntent.Outcome.UNCERTAIN,
)  # or may have
LONGEST_CALL = timedelta(
    seconds=30
)  # of a lease that must be left when the call begins: its deadline, and some more


class Stopped(Exception):
    """The email must not leave, and where it goes instead."""

    def __init__(self, to: Status, why: str, text: str = "", **changes: Any):
        super().__init__(text or why)
        self.to, self.why, self.text, self.changes = to, why, text, changes


class NotNow(Exception):
    """The email certainly has not left, and steps aside until a moment of its own."""

    def __init__(self, until: datetime, waiting_for: str, text: str = ""):
        super().__init__(text or waiting_for)
        self.until, self.waiting_for, self.text = until, waiting_for, text


class Bound(Exception):
    """The email certainly has not left, and keeps its turn: what holds it is asked again for every email."""

    def __init__(self, waiting_for: str, text: str):
        super().__init__(text)
        self.waiting_for, self.text = waiting_for, text


class Away(Bound):
    """GoHighLevel cannot be used: everything waits, for the seconds it `said`."""

    def __init__(self, waiting_for: str, text: str, said: float | None = None):
        super().__init__(waiting_for, text)
        self.said = said


def judge(message: Message) -> None:
    """What must still be true at the last second. Raises Stopped."""
    lead, now = message.lead, timezone.now()
    if not message.to_address:
        raise Stopped(Status.WITHDRAWN, "no_address", "There is no address to write to.")
    if stop := suppression.verdict(message.to_address, lead):
        raise Stopped(Status.WITHDRAWN, "suppressed", f"{stop.text} ({stop.source})")
    if message.to_address not in {row.email for row in suppression.rows_of(lead)}:
        raise Stopped(Status.WITHDRAWN, "address_changed", "Their address is another one now.")
    if message.cleared_at and (heard := previous_emails.heard_since(lead, message.cleared_at)):
        raise Stopped(
            Status.WITHDRAWN,
            heard,
            "This person has answered or booked a meeting since it was approved.",
        )
    left = Q(status__in=[Status.SENT, Status.UNCERTAIN]) | Q(intents__outcome__in=HAS_LEFT)
    twins = Message.objects.filter(left, to_address=message.to_address)
    if twins.exclude(lead=lead).exists():
        raise Stopped(
            Status.WITHDRAWN, "same_address", "This address was written to, as somebody else's."
        )
    elsewhere = (
        previous_emails.emails_of(lead)
        .exclude(lead=message.lead_id)
        .filter(intents__outcome__in=HAS_LEFT)
    )
    if elsewhere.exists():
        raise Stopped(Status.WITHDRAWN, "written_as_other", merged_leads.WRITTEN_AS_OTHER)
    if message.follows and (end := follow_ups.ended(message.follows)):
        raise Stopped(Status.WITHDRAWN, end.why, end.text)
    if lead.country and lead.country not in settings.ALLOWED_COUNTRIES:
        raise Stopped(Status.WITHDRAWN, "country", f"{lead.country} is not in ALLOWED_COUNTRIES.")
    if colleague := previous_emails.in_the_way(lead, now, but=message.pk, at_the_door=True):
        raise Stopped(Status.HELD, "colleague", colleague.sentence)
    if message.cleared_at and drafts.expires_at(Band(message.band), message.cleared_at) < now:
        day = timezone.localtime(message.cleared_at, ZoneInfo(settings.TEAM_TIME_ZONE))
        raise Stopped(
            Status.HELD,
            "stale",
            f"It was approved on {day.day} {day:%b}, too long ago to leave unread.",
        )
    if message.transport == Transport.GHL and (lead.kind != Kind.LIVE or message.kind != Kind.LIVE):
        raise Stopped(
            Status.WITHDRAWN, "undeliverable", f"{lead.get_kind_display()}s cannot be written to."
        )
    if message.transport == Transport.GHL and "ghl" in settings.SANDBOXED:
        raise Stopped(
            Status.HELD,
            "transport_gone",
            "It was approved for GoHighLevel, which is in the sandbox now.",
        )
    if message.transport == Transport.GHL and not settings.POSTAL_ADDRESS:
        raise Stopped(Status.HELD, "postal_address", "POSTAL_ADDRESS is not set.")
    if message.transport not in (Transport.GHL, Transport.SANDBOX):
        raise Stopped(Status.HELD, "no_transport", "It was approved without a transport.")
