"""Working hours over weekends, holidays, lunch and both clock changes."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caio_project.lib.hours.business_calendar import (
    BusinessCalendar,
    Span,
    openings_of,
    split_at_lunch,
)

NEW_YORK = ZoneInfo("America/New_York")
DAY = Span(time(9), time(17))
WEEK = ((DAY,),) * 5 + ((), ())
OFFICE = BusinessCalendar("America/New_York", WEEK, "US")
LUNCH = Span(time(12), time(13))
WITH_LUNCH = BusinessCalendar(
    "America/New_York", (split_at_lunch(DAY, LUNCH),) * 5 + ((), ()), "US"
)
ALWAYS = BusinessCalendar("America/New_York", ((Span(time(0), time(0)),),) * 7)
NEVER = BusinessCalendar("America/New_York", ((),) * 7)
HOUR = timedelta(hours=1)


def at(text: str) -> datetime:
    """A moment in New York, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).astimezone(UTC)


@pytest.mark.parametrize(
    ("start", "amount", "end"),
    [
        ("2026-11-24 10:00", HOUR, "2026-11-24 11:00"),
        ("2026-11-24 16:00", HOUR, "2026-11-24 17:00"),  # the closing is still the same day
        ("2026-11-24 16:30", HOUR, "2026-11-25 09:30"),
        ("2026-11-20 16:30", HOUR, "2026-11-23 09:30"),  # over a weekend
        ("2026-11-25 16:30", HOUR, "2026-11-27 09:30"),  # over Thanksgiving
        ("2026-11-21 12:00", timedelta(0), "2026-11-23 09:00"),
        ("2026-11-24 10:00", timedelta(0), "2026-11-24 10:00"),
        ("2026-11-24 17:00", timedelta(0), "2026-11-25 09:00"),
        ("2026-03-06 16:30", HOUR, "2026-03-09 09:30"),  # the clock went forward on Sunday
        ("2026-10-30 16:30", HOUR, "2026-11-02 09:30"),  # and back
    ],
)
def test_working_time_is_added(start: str, amount: timedelta, end: str) -> None:
    assert OFFICE.add_time(at(start), amount) == at(end)


def test_lunch_does_not_count() -> None:
    assert WITH_LUNCH.add_time(at("2026-11-24 11:30"), HOUR) == at("2026-11-24 13:30")
    assert WITH_LUNCH.next_opening(at("2026-11-24 12:00")) == at("2026-11-24 13:00")
    assert not WITH_LUNCH.is_open(at("2026-11-24 12:30"))
    assert WITH_LUNCH.is_open(at("2026-11-24 13:00"))


@pytest.mark.parametrize(
    ("lunch", "parts"),
    [
        (None, (DAY,)),
        (LUNCH, (Span(time(9), time(12)), Span(time(13), time(17)))),
        (Span(time(8), time(10)), (Span(time(10), time(17)),)),
        (Span(time(16), time(18)), (Span(time(9), time(16)),)),
        (Span(time(18), time(19)), (DAY,)),
    ],
)
def test_lunch_splits_a_day(lunch: Span | None, parts: tuple[Span, ...]) -> None:
    assert split_at_lunch(DAY, lunch) == parts


def test_lunch_of_a_day_that_ends_at_midnight() -> None:
    whole = Span(time(0), time(0))
    assert split_at_lunch(whole, LUNCH) == (Span(time(0), time(12)), Span(time(13), time(0)))


def test_the_teams_own_days_off_are_free() -> None:
    own = BusinessCalendar("America/New_York", WEEK, "", frozenset({date(2026, 11, 24)}))
    assert own.next_opening(at("2026-11-24 10:00")) == at("2026-11-25 09:00")
    assert own.is_open(at("2026-11-26 10:00"))  # Thanksgiving, where no country is set


@pytest.mark.parametrize(("day", "hours"), [("2026-03-08", 23), ("2026-11-01", 25)])
def test_a_day_of_the_clock_change_has_its_real_length(day: str, hours: int) -> None:
    ((opens, closes),) = openings_of(ALWAYS, date.fromisoformat(day))
    assert closes - opens == timedelta(hours=hours)
    assert ALWAYS.add_time(opens, timedelta(hours=hours)) == closes


def test_hours_that_the_clock_skips_are_none() -> None:
    night = BusinessCalendar("America/New_York", ((Span(time(2, 15), time(3, 10)),),) * 7)
    assert openings_of(night, date(2026, 3, 8)) == ()
    assert night.next_opening(at("2026-03-08 00:00")) == at("2026-03-09 02:15")


def test_a_calendar_without_hours_never_opens() -> None:
    now = at("2026-11-24 10:00")
    assert NEVER.next_opening(now) is None
    assert NEVER.add_time(now, HOUR) is None
    assert NEVER.latest_start(now, HOUR) is None


moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))
amounts = st.integers(0, 40 * 60).map(lambda minutes: timedelta(minutes=minutes))
calendars = st.sampled_from([OFFICE, WITH_LUNCH, ALWAYS])


@given(calendars, moments, amounts)
def test_the_latest_start_is_the_last_that_is_due(
    hours: BusinessCalendar, now: datetime, amount: timedelta
) -> None:
    latest = hours.latest_start(now, amount)
    assert latest is not None and latest <= now
    before, after = latest - timedelta(seconds=1), latest + timedelta(seconds=1)
    assert (hours.add_time(before, amount) or now) <= now
    if after <= now:
        assert (hours.add_time(after, amount) or now) > now


@given(calendars, moments, amounts, amounts)
def test_working_time_is_added_in_parts(
    hours: BusinessCalendar, start: datetime, first: timedelta, second: timedelta
) -> None:
    half = hours.add_time(start, first)
    assert half is not None and half >= start
    if second:
        assert hours.add_time(half, second) == hours.add_time(start, first + second)


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2026-11-24 10:00", 1, "2026-11-25 10:00"),
        ("2026-11-25 20:00", 1, "2026-11-27 20:00"),  # over Thanksgiving, outside of hours
        ("2026-11-21 12:00", 3, "2026-11-25 12:00"),  # from a Saturday
        ("2026-03-06 02:30", 1, "2026-03-09 02:30"),  # the clock went forward on Sunday
    ],
)
def test_the_same_time_of_day_working_days_later(start: str, days: int, end: str) -> None:
    assert OFFICE.add_days(at(start), days) == at(end)
    assert NEVER.add_days(at(start), days) is None
    assert ALWAYS.add_days(at("2026-03-06 10:00"), 3) == at("2026-03-09 10:00")


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2026-11-24 10:00", "2026-11-24 16:00", 5),
        ("2026-11-24 20:00", "2026-11-25 10:00", 1),
        ("2026-11-25 16:00", "2026-11-27 10:00", 2),
        ("2026-11-21 08:00", "2026-11-22 20:00", 0),
        ("2026-11-24 16:00", "2026-11-24 10:00", 0),
    ],
)
def test_working_time_between(start: str, end: str, hours: int) -> None:
    assert WITH_LUNCH.time_between(at(start), at(end)) == hours * HOUR
    assert NEVER.time_between(at(start), at(end)) == timedelta(0)


@given(
    st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),
    st.timedeltas(timedelta(0), timedelta(hours=120)),
    st.sampled_from([OFFICE, WITH_LUNCH, ALWAYS]),
)
def test_what_is_added_is_what_lies_between(
    start: datetime, amount: timedelta, hours: BusinessCalendar
) -> None:
    end = hours.add_time(start, amount)
    assert end is not None and hours.time_between(start, end) == amount
