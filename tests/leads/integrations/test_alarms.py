"""An alarm is closed by the first success after a few seconds, without a question each time."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from leads.integrations import alarms
from leads.models import Alarm

pytestmark = pytest.mark.django_db


def opened_elsewhere(key: str) -> None:
    Alarm.objects.create(key=key, text="Another process has raised it.")


def test_it_asks_once_in_five_seconds(django_assert_num_queries: Any) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        with django_assert_num_queries(1):
            for _ in range(10):
                alarms.clear_when_due("ghl:one", "ghl:other")
        opened_elsewhere("ghl:one")
        clock.shift(timedelta(seconds=alarms.ASKED_AGAIN_AFTER + 0.1))
        alarms.clear_when_due("ghl:one", "ghl:other")
        assert alarms.open_keys("ghl:") == set()


def test_what_this_process_raised_is_closed_at_once() -> None:
    alarms.clear_when_due("ghl:one")
    assert alarms.raise_alarm("ghl:one", "It fails.")
    alarms.clear_when_due("ghl:one")
    assert alarms.open_keys("ghl:") == set()


def test_other_alarms_stay_open() -> None:
    opened_elsewhere("ghl:two")
    alarms.clear_when_due("ghl:one")
    assert alarms.open_keys("ghl:") == {"ghl:two"}
