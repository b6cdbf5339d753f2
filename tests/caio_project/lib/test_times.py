"""Times from outside are UTC between 2000 and 2100, or the default."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caio_project.lib.times import EARLIEST, LATEST, parse_day, parse_time

DEFAULT = datetime(2026, 11, 28, 9, 30, tzinfo=UTC)
ZONES = ("UTC", "America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago")
MOMENT = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "at"),
    [
        ("2026-03-03T15:00:00Z", MOMENT),
        ("2026-03-03T10:00:00-05:00", MOMENT),
        ("2026-03-03 15:00", MOMENT),
        ("  2026-03-03T15:00:00.000Z ", MOMENT),
        ("20260303T150000Z", MOMENT),
        (1_772_550_000, MOMENT),
        (1_772_550_000_000, MOMENT),
        (1_772_550_000.5, MOMENT + timedelta(seconds=0.5)),
        (datetime(2026, 3, 4, 5, 0, tzinfo=ZoneInfo("Pacific/Kiritimati")), MOMENT),
        ("2000-01-01", EARLIEST),
        ("2099-12-31T23:59:59Z", LATEST - timedelta(seconds=1)),
    ],
)
def test_a_time_of_this_century_is_read_as_utc(value: Any, at: datetime) -> None:
    assert parse_time(value, DEFAULT) == at
    assert parse_time(value) == at


@pytest.mark.parametrize(
    "value",
    [
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "0001-01-01",
        "9999-12-31T23:59:59Z",
        "9999-12-31T23:59:59-12:00",
        "1970-01-01T00:00:00Z",
        "1999-12-31T23:59:59Z",
        "2000-01-01T00:00:00+00:01",
        "2100-01-01T00:00:00Z",
        "-0044-03-15",
        "",
        "soon",
        "2026-02-30",
        "2026-03-03T25:00:00Z",
        None,
        True,
        0,
        -1,
        10**400,
        float("nan"),
        float("inf"),
        -float("inf"),
        1e300,
        [],
        {"at": "2026-03-03"},
        b"2026-03-03",
    ],
)
def test_anything_else_is_the_default(value: Any) -> None:
    assert parse_time(value, DEFAULT) == DEFAULT
    assert parse_time(value) is None


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("2027-01-31", date(2027, 1, 31)),
        (" 2027-01-31 ", date(2027, 1, 31)),
        ("2027-01-31T23:30:00-05:00", date(2027, 1, 31)),
        ("2000-01-01", date(2000, 1, 1)),
        ("2099-12-31", date(2099, 12, 31)),
        ("0001-01-01", None),
        ("1999-12-31", None),
        ("2100-01-01", None),
        ("9999-12-31", None),
        ("31.01.2027", None),
        ("", None),
        (None, None),
    ],
)
def test_a_day_stays_as_written(value: Any, day: date | None) -> None:
    assert parse_day(value) == day


ANYTHING = st.one_of(
    st.datetimes().map(datetime.isoformat),
    st.datetimes(timezones=st.sampled_from(ZONES).map(ZoneInfo)).map(datetime.isoformat),
    st.dates().map(date.isoformat),
    st.integers(),
    st.floats(),
    st.text(max_size=30),
    st.none(),
    st.booleans(),
    st.lists(st.integers(), max_size=2),
)


@given(value=ANYTHING, zone=st.sampled_from(ZONES))
def test_whatever_is_read_can_be_shown_in_every_zone(value: Any, zone: str) -> None:
    at = parse_time(value, DEFAULT)
    assert at.utcoffset() == timedelta(0)
    assert EARLIEST <= at < LATEST
    assert at.astimezone(ZoneInfo(zone)).isoformat()
    day = parse_day(value)
    assert day is None or 2000 <= day.year <= 2099
