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
from outreach.drafting import deadlines, follow_ups
from outreach.models import Message, SendIntent, Transport
from outreach.review import merged_leads

LEFT_OUTCOMES = (
    SendIntent.Outcome.OPEN,
    SendIntent.Outcome.SENT,
    SendIntent.Outcome.UNCERTAIN,
)  # or may have
LONGEST_CALL = timedelta(
    seconds=30
)  # of a lease that must be left when the call begins: its deadline, and some more


class SendStopped(Exception):
    """The email must not leave, and where it goes instead."""

    def __init__(self, to: Status, why: str, text: str = "", **changes: Any):
        super().__init__(text or why)
        self.to, self.why, self.text, self.changes = to, why, text, changes


class SendPostponed(Exception):
    """The email certainly has not left, and steps aside until a moment of its own."""

    def __init__(self, until: datetime, waiting_for: str, text: str = ""):
        super().__init__(text or waiting_for)
        self.until, self.waiting_for, self.text = until, waiting_for, text


class SendMustWait(Exception):
    """The email certainly has not left, and keeps its turn: what holds it is asked again for every email."""

    def __init__(self, waiting_for: str, text: str):
        super().__init__(text)
        self.waiting_for, self.text = waiting_for, text


class GhlUnavailable(SendMustWait):
    """GoHighLevel cannot be used: everything waits, for the seconds it `said`."""

    def __init__(self, waiting_for: str, text: str, said: float | None = None):
        super().__init__(waiting_for, text)
        self.said = said


def check_before_sending(message: Message) -> None:
    """What must still be true at the last second. Raises Stopped."""
    lead, now = message.lead, timezone.now()
    if not message.to_address:
        raise SendStopped(Status.WITHDRAWN, "no_address", "There is no address to write to.")
    if stop := suppression.find_stop(message.to_address, lead):
        raise SendStopped(Status.WITHDRAWN, "suppressed", f"{stop.text} ({stop.source})")
    if message.to_address not in {row.email for row in suppression.rows_of(lead)}:
        raise SendStopped(Status.WITHDRAWN, "address_changed", "Their address is another one now.")
    if message.cleared_at and (
        heard := previous_emails.reply_or_meeting_since(lead, message.cleared_at)
    ):
        raise SendStopped(
            Status.WITHDRAWN,
            heard,
            "This person has answered or booked a meeting since it was approved.",
        )
    left = Q(status__in=[Status.SENT, Status.UNCERTAIN]) | Q(intents__outcome__in=LEFT_OUTCOMES)
    twins = Message.objects.filter(left, to_address=message.to_address)
    if twins.exclude(lead=lead).exists():
        raise SendStopped(
            Status.WITHDRAWN, "same_address", "This address was written to, as somebody else's."
        )
    elsewhere = (
        previous_emails.emails_of(lead)
        .exclude(lead=message.lead_id)
        .filter(intents__outcome__in=LEFT_OUTCOMES)
    )
    if elsewhere.exists():
        raise SendStopped(Status.WITHDRAWN, "written_as_other", merged_leads.WRITTEN_AS_OTHER)
    if message.follows and (end := follow_ups.thread_end(message.follows)):
        raise SendStopped(Status.WITHDRAWN, end.why, end.text)
    if lead.country and lead.country not in settings.ALLOWED_COUNTRIES:
        raise SendStopped(
            Status.WITHDRAWN, "country", f"{lead.country} is not in ALLOWED_COUNTRIES."
        )
    if colleague := previous_emails.find_blocking_email(
        lead, now, but=message.pk, at_the_door=True
    ):
        raise SendStopped(Status.HELD, "colleague", colleague.sentence)
    if message.cleared_at and deadlines.expires_at(Band(message.band), message.cleared_at) < now:
        day = timezone.localtime(message.cleared_at, ZoneInfo(settings.TEAM_TIME_ZONE))
        raise SendStopped(
            Status.HELD,
            "stale",
            f"It was approved on {day.day} {day:%b}, too long ago to leave unread.",
        )
    if message.transport == Transport.GHL and (lead.kind != Kind.LIVE or message.kind != Kind.LIVE):
        raise SendStopped(
            Status.WITHDRAWN, "undeliverable", f"{lead.get_kind_display()}s cannot be written to."
        )
    if message.transport == Transport.GHL and "ghl" in settings.SANDBOXED:
        raise SendStopped(
            Status.HELD,
            "transport_gone",
            "It was approved for GoHighLevel, which is in the sandbox now.",
        )
    if message.transport == Transport.GHL and not settings.POSTAL_ADDRESS:
        raise SendStopped(Status.HELD, "postal_address", "POSTAL_ADDRESS is not set.")
    if message.transport not in (Transport.GHL, Transport.SANDBOX):
        raise SendStopped(Status.HELD, "no_transport", "It was approved without a transport.")
