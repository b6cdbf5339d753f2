"""Alarms for a source that has been silent for longer than is normal for these hours.

RB2B disconnects for good after one wrong answer and tells only the account's owner. So the expected
number of events since the last one is summed hour by hour from the four weeks before, weekdays and
weekends apart. Where at least five were due and none came, which happens by chance once in 150
times, an alarm is raised.

The rates are counted only once a source has been silent for ten minutes, and then once an hour:
until the next event they stay the same. A source that is not silent costs one look-up in an index.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from caio_project.lib import calendar
from caio_project.lib.db.caches import process_cache as cache
from caio_project.lib.words.clock_words import stamp_words
from leads.integrations import alarms
from leads.models import InboundEvent

SOURCES = ("rb2b",)
LOOK_BACK = timedelta(days=28)
LEAST_HISTORY = timedelta(days=7)  # a source younger than this has no normal yet
ALARM_WHEN_DUE = 5.0
LONGEST_SILENCE = timedelta(days=14)
SHORTEST_SILENCE = timedelta(minutes=10)  # sooner nobody could have checked the webhook
COUNTED_EVERY = 3600  # seconds
HOUR = timedelta(hours=1)

HourlyRates = Mapping[tuple[bool, int], float]  # (weekday, hour of the team's day): events an hour


def watch_sources(now: datetime | None = None) -> None:
    now = now or timezone.now()
    for source in SOURCES:
        due, since = silent_for(source, now)
        key = f"{source}:silent"
        if due >= ALARM_WHEN_DUE and since is not None:
            text = (
                f"No event from {source} since {stamp_words(since)}; about {due:.0f} "
                "were due by now."
            )
            alarms.raise_alarm(key, text + " Is the webhook still connected there?")
        else:
            alarms.clear_alarm(key)


def silent_for(source: str, now: datetime) -> tuple[float, datetime | None]:
    """How many events were due since the last one, and when it came; 0 without enough history."""
    events = InboundEvent.objects.filter(source=source, received_at__lte=now).values_list(
        "received_at", flat=True
    )
    last = events.order_by("-received_at").first()
    if last is None or now - last < SHORTEST_SILENCE:
        return 0.0, last
    first = events.order_by("received_at")[0]
    if first > now - LEAST_HISTORY:
        return 0.0, last
    normal = _cached_rates(source, max(first, last - LOOK_BACK), last)
    return expected_events(normal, last, now, settings.TEAM_TIME_ZONE), last


def _cached_rates(source: str, start: datetime, last: datetime) -> HourlyRates:
    # Counted again each hour, because the spool may hold older events.
    key = f"silence:{source}:{settings.TEAM_TIME_ZONE}:{last:%Y%m%d%H%M%S%f}"
    found: HourlyRates | None = cache.get(key)
    if found is None:
        found = hourly_rates(source, start, last)
        cache.set(key, found, COUNTED_EVERY)
    return found


def hourly_rates(source: str, start: datetime, end: datetime) -> dict[tuple[bool, int], float]:
    """Events an hour between `start` and `end`, by kind of day and hour of the day.

    Counted hour by hour in the index: SQLite needs twenty times longer to group by a local time.
    """
    zone = ZoneInfo(settings.TEAM_TIME_ZONE)
    events = InboundEvent.objects.filter(source=source)
    seen: dict[tuple[bool, int], float] = {}
    for since, until in _hour_pieces(start, end + timedelta(microseconds=1)):
        if not _is_holiday(since, zone):
            kind = _hour_kind(since, zone)
            seen[kind] = (
                seen.get(kind, 0)
                + events.filter(received_at__gte=since, received_at__lt=until).count()
            )
    days = _count_days(start, end, zone)
    return {kind: n / days[kind[0]] for kind, n in seen.items() if days[kind[0]]}


def expected_events(rates: HourlyRates, since: datetime, now: datetime, zone: str) -> float:
    tz = ZoneInfo(zone)
    hours = _hour_pieces(max(since, now - LONGEST_SILENCE), now)
    # What is normal on a holiday cannot be known from four weeks.
    due = (
        rates.get(_hour_kind(at, tz), 0.0) * ((end - at) / HOUR)
        for at, end in hours
        if not _is_holiday(at, tz)
    )
    return sum(due, 0.0)


def _hour_pieces(since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    while since < until:
        end = min(until, (since + HOUR).replace(minute=0, second=0, microsecond=0))
        yield since, end
        since = end


def _hour_kind(at: datetime, zone: ZoneInfo) -> tuple[bool, int]:
    local = at.astimezone(zone)
    return local.weekday() < 5, local.hour


def _is_holiday(at: datetime, zone: ZoneInfo) -> bool:
    day = at.astimezone(zone).date()
    return day.weekday() < 5 and not calendar.is_working_day(day)


def _count_days(start: datetime, end: datetime, zone: ZoneInfo) -> dict[bool, int]:
    day, last, days = (
        start.astimezone(zone).date(),
        end.astimezone(zone).date(),
        {True: 0, False: 0},
    )
    while day <= last:
        if day.weekday() >= 5 or calendar.is_working_day(day):
            days[day.weekday() < 5] += 1
        day += timedelta(days=1)
    return days
