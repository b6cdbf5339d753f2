"""Waking the next stage may fail in every way there is, and nobody who does it waits or notices."""

import itertools
import logging
import queue
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from celery import Celery
from django.db import transaction

from caio_project.celery import app
from caio_project.lib.nudge import ROUND_SECONDS, nudge
from tests.fakes.clock import wait_for

pytestmark = pytest.mark.django_db

_names = itertools.count(1)


@pytest.fixture
def connect(settings: Any) -> Iterator[Callable[[str], Celery]]:
    """Another Celery application as this process's default, at the broker given."""
    settings.EMBEDDED = False

    def connected(broker: str) -> Celery:
        other = Celery("elsewhere", broker=broker, set_as_current=False)
        other.conf.task_default_queue = f"nudges-{next(_names)}"
        other.conf.broker_transport_options = {
            "max_retries": 0,
            "socket_connect_timeout": 1,
            "socket_timeout": 1,
        }
        other.set_default()
        return other

    yield connected
    app.set_default()


def woken(other: Celery, wait: float = 2 * ROUND_SECONDS + 0.5) -> list[str]:
    """The names that arrived at the broker within `wait` seconds, in order."""
    names = []
    with (
        other.connection_for_read() as connection,
        connection.SimpleQueue(other.conf.task_default_queue) as arrived,
    ):
        end = time.monotonic() + wait
        while time.monotonic() < end:
            try:
                message = arrived.get(block=True, timeout=0.05)
            except queue.Empty:
                continue
            names.append(message.headers["task"])
            message.ack()
    return names


def test_a_stage_is_woken_after_the_commit(
    connect: Callable[[str], Celery], django_capture_on_commit_callbacks: Any
) -> None:
    other = connect("memory://")
    with django_capture_on_commit_callbacks(execute=True):
        nudge("leads.assess_due")
        assert woken(other) == []
    assert woken(other) == ["leads.assess_due"]


def test_nobody_is_woken_for_what_was_rolled_back(
    connect: Callable[[str], Celery], django_capture_on_commit_callbacks: Any
) -> None:
    other = connect("memory://")
    with (
        django_capture_on_commit_callbacks(execute=True),
        pytest.raises(RuntimeError),
        transaction.atomic(),
    ):
        nudge("leads.assess_due")
        raise RuntimeError
    assert woken(other) == []


def test_a_burst_wakes_every_stage_once_or_twice(
    connect: Callable[[str], Celery], django_capture_on_commit_callbacks: Any
) -> None:
    other = connect("memory://")
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(100):
            nudge("leads.process_events")
        nudge("leads.assess_due")
    names = woken(other)
    assert 1 <= names.count("leads.process_events") <= 2
    assert names.count("leads.assess_due") == 1
    assert set(names) == {"leads.process_events", "leads.assess_due"}


def test_without_a_broker_that_listens_nothing_is_sent(
    connect: Callable[[str], Celery], settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    other = connect("memory://")
    settings.EMBEDDED = True
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        nudge("leads.assess_due")
    assert callbacks == []
    assert woken(other) == []


@pytest.mark.parametrize("how", ["down", "hung"])
def test_a_broken_broker_is_logged_and_delays_nobody(
    how: str,
    connect: Callable[[str], Celery],
    django_capture_on_commit_callbacks: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING, logger="caio_project.lib.nudge")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        if how == "down":
            server.close()
        connect(f"redis://127.0.0.1:{port}/0")
        started = time.monotonic()
        with django_capture_on_commit_callbacks(execute=True):
            nudge("leads.assess_due")
        assert time.monotonic() - started < 1.5  # a hung one is given up after two seconds
        wait_for(lambda: caplog.records, timeout=15)
    assert [record.getMessage() for record in caplog.records] == [
        "could not wake leads.assess_due: OperationalError"
    ]


def test_a_nudge_arrives_once_the_broker_returns(
    connect: Callable[[str], Celery],
    django_capture_on_commit_callbacks: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    connect(f"redis://127.0.0.1:{port}/0")
    with django_capture_on_commit_callbacks(execute=True):
        nudge("leads.assess_due")
    wait_for(lambda: caplog.records, timeout=15)
    other = connect("memory://")
    with django_capture_on_commit_callbacks(execute=True):
        nudge("leads.push_enrichments")
    assert woken(other) == ["leads.push_enrichments"]
