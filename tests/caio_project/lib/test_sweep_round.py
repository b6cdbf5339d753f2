"""Idle sweeps in one task: none waits for a slow one, and one that fails is seen."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import DatabaseError
from django.utils import timezone

from caio_project.lib import nudge, sweep_round
from caio_project.lib.models import HEARTBEAT_INTERVAL, Heartbeat
from caio_project.management.commands.pump import RUNS_PER_TASK, WakeUpFilter

pytestmark = pytest.mark.django_db


class Sweeps:
    """Stand-ins for tasks; `alone` are those that were sent as tasks of their own."""

    def __init__(self) -> None:
        self.tasks: dict[str, Any] = {}
        self.ran: list[str] = []
        self.alone: list[str] = []

    def add(self, name: str, work: Callable[[], object] = lambda: None, beats: bool = True) -> None:
        def run() -> None:
            self.ran.append(name)
            work()
            if beats:
                Heartbeat.beat(name)

        self.tasks[name] = SimpleNamespace(run=run)


@pytest.fixture
def sweeps(monkeypatch: Any) -> Sweeps:
    found = Sweeps()
    monkeypatch.setattr(sweep_round, "current_app", found)
    monkeypatch.setattr(nudge, "wake_worker", found.alone.append)
    return found


def fail() -> None:
    raise RuntimeError("no")


def test_all_run_in_order_and_one_statement_says_that_they_ended(
    sweeps: Sweeps, django_assert_num_queries: Any
) -> None:
    names = ["one", "two", "three"]
    for name in names:
        sweeps.add(name)
        Heartbeat.objects.create(name=name)
    with django_assert_num_queries(1):
        sweep_round.run_sweeps(names)

    assert (sweeps.ran, sweeps.alone) == (names, [])
    assert Heartbeat.objects.filter(seen_at__isnull=False).count() == 3


def test_a_heartbeat_is_not_written_again_within_its_interval() -> None:
    now = timezone.now()
    Heartbeat.objects.create(name="fresh", seen_at=now - HEARTBEAT_INTERVAL / 2)
    Heartbeat.objects.create(name="old", seen_at=now - HEARTBEAT_INTERVAL * 2)
    Heartbeat.beat_idle(["fresh", "old"], now=now)

    assert list(Heartbeat.objects.filter(seen_at=now).values_list("name", flat=True)) == ["old"]


def test_work_among_others_is_noted_at_once(sweeps: Sweeps) -> None:
    def work() -> None:
        Heartbeat.beat("busy", worked=True)
        assert Heartbeat.objects.get(name="busy").worked_at is not None

    sweeps.add("busy", work, beats=False)
    sweep_round.run_sweeps(["busy"])

    assert sweeps.ran == ["busy"]


def test_one_that_fails_runs_alone_and_the_others_go_on(sweeps: Sweeps) -> None:
    Heartbeat.objects.bulk_create([Heartbeat(name="bad"), Heartbeat(name="good")])
    sweeps.add("bad", fail)
    sweeps.add("good")
    sweep_round.run_sweeps(["bad", "good"])

    assert (sweeps.ran, sweeps.alone) == (["bad", "good"], ["bad"])
    assert Heartbeat.objects.get(name="bad").seen_at is None
    assert Heartbeat.objects.get(name="good").seen_at is not None


def test_beside_a_slow_one_the_others_run_alone(sweeps: Sweeps, monkeypatch: Any) -> None:
    handed_over = threading.Event()

    def hand_over(self: sweep_round.SweepRound) -> None:  # in its thread, without a database
        while (name := self._take()) is not None:
            nudge.wake_worker(name)
        handed_over.set()

    monkeypatch.setattr(sweep_round, "HAND_OVER_SECONDS", 0.01)
    monkeypatch.setattr(sweep_round.SweepRound, "hand_over", hand_over)
    sweeps.add("slow", lambda: handed_over.wait(30))
    sweeps.add("waits")
    sweep_round.run_sweeps(["slow", "waits"])

    assert (sweeps.ran, sweeps.alone) == (["slow"], ["waits"])


def test_those_that_ended_before_a_slow_one_are_seen(sweeps: Sweeps) -> None:
    Heartbeat.objects.bulk_create([Heartbeat(name="quick"), Heartbeat(name="slow")])
    sweeps.add("quick")
    work = sweep_round.SweepRound(["quick", "slow", "waits"])
    sweeps.add("slow", work.hand_over)
    work.run()

    assert (sweeps.ran, sweeps.alone) == (["quick", "slow"], ["waits"])
    assert Heartbeat.objects.filter(seen_at__gt=timezone.now() - timedelta(minutes=1)).count() == 2


def test_others_run_alone_also_where_the_database_is_locked(
    sweeps: Sweeps, monkeypatch: Any, caplog: Any
) -> None:
    def locked(names: Any) -> None:
        raise DatabaseError

    monkeypatch.setattr(Heartbeat, "beat_idle", locked)
    monkeypatch.setattr(sweep_round, "connections", SimpleNamespace(close_all=lambda: None))
    sweep_round.SweepRound(["waits"])._hand_over_soon()

    assert sweeps.alone == ["waits"]
    assert "idle sweeps were not noted: DatabaseError" in caplog.text


@pytest.fixture
def wake_ups(monkeypatch: Any) -> Iterator[WakeUpFilter]:
    found = WakeUpFilter()
    monkeypatch.setattr(nudge, "running", found.running)
    yield found


def test_runs_among_others_count_towards_those_side_by_side(
    sweeps: Sweeps, wake_ups: WakeUpFilter
) -> None:
    task = SimpleNamespace(name="slow")
    sweeps.add("slow", lambda: refused.append(wake_ups.allows("slow")))
    refused: list[bool] = []
    for _ in range(RUNS_PER_TASK - 1):
        wake_ups.note_start(task)
    sweep_round.run_sweeps(["slow"])
    assert refused == [False]

    wake_ups.note_start(task)
    sweep_round.run_sweeps(["slow"])
    assert sweeps.ran == ["slow"]  # not a second time

    wake_ups.note_end(task)
    assert wake_ups.allows("slow")
