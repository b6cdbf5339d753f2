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
    """When the present wait began: held, back from a snooze, or of another band.

    The release before writes no `waits_since`.
    """
    moments = (message.held_at, message.snoozed_until, message.waits_since)
    return max((one for one in moments if one), default=message.created_at)
