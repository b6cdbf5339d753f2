"""Nudges from one process to another where no broker carries them."""

import queue
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from caio_project.lib.nudge import listen, nudge

pytestmark = pytest.mark.django_db


@pytest.fixture
def path(settings: Any, tmp_path: Path) -> Path:
    settings.EMBEDDED = True
    settings.NUDGE_SOCKET = tmp_path / "nudges"
    return tmp_path / "nudges"


@pytest.fixture
def heard(path: Path) -> "queue.Queue[str]":
    names: queue.Queue[str] = queue.Queue()
    listen(names.put)
    return names


def test_a_nudge_arrives_after_the_commit(
    heard: "queue.Queue[str]", django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        nudge("leads.process_events")
        assert heard.empty()

    assert heard.get(timeout=5) == "leads.process_events"


def test_nobody_is_woken_for_what_was_rolled_back(
    heard: "queue.Queue[str]", django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    with (
        django_capture_on_commit_callbacks(execute=True),
        pytest.raises(RuntimeError),
        transaction.atomic(),
    ):
        nudge("leads.process_events")
        raise RuntimeError

    with pytest.raises(queue.Empty):
        heard.get(timeout=0.3)


def test_without_a_listener_nothing_is_sent(
    path: Path, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        nudge("leads.process_events")

    assert callbacks == []
    assert not path.exists()


@pytest.fixture
def commit(django_capture_on_commit_callbacks: Callable[..., Any]) -> Callable[[], None]:
    """Nudges as a transaction does that is committed."""

    def nudge_and_commit() -> None:
        with django_capture_on_commit_callbacks(execute=True):
            nudge("leads.process_events")

    return nudge_and_commit


def test_a_listener_that_was_killed_is_no_error(path: Path, commit: Callable[[], None]) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as killed:
        killed.bind(str(path))

    commit()

    assert path.exists()


def test_a_listener_takes_the_place_of_a_killed_one(path: Path, commit: Callable[[], None]) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as killed:
        killed.bind(str(path))
    names: queue.Queue[str] = queue.Queue()

    listen(names.put)
    commit()

    assert names.get(timeout=5) == "leads.process_events"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_listener_that_is_behind_holds_nobody_up(path: Path, commit: Callable[[], None]) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as busy:
        busy.bind(str(path))
        for _ in range(1000):
            commit()
        assert busy.recv(200) == b"leads.process_events"


def test_a_path_that_is_too_long_is_said_and_ends_nothing(
    settings: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings.NUDGE_SOCKET = tmp_path / ("x" * 120)

    listen(lambda task: None)

    [record] = caplog.records
    assert "work waits for the next sweep" in record.getMessage()
    assert not settings.NUDGE_SOCKET.exists()
