"""A silent webhook is noticed when it is silent for longer than is normal for these hours, and not
before.
"""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.inbound import silence
from leads.models import Alarm, InboundEvent

pytestmark = pytest.mark.django_db

TUESDAY = datetime(2026, 11, 17, 19, 0, tzinfo=UTC)  # 14:00 in New York


def history(until: datetime, a_day: int = 24, days: int = 21) -> None:
    """Events between 9:00 and 17:00 New York on working days, evenly."""
    rows, day = [], until - timedelta(days=days)
    while day <= until:
        for n in range(a_day):
            at = day.replace(hour=14, minute=0) + timedelta(hours=8 * n / a_day)
            if at <= until and at.weekday() < 5:
                rows.append(
                    InboundEvent(
                        source="rb2b", body=b"", body_sha256=uuid.uuid4().hex, received_at=at
                    )
                )
        day += timedelta(days=1)
    InboundEvent.objects.bulk_create(rows)


def alarms() -> int:
    return Alarm.objects.filter(closed_at=None).count()


def test_silent_working_hours_raise_one_alarm() -> None:
    history(TUESDAY)
    silence.watch_sources(TUESDAY + timedelta(hours=1))
    assert alarms() == 0  # three were due
    silence.watch_sources(TUESDAY + timedelta(hours=2, minutes=30))
    silence.watch_sources(TUESDAY + timedelta(hours=2, minutes=40))
    assert alarms() == 1
    assert (
        "No event from rb2b since Nov\u00a017, 2:00\u00a0PM\u00a0ET; about 7 were due"
        in Alarm.objects.get().text
    )


def test_a_night_and_a_weekend_are_no_silence() -> None:
    friday = datetime(2026, 11, 20, 21, 59, tzinfo=UTC)
    history(friday)
    silence.watch_sources(friday + timedelta(hours=14))
    silence.watch_sources(datetime(2026, 11, 23, 13, 0, tzinfo=UTC))  # Monday, 8:00
    assert alarms() == 0
    silence.watch_sources(datetime(2026, 11, 23, 17, 0, tzinfo=UTC))  # Monday, 12:00
    assert alarms() == 1


def test_a_new_event_ends_the_alarm() -> None:
    history(TUESDAY)
    silence.watch_sources(TUESDAY + timedelta(hours=3))
    assert alarms() == 1
    at = TUESDAY + timedelta(hours=3, minutes=5)
    InboundEvent.objects.create(source="rb2b", body=b"", body_sha256="new", received_at=at)
    silence.watch_sources(at + timedelta(minutes=1))
    assert alarms() == 0


def test_young_source_raises_no_alarm() -> None:
    silence.watch_sources(TUESDAY)
    history(TUESDAY, days=3)
    silence.watch_sources(TUESDAY + timedelta(days=3))
    assert alarms() == 0


def test_a_source_that_speaks_rarely_is_given_time() -> None:
    history(TUESDAY, a_day=1)
    silence.watch_sources(TUESDAY + timedelta(days=2))
    assert alarms() == 0


@pytest.mark.postgres_is_enough
def test_short_pause_is_no_silence() -> None:
    history(TUESDAY, a_day=480)
    silence.watch_sources(TUESDAY + timedelta(minutes=9))
    assert alarms() == 0  # nine were due
    silence.watch_sources(TUESDAY + timedelta(minutes=10))
    assert alarms() == 1


def queries(at: datetime) -> int:
    with CaptureQueriesContext(connection) as caught:
        silence.silent_for("rb2b", at)
    return len(caught)


def test_rates_are_counted_in_silence_once_hourly(time_machine: Any) -> None:
    time_machine.move_to(TUESDAY + timedelta(hours=1), tick=False)
    history(TUESDAY)
    assert queries(TUESDAY + timedelta(minutes=5)) == 1
    assert queries(TUESDAY + timedelta(hours=1)) > 2
    assert queries(TUESDAY + timedelta(hours=1, seconds=30)) == 2
    time_machine.shift(timedelta(hours=1, seconds=1))
    assert queries(TUESDAY + timedelta(hours=2)) > 2


def test_next_silence_uses_newer_rates() -> None:
    history(TUESDAY)
    tomorrow = TUESDAY + timedelta(days=1)
    before, _ = silence.silent_for("rb2b", tomorrow)
    for minutes in range(0, 300, 3):
        InboundEvent.objects.create(
            source="rb2b",
            body=b"",
            body_sha256=uuid.uuid4().hex,
            received_at=TUESDAY + timedelta(minutes=minutes),
        )
    after, since = silence.silent_for("rb2b", tomorrow + timedelta(minutes=297))
    assert since == TUESDAY + timedelta(minutes=297)
    assert before == pytest.approx(24, rel=0.3)
    assert after > before


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata", "UTC", "Australia/Lord_Howe"])
def test_every_event_is_counted_once_whatever_the_zone(settings: Any, zone: str) -> None:
    settings.TEAM_TIME_ZONE = zone
    start, end = TUESDAY - timedelta(days=1, minutes=17), TUESDAY + timedelta(minutes=41)
    for n in range(100):
        at = start + (end - start) * n / 99
        InboundEvent.objects.create(
            source="rb2b", body=b"", body_sha256=uuid.uuid4().hex, received_at=at
        )
    days = silence._count_days(start, end, ZoneInfo(zone))
    found = silence.hourly_rates("rb2b", start, end)
    assert sum(n * days[weekday] for (weekday, _), n in found.items()) == pytest.approx(100)
