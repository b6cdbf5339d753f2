"""Times are said with a 12-hour clock and the zone's abbreviation."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from caio_project.lib.templatetags import say
from caio_project.lib.words import clock_words

NBSP = "\u00a0"


@pytest.mark.parametrize(
    ("zone", "at", "said"),
    [
        ("America/New_York", datetime(2026, 3, 3, 19, 39, tzinfo=UTC), "2:39 PM ET"),
        ("America/New_York", datetime(2026, 7, 3, 16, 0, tzinfo=UTC), "12:00 PM ET"),
        ("America/Chicago", datetime(2026, 3, 3, 6, 5, tzinfo=UTC), "12:05 AM CT"),
        ("America/Phoenix", datetime(2026, 7, 3, 16, 0, tzinfo=UTC), "9:00 AM MT"),
        ("Pacific/Honolulu", datetime(2026, 7, 3, 16, 0, tzinfo=UTC), "6:00 AM HT"),
        ("Europe/London", datetime(2026, 7, 3, 16, 0, tzinfo=UTC), "5:00 PM BST"),
        ("Asia/Shanghai", datetime(2026, 7, 3, 16, 0, tzinfo=UTC), "12:00 AM UTC+8"),
        ("Asia/Kolkata", datetime(2026, 7, 3, 16, 0, tzinfo=UTC), "9:30 PM IST"),
        ("America/Sao_Paulo", datetime(2026, 7, 3, 16, 0, tzinfo=UTC), "1:00 PM UTC-3"),
        ("Asia/Kathmandu", datetime(2026, 7, 3, 16, 0, tzinfo=UTC), "9:45 PM UTC+5:45"),
        ("UTC", datetime(2026, 7, 3, 16, 0, tzinfo=UTC), "4:00 PM UTC"),
    ],
)
def test_a_time_is_said_with_its_zone(zone: str, at: datetime, said: str) -> None:
    assert clock_words.clock_words(at, ZoneInfo(zone)).replace(NBSP, " ") == said


def test_another_day_is_named_with_the_time() -> None:
    now = timezone.now()
    assert ", " not in clock_words.day_clock_words(now)
    other = now - timedelta(days=400)
    local = timezone.localtime(other)
    assert (
        clock_words.day_clock_words(other)
        .replace(NBSP, " ")
        .startswith(f"{local:%b} {local.day}, {local.year}, ")
    )


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(0.5, "30 s"), (18, "18 min"), (100, "1 h 40 min"), (120, "2 h"), (1500, "1 d 1 h")],
)
def test_a_span_has_its_two_largest_units(minutes: float, said: str) -> None:
    span = timedelta(minutes=minutes)
    assert clock_words.span_words(span).replace(NBSP, " ") == said
    assert clock_words.span_words(-span).replace(NBSP, " ") == said


def test_what_is_due_says_how_long() -> None:
    now = timezone.now()
    assert say.due(now + timedelta(minutes=100, seconds=5)) == f"due in 1{NBSP}h 40{NBSP}min"
    assert say.due(now - timedelta(minutes=18, seconds=5)) == f"18{NBSP}min late"
    assert say.due(None) == ""
