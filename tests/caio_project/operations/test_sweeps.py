"""Starting, alive or late: what each sweep is since the background work began."""

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone

from caio_project.lib.models import Heartbeat
from caio_project.operations import status, sweeps
from caio_project.operations.deployment_check import deployment
from caio_project.schedule import (
    BUSY_SECONDS,
    DEFAULT_QUEUE,
    QUEUE_OF,
    QUEUES,
    ROUND,
    SWEEPS,
    TICK_SECONDS,
)
from caio_project.tasks import tick

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


@pytest.fixture
def now() -> datetime:
    return timezone.now()


def migrated(at: datetime) -> None:
    MigrationRecorder.Migration.objects.update(applied=at)


def seen(at: datetime, *names: str) -> None:
    for name in names or ("beat", *SWEEPS):
        Heartbeat.objects.update_or_create(name=name, defaults={"seen_at": at, "worked_at": at})


def note_tick(now: datetime) -> None:
    sweeps.note_tick(now, sweeps.read_heartbeats())


def send_due(now: datetime) -> list[str]:
    return sweeps.send_due_sweeps(now, sweeps.read_heartbeats())


@pytest.fixture
def sent(monkeypatch: Any) -> list[tuple[str, dict[str, Any]]]:
    """What went to the broker, with its options."""
    tasks: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(sweeps, "wake_worker", lambda task, **more: tasks.append((task, more)))
    return tasks


def states(now: datetime) -> dict[str, str]:
    return {
        one.name: "alive" if one.is_alive else "starting" if one.is_starting else "late"
        for one in sweeps.sweep_states(now)
    }


@pytest.mark.parametrize(
    ("minutes", "found"), [(0, "starting"), (4.9, "starting"), (5.1, "late"), (600, "late")]
)
def test_never_seen_since_the_database_was_migrated(
    now: datetime, minutes: float, found: str
) -> None:
    migrated(now - minutes * MINUTE)
    assert set(states(now).values()) == {found}


@pytest.mark.parametrize(("minutes", "found"), [(0.1, "starting"), (4, "starting"), (6, "late")])
def test_sweeps_have_their_time_from_the_first_tick_on(
    now: datetime, minutes: float, found: str
) -> None:
    migrated(now - 600 * MINUTE)
    seen(now - 300 * MINUTE)
    note_tick(now - minutes * MINUTE)
    seen(now, "beat")
    assert states(now)["beat"] == "alive" and states(now)["metrics.evaluate_gates"] == found


def test_one_late_sweep_among_the_others_is_late(now: datetime) -> None:
    migrated(now - 600 * MINUTE)
    note_tick(now - 600 * MINUTE)
    seen(now)
    seen(now - 6 * MINUTE, "leads.assess_due")
    assert [name for name, found in states(now).items() if found != "alive"] == ["leads.assess_due"]
    [problem] = status.pipeline_problems(now)
    assert problem.startswith("leads.assess_due was last seen at ")


def test_beats_that_never_stop_do_not_start_again(now: datetime) -> None:
    migrated(now - 600 * MINUTE)
    for minutes in range(20, 0, -2):
        note_tick(now - minutes * MINUTE)
    assert Heartbeat.objects.get(name="started").seen_at == now - 20 * MINUTE
    assert states(now)["leads.assess_due"] == "late"


@pytest.mark.parametrize(("pause", "again"), [(2, False), (3, True), (60, True)])
def test_a_pause_is_a_new_start(now: datetime, pause: float, again: bool) -> None:
    first = now - 100 * MINUTE
    note_tick(first)
    note_tick(first + pause * MINUTE)
    assert (Heartbeat.objects.get(name="started").seen_at > first) is again


def test_beat_that_died_since_is_late_and_not_starting(now: datetime) -> None:
    migrated(now - 600 * MINUTE)
    note_tick(now - 6 * MINUTE)
    assert states(now)["beat"] == "late"


def test_a_start_lies_never_in_the_future(now: datetime) -> None:
    migrated(now + 600 * MINUTE)
    assert set(states(now).values()) == {"late"}


def test_the_task_of_beat_records_both() -> None:
    tick()
    seen_ones = Heartbeat.objects.exclude(seen_at=None)
    assert set(seen_ones.values_list("name", flat=True)) == {"beat", "started"}


def test_a_first_tick_sends_every_sweep_and_the_next_none(now: datetime) -> None:
    assert send_due(now) == list(SWEEPS)

    assert send_due(now + TICK_SECONDS * SECOND) == []


@pytest.mark.parametrize("name", SWEEPS)
def test_an_idle_sweep_is_sent_by_its_interval(now: datetime, name: str) -> None:
    send_due(now)
    Heartbeat.beat(name, now=now)

    assert name not in send_due(now + (SWEEPS[name] - TICK_SECONDS) * SECOND)
    assert name in send_due(now + SWEEPS[name] * SECOND)


def test_a_sweep_that_works_is_sent_with_every_tick(now: datetime) -> None:
    send_due(now)
    Heartbeat.beat("leads.process_events", worked=True, now=now)

    sent = [send_due(now + number * TICK_SECONDS * SECOND) for number in range(1, 4)]

    often = {name for name, every in SWEEPS.items() if every <= 3 * TICK_SECONDS}
    assert [sorted(set(names) - often) for names in sent] == [["leads.process_events"]] * 3


def test_a_sweep_without_work_goes_back_to_its_interval(now: datetime) -> None:
    send_due(now - SECOND)
    Heartbeat.beat("leads.process_events", worked=True, now=now - BUSY_SECONDS * SECOND)
    Heartbeat.objects.update(sent_at=now)

    assert send_due(now + TICK_SECONDS * SECOND) == []


def test_a_sweep_that_is_never_seen_is_sent_again_and_late(now: datetime) -> None:
    migrated(now - 600 * MINUTE)
    for minutes in range(6):
        note_tick(now + minutes * MINUTE)
        assert "leads.assess_due" in send_due(now + minutes * MINUTE)

    [state] = [
        one for one in sweeps.sweep_states(now + 6 * MINUTE) if one.name == "leads.assess_due"
    ]
    assert not state.is_alive and not state.is_starting
    assert state.sentence == "leads.assess_due was never seen."


def test_idle_sweeps_are_sent_together_to_the_queue_of_each(
    now: datetime, sent: list[Any], settings: Any
) -> None:
    settings.EMBEDDED = False
    send_due(now)

    assert {task for task, _ in sent} == {ROUND} and len(sent) == 1 + len(QUEUES)
    together = {more["queue"]: more["args"][0] for _, more in sent}
    assert sorted(name for names in together.values() for name in names) == sorted(SWEEPS)
    for queue, names in together.items():
        assert {QUEUE_OF.get(name, DEFAULT_QUEUE) for name in names} == {queue}


def test_one_process_takes_all_idle_sweeps_together(
    now: datetime, sent: list[Any], settings: Any
) -> None:
    settings.EMBEDDED = True
    send_due(now)

    assert sent == [(ROUND, {"args": [list(SWEEPS)], "queue": DEFAULT_QUEUE})]


def test_a_sweep_that_worked_lately_is_sent_alone(now: datetime, sent: list[Any]) -> None:
    Heartbeat.beat("leads.process_events", worked=True, now=now - SECOND)
    send_due(now)

    assert sent[0] == ("leads.process_events", {})
    assert not any("leads.process_events" in more["args"][0] for _, more in sent[1:])


def test_an_idle_tick_asks_one_statement(now: datetime, django_assert_num_queries: Any) -> None:
    tick()
    with django_assert_num_queries(1):
        tick()


def test_a_clock_set_back_stops_no_sweep(now: datetime) -> None:
    send_due(now + 600 * MINUTE)

    assert send_due(now) == list(SWEEPS)


def test_no_interval_lets_a_sweep_look_late() -> None:
    assert max(SWEEPS.values()) + TICK_SECONDS < (sweeps.ALIVE_WITHIN - sweeps.PAUSE).seconds


def test_health_is_200_while_starting_and_503_once_late(client: Client) -> None:
    tick()
    answer = client.get("/api/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "starting")
    assert answer.json()["checks"]["beat"]["ok"] and answer.json()["checks"]["worker"]["ok"]
    assert "is starting" in answer.json()["checks"]["pipeline"]["detail"]
    assert client.get("/api/queue-status").json()["pipeline_healthy"] is False
    seen(timezone.now())
    answer = client.get("/api/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "healthy")
    past = timezone.now() - 6 * MINUTE
    migrated(past)
    seen(past, "started", "outreach.send_due")
    answer = client.get("/api/health")
    assert (answer.status_code, answer.json()["status"]) == (503, "unhealthy")


def test_a_problem_is_said_also_while_starting(client: Client) -> None:
    from tests import factories

    message = factories.draft_email()
    type(message).objects.update(status="blocked", blocked_by="postal_address")
    answer = client.get("/api/health")
    assert answer.status_code == 503
    assert "no postal address is set" in answer.json()["checks"]["pipeline"]["detail"]


@pytest.mark.parametrize(
    ("answers", "ok"), [(["starting", "starting", "healthy"], True), (["starting"] * 9, False)]
)
def test_check_of_a_deployment_waits_for_the_start(
    monkeypatch: Any, answers: list[str], ok: bool
) -> None:
    asked = iter(answers)

    def fetch(url: str) -> dict[str, Any]:
        found = next(asked)
        check = {"ok": found == "healthy", "detail": found}
        names = ("database", "worker", "beat", "pipeline", "release")
        return {"status": found, "checks": dict.fromkeys(names, check)}

    clock = iter(range(100))
    monkeypatch.setattr(deployment, "_fetch_json", fetch)
    own_time = SimpleNamespace(sleep=lambda seconds: None, monotonic=lambda: float(next(clock)))
    monkeypatch.setattr(deployment, "time", own_time)  # not the clock of other threads
    found = deployment._check_health("http://127.0.0.1", wait=5)
    assert all(check.ok for check in found) is ok
