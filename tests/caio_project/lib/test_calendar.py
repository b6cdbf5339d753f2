"""The team's day and its working hours, on the two days a year when a day is not 24 hours long, and
on all others.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caio_project.lib import calendar
from caio_project.lib.calendar import WorkingHours

NY = "America/New_York"
DAY = WorkingHours(time(8), time(18))
ALWAYS = WorkingHours(time(0), time(0))


def local(text: str, zone: str = NY) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# The team's day


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (
            "2026-11-03T04:59:59",
            date(2026, 11, 2),
        ),  # 23:59:59 in New York, and the next day already in UTC
        ("2026-11-03T05:00:00", date(2026, 11, 3)),
        ("2026-07-02T03:59:59", date(2026, 7, 1)),
        ("2026-07-02T04:00:00", date(2026, 7, 2)),
    ],
)
def test_the_teams_day_changes_at_the_teams_midnight(now: str, day: date) -> None:
    assert calendar.team_day(utc(now), NY) == day


@pytest.mark.parametrize(
    ("first", "last", "after", "hours"),
    [
        ("2026-03-08T05:00:00", "2026-03-09T03:59:59", "2026-03-09T04:00:00", 23),  # spring forward
        ("2026-11-01T04:00:00", "2026-11-02T04:59:59", "2026-11-02T05:00:00", 25),  # fall back
        ("2026-06-10T04:00:00", "2026-06-11T03:59:59", "2026-06-11T04:00:00", 24),
    ],
)
def test_days_of_23_and_25_hours_begin_and_end_at_midnight(
    first: str, last: str, after: str, hours: int
) -> None:
    day = calendar.team_day(utc(first), NY)
    assert calendar.team_day(utc(first) - timedelta(seconds=1), NY) == day - timedelta(days=1)
    assert calendar.team_day(utc(last), NY) == day
    assert calendar.next_day(utc(first), NY) == calendar.next_day(utc(last), NY) == utc(after)
    assert utc(after) - utc(first) == timedelta(hours=hours)


ZONES = st.sampled_from(
    [
        NY,
        "America/Los_Angeles",
        "America/Phoenix",
        "Pacific/Honolulu",
        "UTC",
        "Europe/Berlin",
        "Asia/Kolkata",
    ]
    + ["Africa/Cairo", "America/Havana", "Australia/Lord_Howe", "Pacific/Auckland"]
)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))


@given(MOMENTS, ZONES)
def test_the_next_day_begins_at_its_midnight(now: datetime, zone: str) -> None:
    begins = calendar.next_day(now, zone)
    today = calendar.team_day(now, zone)
    assert begins > now
    assert calendar.team_day(begins, zone) == today + timedelta(days=1)
    assert calendar.team_day(begins - timedelta(microseconds=1), zone) == today


# Working days


@pytest.mark.parametrize(
    ("day", "working"),
    [
        (date(2026, 11, 25), True),
        (date(2026, 11, 26), False),  # Thanksgiving
        (date(2026, 11, 27), True),
        (date(2026, 11, 28), False),  # Saturday
        (date(2026, 11, 29), False),
        (date(2026, 7, 3), False),  # Independence Day is a Saturday
        (date(2027, 12, 31), False),  # the next New Year's Day is a Saturday
    ],
)
def test_weekends_and_public_holidays_are_not_working_days(day: date, working: bool) -> None:
    assert calendar.is_working_day(day) is working


def test_holidays_are_those_of_the_country() -> None:
    assert calendar.is_working_day(date(2026, 11, 26), "DE") is True
    assert calendar.is_working_day(date(2026, 10, 3), "DE") is False


@pytest.mark.parametrize("country", ["ZZ", "", "nowhere"])
def test_an_unknown_country_has_weekends_only(country: str) -> None:
    assert calendar.is_working_day(date(2026, 12, 25), country) is True
    assert calendar.is_working_day(date(2026, 12, 26), country) is False


@pytest.mark.parametrize(
    ("day", "country", "state", "working"),
    [
        (date(2026, 4, 20), "US", "MA", False),  # Patriots' Day
        (date(2026, 4, 20), "US", "OH", True),
        (
            date(2026, 4, 20),
            "US",
            "XX",
            True,
        ),  # a state that the library does not know adds nothing
        (date(2026, 11, 27), "US", "TX", False),  # the Friday after Thanksgiving
        (
            date(2026, 7, 3),
            "US",
            "MA",
            False,
        ),  # the nation observes it, the state's own list does not name it
        (date(2026, 6, 24), "CA", "QC", False),
        (date(2026, 6, 24), "CA", "ON", True),
        (date(2026, 3, 6), "SA", "", False),  # a Friday
        (date(2026, 3, 8), "SA", "", True),  # a Sunday
        (date(2026, 3, 6), "IL", "", False),
        (date(2026, 3, 8), "IL", "", True),
    ],
)
def test_states_and_weekends_are_those_of_the_country(
    day: date, country: str, state: str, working: bool
) -> None:
    assert calendar.is_working_day(day, country, state) is working


def test_a_state_keeps_its_countrys_holidays() -> None:
    for state in ("TX", "MA", "CA", "HI"):
        for year in (2026, 2027, 2028):
            assert calendar.days_off("US", "", year) <= calendar.days_off("US", state, year)
            assert {day.year for day in calendar.days_off("US", state, year)} == {year}


# Working hours


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("08:00-18:00", time(8), time(18)),
        (" 08:30 - 17:45 ", time(8, 30), time(17, 45)),
        ("00:00-24:00", time(0), time(0)),
        ("09:00-24:00", time(9), time(0)),
    ],
)
def test_working_hours_are_read(text: str, start: time, end: time) -> None:
    assert WorkingHours.parse(text) == WorkingHours(start, end)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "08:00",
        "8-18",
        "08:00-18:00-20:00",
        "08:00-25:00",
        "18:00-08:00",
        "08:00-08:00",
        "a-b",
        "08:00-18:00+01:00",
    ],
)
def test_hours_beyond_one_day_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        WorkingHours.parse(text)


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-11-02T08:00:00", "2026-11-02T08:00:00"),
        ("2026-11-02T17:59:59", "2026-11-02T17:59:59"),
        ("2026-11-02T07:59:59", "2026-11-02T08:00:00"),
        ("2026-11-02T18:00:00", "2026-11-03T08:00:00"),
        ("2026-11-06T18:00:00", "2026-11-09T08:00:00"),  # Friday evening
        ("2026-11-25T23:59:59", "2026-11-27T08:00:00"),  # the evening before Thanksgiving
        ("2026-03-06T20:00:00", "2026-03-09T08:00:00"),  # the clocks change that weekend
        ("2026-10-30T20:00:00", "2026-11-02T08:00:00"),
        ("2026-12-31T20:00:00", "2027-01-04T08:00:00"),
    ],
)
def test_work_begins_when_the_office_opens_next(now: str, opens: str) -> None:
    assert calendar.next_opening(local(now).astimezone(UTC), NY, DAY) == local(opens)


def test_hours_around_the_clock_never_close() -> None:
    at = local("2026-11-02T23:59:59")
    assert calendar.next_opening(at, NY, ALWAYS) == at
    assert calendar.next_opening(
        local("2026-11-06T23:59:59") + timedelta(seconds=1), NY, ALWAYS
    ) == local("2026-11-09T00:00:00")


HOURS = st.sampled_from(
    [DAY, ALWAYS, WorkingHours(time(9, 30), time(16, 45)), WorkingHours(time(12), time(0))]
)


@given(MOMENTS, ZONES, HOURS)
def test_opening_is_now_or_later_and_open(now: datetime, zone: str, hours: WorkingHours) -> None:
    opens = calendar.next_opening(now, zone, hours)
    assert opens >= now
    assert calendar.next_opening(opens, zone, hours) == opens
    opened, closes = calendar.next_working_hours(now, zone, hours)
    assert opened <= opens < closes
