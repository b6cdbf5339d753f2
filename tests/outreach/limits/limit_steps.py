"""What the tests of limits read and arrange."""

from datetime import datetime, timedelta

from django.conf import settings as django_settings
from django.utils import timezone

from caio_project.lib import calendar
from outreach.control import phase
from outreach.limits import current_limits, limit_rules
from outreach.models import DailySlots, Message, SendIntent
from tests import factories


def status(*messages: Message) -> list[str]:
    return [Message.objects.get(pk=message.pk).status for message in messages]


def now_is(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)


def why(message: Message) -> limit_rules.BindingLimit | None:
    return current_limits.binding_limit(
        Message.objects.get(pk=message.pk), phase.current_control(), timezone.now()
    )


def use(count: int, day: datetime | None = None) -> None:
    day = day or timezone.now()
    DailySlots.objects.create(
        day=calendar.team_day(day, django_settings.TEAM_TIME_ZONE), used=count
    )


def claimed(*ages: timedelta, outcome: str = "sent", domain: str = "elsewhere.test") -> None:
    """Sends of other emails so long ago."""
    for age in ages:
        lead, at = factories.LeadFactory(), timezone.now() - age
        message = Message.objects.create(lead=lead, status="sent", to_address=lead.email)
        SendIntent.objects.create(
            message=message,
            transport="sandbox",
            phase="parallel",
            day=at.date(),
            domain=domain,
            claimed_at=at,
            outcome=outcome,
        )
