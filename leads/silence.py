"""A source that used to speak and is silent for longer than is normal for these hours.

RB2B disconnects for good after one wrong answer and tells only the account's owner. So the expected number of events
since the last one is summed hour by hour from the four weeks before, weekdays and weekends apart; where at least five
were due and none came (which happens by chance once in 150 times), an alarm is raised.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, Max, Min
from django.db.models.functions import TruncHour
from django.utils import timezone

from caio_project.lib import calendar
from leads import alarms
from leads.models import InboundEvent

SOURCES = ("rb2b",)
LOOK_BACK = timedelta(days=28)
HISTORY = timedelta(days=7)  # a source younger than this has no normal yet
DUE = 5.0
LONGEST = timedelta(days=14)
HOUR = timedelta(hours=1)

Rates = Mapping[tuple[bool, int], float]  # (weekday, hour of the team's day): events an hour


def watch(now: datetime | None = None) -> None:
    """Raise or clear the alarm of each source."""
    now = now or timezone.now()
    for source in SOURCES:
        due, since = silent_for(source, now)
        key = f"{source}:silent"
        if due >= DUE and since is not None:
            text = f"No event from {source} since {since:%Y-%m-%d %H:%M} UTC; about {due:.0f} were due by now."
            alarms.raise_alarm(key, text + " Is the webhook still connected there?")
        else:
            alarms.clear_alarm(key)


def silent_for(source: str, now: datetime) -> tuple[float, datetime | None]:
    """How many events were due since the last one, and when that was; 0 where there is no normal to compare with."""
    events = InboundEvent.objects.filter(source=source, received_at__lte=now)
    ends = events.aggregate(first=Min("received_at"), last=Max("received_at"))
    if ends["first"] is None or ends["first"] > now - HISTORY:
        return 0.0, ends["last"]
    start = max(ends["first"], ends["last"] - LOOK_BACK)
    return expected(rates(source, start, ends["last"]), ends["last"], now, settings.TEAM_TIME_ZONE), ends["last"]


def rates(source: str, start: datetime, end: datetime) -> dict[tuple[bool, int], float]:
    """Events an hour between `start` and `end` for each kind of day and hour of the day."""
    zone = ZoneInfo(settings.TEAM_TIME_ZONE)
    hours = (
        InboundEvent.objects.filter(source=source, received_at__gte=start, received_at__lte=end)
        .annotate(hour=TruncHour("received_at", tzinfo=zone))
        .values_list("hour")
        .annotate(n=Count("pk"))
        .order_by()
    )
    seen: dict[tuple[bool, int], float] = {}
    for hour, n in hours:
        if not _is_holiday(hour, zone):
            kind = _kind(hour, zone)
            seen[kind] = seen.get(kind, 0) + n
    days = _days(start, end, zone)
    return {kind: n / days[kind[0]] for kind, n in seen.items() if days[kind[0]]}


def expected(rates: Rates, since: datetime, now: datetime, zone: str) -> float:
    """How many events were due between two moments, by hourly rates. Pure."""
    tz, due, at = ZoneInfo(zone), 0.0, max(since, now - LONGEST)
    while at < now:
        end = min(now, (at + HOUR).replace(minute=0, second=0, microsecond=0))
        if not _is_holiday(at, tz):  # what is normal on a holiday cannot be told from four weeks
            due += rates.get(_kind(at, tz), 0.0) * ((end - at) / HOUR)
        at = end
    return due


def _kind(at: datetime, zone: ZoneInfo) -> tuple[bool, int]:
    local = at.astimezone(zone)
    return local.weekday() < 5, local.hour


def _is_holiday(at: datetime, zone: ZoneInfo) -> bool:
    day = at.astimezone(zone).date()
    return day.weekday() < 5 and not calendar.is_working_day(day)


def _days(start: datetime, end: datetime, zone: ZoneInfo) -> dict[bool, int]:
    """How many weekdays and weekend days lie between, the first and the last included, holidays left out."""
    day, last, days = start.astimezone(zone).date(), end.astimezone(zone).date(), {True: 0, False: 0}
    while day <= last:
        if day.weekday() >= 5 or calendar.is_working_day(day):
            days[day.weekday() < 5] += 1
        day += timedelta(days=1)
    return days
