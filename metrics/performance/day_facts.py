"""What the charts show beside the figures: caps, sends of today by hour, scores of the domain."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count
from django.db.models.functions import ExtractHour

from caio_project.lib import calendar
from metrics.models import DomainDay
from outreach.choices import Phase, Transport
from outreach.control import phase
from outreach.control.policy import LIMITS_BY_PHASE
from outreach.limits import sending_domains
from outreach.models import ControlChange, SendIntent


def caps_by_day(start: date, end: date) -> dict[date, int]:
    """What the phase at the end of each day allowed in a day; both days included."""
    changes = list(
        ControlChange.objects.filter(what="phase")
        .order_by("pk")
        .values_list("at", "before", "after")
    )
    now = Phase(phase.current_control().phase)
    here = Phase(changes[0][1]) if changes else now
    caps = {}
    for day in _days(start, end):
        while changes and calendar.team_day(changes[0][0], settings.TEAM_TIME_ZONE) <= day:
            here = Phase(changes.pop(0)[2])
        caps[day] = LIMITS_BY_PHASE[here].daily
    return caps


def _days(start: date, end: date) -> Iterator[date]:
    for number in range((end - start).days + 1):
        yield start + timedelta(days=number)


def sends_by_hour(now: datetime) -> dict[int, int]:
    """Emails that left through GoHighLevel on the team's day, by the hour of its clock."""
    today = calendar.team_day(now, settings.TEAM_TIME_ZONE)
    sends = SendIntent.objects.may_have_left().filter(day=today, transport=Transport.GHL)
    hour = ExtractHour("claimed_at", tzinfo=ZoneInfo(settings.TEAM_TIME_ZONE))
    counted = sends.annotate(hour=hour).order_by()
    return dict(counted.values_list("hour").annotate(n=Count("pk")))


def lowest_scores(start: date, end: date) -> dict[date, int]:
    """Of our sending domain; a day without a score is left out."""
    rows = DomainDay.objects.filter(
        domain=sending_domains.our_domain(), day__range=(start, end), score__isnull=False
    )
    return {row.day: row.score for row in rows if row.score is not None}
