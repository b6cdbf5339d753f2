"""What a person put off until a later day, and what is back."""

from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils import timezone

from outreach.choices import Status
from outreach.models import Message


def not_snoozed(now: datetime | None = None) -> Q:
    return Q(snoozed_until=None) | Q(snoozed_until__lte=now or timezone.now())


def snoozed_messages() -> QuerySet[Message]:
    """What a person put off until a later day, the next to come back first."""
    rows = Message.objects.filter(status=Status.HELD, snoozed_until__gt=timezone.now())
    return rows.select_related("lead__company", "sender").order_by("snoozed_until", "pk")


def starts_waiting(message: Message) -> datetime:
    """When the present wait began: held, or back from a snooze."""
    held = message.held_at or message.created_at
    return max(held, message.snoozed_until) if message.snoozed_until else held
