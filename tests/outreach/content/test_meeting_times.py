"""Two times for a call: in working hours there, the first with notice, never on a day off."""

from datetime import UTC, datetime, timedelta

import pytest

from outreach.content.meeting_times import CallPlace, are_past, offer_times, times_from

NEW_YORK = CallPlace("America/New_York", "US", "NY")
PACIFIC, ARIZONA = (CallPlace(f"America/{name}", "US") for name in ("Los_Angeles", "Phoenix"))
BERLIN = CallPlace("Europe/Berlin", "DE")
UTC_DAY = datetime(2026, 3, 3, tzinfo=UTC)  # a Tuesday; New York is five hours behind


@pytest.mark.parametrize(
    ("day", "clock", "place", "text"),
    [
        (3, "14:10", NEW_YORK, "Tuesday at 1:30 PM or Wednesday at 10 AM ET"),
        (3, "15:00", NEW_YORK, "Tuesday at 2 PM or Wednesday at 10 AM ET"),
        (3, "20:30", NEW_YORK, "Wednesday at 10 AM or Thursday at 2 PM ET"),
        (3, "04:00", NEW_YORK, "Tuesday at 1 PM or Wednesday at 10 AM ET"),
        (6, "23:00", NEW_YORK, "Monday at 1 PM or Tuesday at 10 AM ET"),
        (3, "15:00", PACIFIC, "Tuesday at 1 PM or Wednesday at 10 AM PT"),
        (3, "15:00", ARIZONA, "Tuesday at 1 PM or Wednesday at 10 AM MST"),
        (3, "15:00", BERLIN, "Wednesday at 10 AM or Thursday at 2 PM CET"),
    ],
)  # fmt: skip
def test_times_fit_the_hours_there(day: int, clock: str, place: CallPlace, text: str) -> None:
    hour, minute = map(int, clock.split(":"))
    now = UTC_DAY.replace(day=day, hour=hour, minute=minute)
    assert offer_times(now, place).text == text


def test_holidays_are_passed_over() -> None:
    christmas_eve = datetime(2026, 12, 24, 21, 0, tzinfo=UTC)
    assert offer_times(christmas_eve, NEW_YORK).text.startswith("Monday at 10 AM or Tuesday")


def test_any_moment_gives_notice_and_working_hours() -> None:
    for hours in range(0, 24 * 14, 3):
        now = UTC_DAY + timedelta(hours=hours)
        offer = offer_times(now, NEW_YORK)
        assert now + timedelta(hours=4) <= offer.first < offer.second
        assert offer.first.astimezone(UTC).weekday() < 5


def test_the_same_first_time_gives_the_same_pair() -> None:
    offer = offer_times(UTC_DAY.replace(hour=15), NEW_YORK)
    assert times_from(offer.first, NEW_YORK) == offer


def test_an_hour_before_it_is_past() -> None:
    first = UTC_DAY.replace(hour=19)
    assert not are_past(first, first - timedelta(minutes=60))
    assert are_past(first, first - timedelta(minutes=59))
    assert not are_past(None, first)
