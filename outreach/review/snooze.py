"""Puts a held email off until a day: it leaves the order of the queue and comes back by itself."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from caio_project.lib import calendar
from caio_project.lib.db import claims
from caio_project.lib.hours.business_calendar import openings_of
from leads.models import Kind
from outreach.choices import Band, Status
from outreach.lifecycle.transitions import StaleMessage
from outreach.limits import deadlines, team_calendar
from outreach.models import Message

MOST_DAYS = 60


def start_of_work(day: date) -> datetime:
    """When the team begins to work on that day; on a day off, when it usually does."""
    hours = team_calendar.current_calendar()
    if openings := openings_of(hours, day):
        return openings[0][0]
    usual = calendar.WorkingHours.parse(settings.WORKING_HOURS)
    return datetime.combine(day, usual.start, ZoneInfo(hours.zone))


def is_snoozable_until(day: date) -> bool:
    today = calendar.team_day(timezone.now(), settings.TEAM_TIME_ZONE)
    return today < day <= today + timedelta(days=MOST_DAYS)


def is_snoozed(message: Message) -> bool:
    until = message.snoozed_until
    return message.status == Status.HELD and until is not None and until > timezone.now()


def snooze_email(message: Message, version: int, *, until: datetime) -> Message:
    """Its deadlines count from the day it comes back, so that it does not expire meanwhile.

    Raises StaleMessage where it is no longer held at `version`.
    """
    return _set_times(message, version, until=until, starts=until)


def bring_back(message: Message, version: int) -> Message:
    """End a snooze now. Raises StaleMessage as `snooze_email` does, and where it is over."""
    now = timezone.now()
    return _set_times(message, version, until=None, starts=now, where=Q(snoozed_until__gt=now))


def put_off_low(until: datetime, most: int = 500) -> int:
    """Put off held LOW emails that no person has opened; returns how many.

    What a person chose, or must decide, stays in the queue.
    """
    rows = Message.objects.filter(
        Q(snoozed_until=None) | Q(snoozed_until__lte=timezone.now()),
        status=Status.HELD,
        band=Band.LOW,
        critical_reason="",
        opened_at=None,
        chosen_at=None,
    ).exclude(kind=Kind.TRAINING)
    chosen = list(rows.order_by("due_at").values_list("pk", flat=True)[:most])
    return rows.filter(pk__in=chosen).update(
        snoozed_until=until, **deadlines.times_of_wait(Band.LOW, until)
    )


def _set_times(
    message: Message,
    version: int,
    *,
    until: datetime | None,
    starts: datetime,
    where: Q | None = None,
) -> Message:
    times: dict[str, Any] = {
        "snoozed_until": until,
        **deadlines.times_of_wait(Band(message.band), starts),
        "opened_at": Coalesce("opened_at", timezone.now()),  # the machine leaves it alone
    }
    rows = Message.objects.filter(where or Q(), pk=message.pk, status=Status.HELD, version=version)
    is_set = claims.claim_row(rows, **times)
    message.refresh_from_db()
    if not is_set:
        raise StaleMessage(message.status, message.version)
    return message
