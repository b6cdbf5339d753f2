"""Who would be told when in the coming week. Pure; the sweep asks the same function."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from approvals.escalation.ladder_rules import Ladder, People, Told, who_is_told
from caio_project.lib.hours.business_calendar import BusinessCalendar

DAYS = 7
MOMENTS = (time(10, 0), time(17, 30), time(22, 0))  # of the team's day


@dataclass(frozen=True)
class PreviewRow:
    held_at: datetime
    steps: tuple[Told, ...]


def preview_at(
    ladder: Ladder, hours: BusinessCalendar, people: People, held_at: datetime
) -> PreviewRow:
    return PreviewRow(held_at, who_is_told(ladder, hours, people, held_at))


def preview_week(
    ladder: Ladder, hours: BusinessCalendar, people: People, now: datetime
) -> list[PreviewRow]:
    """An email held now, and at three moments of each of the next seven days."""
    zone = ZoneInfo(hours.zone)
    today = now.astimezone(zone).date()
    moments = [
        datetime.combine(today + timedelta(days=day), clock, zone)
        for day in range(DAYS)
        for clock in MOMENTS
    ]
    return [
        preview_at(ladder, hours, people, at)
        for at in (now, *(one for one in moments if one > now))
    ]
