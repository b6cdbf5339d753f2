"""When decisions are due and emails expire, by the team's own calendar."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from outreach.choices import Band
from outreach.limits import deadlines, team_calendar
from outreach.models import DayOff, TeamCalendar

NEW_YORK = ZoneInfo("America/New_York")
pytestmark = pytest.mark.django_db


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK)


@pytest.mark.parametrize(
    ("band", "held", "due", "expires"),
    [
        (Band.HOT, "2026-03-03 10:00", "2026-03-03 12:00", "2026-03-06 10:00"),
        (Band.HOT, "2026-03-06 17:00", "2026-03-09 09:00", "2026-03-11 17:00"),  # Friday
        (Band.WARM, "2026-03-03 16:00", "2026-03-04 10:00", "2026-03-12 16:00"),
        (Band.LOW, "2026-03-06 10:00", "2026-03-09 10:00", "2026-03-17 10:00"),
        (Band.WARM, "2026-11-25 16:00", "2026-11-27 10:00", "2026-12-07 16:00"),  # Thanksgiving
        (Band.HOT, "2026-10-31 20:00", "2026-11-02 10:00", "2026-11-04 20:00"),  # the clock change
    ],
)
def test_without_a_calendar_the_settings_hold(
    band: Band, held: str, due: str, expires: str
) -> None:
    assert deadlines.due_at(band, at(held)) == at(due)
    assert deadlines.expires_at(band, at(held)) == at(expires)


def test_the_teams_hours_lunch_and_days_off_hold() -> None:
    TeamCalendar.objects.create(hours=["09:00-14:00"] * 4 + [""] * 3, lunch="11:00-12:00")
    DayOff.objects.create(day=date(2026, 3, 4))
    held = at("2026-03-03 10:30")  # a Tuesday; Wednesday is off, and Fridays always
    assert deadlines.due_at(Band.HOT, held) == at("2026-03-03 13:30")
    assert deadlines.due_at(Band.WARM, held) == at("2026-03-05 10:30")
    assert deadlines.due_at(Band.LOW, held) == at("2026-03-05 10:30")
    assert deadlines.expires_at(Band.HOT, held) == at("2026-03-10 10:30")


def test_a_team_without_hours_counts_by_the_clock() -> None:
    TeamCalendar.objects.create(hours=[""] * 7)
    held = at("2026-03-03 10:00")
    assert deadlines.due_at(Band.WARM, held) == at("2026-03-03 14:00")
    assert deadlines.expires_at(Band.LOW, held) == at("2026-03-10 10:00")


def test_a_saved_calendar_holds_at_once(django_assert_num_queries: Any) -> None:
    held = at("2026-03-03 16:00")
    with django_assert_num_queries(2):
        assert deadlines.due_at(Band.WARM, held) == at("2026-03-04 10:00")
        deadlines.expires_at(Band.WARM, held)
    TeamCalendar.objects.create(hours=["08:00-20:00"] * 5 + [""] * 2)
    team_calendar.forget_calendar()
    assert deadlines.due_at(Band.WARM, held) == at("2026-03-03 20:00")
