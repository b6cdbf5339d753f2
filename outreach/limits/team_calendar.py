"""The team's business calendar, from its rows and, where they say nothing, from the settings.

Who is told when, deadlines and the gate on approval latency count by it.
"""

from datetime import time

from django.conf import settings

from caio_project.lib.calendar import WorkingHours
from caio_project.lib.db.caches import process_cache
from caio_project.lib.hours.business_calendar import BusinessCalendar, Span, split_at_lunch
from outreach.limits import office_hours
from outreach.models import DayOff, TeamCalendar

WEEK = "0123456"  # 0 is Monday
MONDAY_TO_FRIDAY = 5
WHOLE_DAY = Span(time(0), time(0))
CACHE_KEY = "team_calendar"
KEPT_SECONDS = 10


def current_calendar() -> BusinessCalendar:
    """As `load_calendar`, at most ten seconds old: for what is asked for each email."""
    at = (settings.WORKING_HOURS, settings.TEAM_TIME_ZONE)
    kept = process_cache.get(CACHE_KEY)
    if kept is None or kept[0] != at:
        kept = (at, load_calendar())
        process_cache.set(CACHE_KEY, kept, KEPT_SECONDS)
    found: BusinessCalendar = kept[1]
    return found


def forget_calendar() -> None:
    process_cache.delete(CACHE_KEY)


def load_calendar() -> BusinessCalendar:
    """The team's hours; without a row those of WORKING_HOURS, TEAM_TIME_ZONE and its country."""
    row = TeamCalendar.objects.first() or TeamCalendar()
    usual = WorkingHours.parse(settings.WORKING_HOURS)
    if not row.hours and usual.are_always:
        return BusinessCalendar(
            row.time_zone or settings.TEAM_TIME_ZONE, ((WHOLE_DAY,),) * len(WEEK)
        )
    lunch = _parse_span(row.lunch) if row.lunch else None
    spans = [_parse_span(text) if text else None for text in row.hours or usual_hours()]
    country = (row.country or office_hours.team_country()) if row.keeps_public_holidays else ""
    return BusinessCalendar(
        row.time_zone or settings.TEAM_TIME_ZONE,
        tuple(split_at_lunch(span, lunch) if span else () for span in spans),
        country,
        frozenset(DayOff.objects.values_list("day", flat=True)),
    )


def usual_hours() -> list[str]:
    """The hours of each weekday by the server's settings; "" for closed."""
    usual = WorkingHours.parse(settings.WORKING_HOURS)
    worked = WEEK if usual.are_always else WEEK[:MONDAY_TO_FRIDAY]
    return [settings.WORKING_HOURS if day in worked else "" for day in WEEK]


def _parse_span(text: str) -> Span:
    hours = WorkingHours.parse(text)
    return Span(hours.start, hours.end)
