"""With Redis down the team is told by whoever could not wake a worker."""

import threading
from typing import Any

import pytest
from django.db import connections

from caio_project.lib import nudge
from caio_project.operations import broker_watch
from metrics.models import Incident
from tests import factories
from tests.fakes.slack import FakeSlack


@pytest.fixture
def kept_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test's own connection is not the thread's to close."""
    monkeypatch.setattr(connections, "close_all", lambda: None)


@pytest.mark.django_db
def test_redis_that_is_down_is_told_without_a_worker(
    slack: FakeSlack, settings: Any, kept_connection: None
) -> None:
    factories.TeamMemberFactory(default_sender=True)
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    broker_watch.watch_without_broker()
    broker_watch.watch_without_broker()
    row = Incident.objects.get(cause="redis_down")
    assert row.parent is None
    (post,) = [one for one in slack.posts() if one["text"].startswith("Redis is down")]
    assert "ConnectionError" in post["text"]


@pytest.mark.django_db
def test_without_redis_nothing_is_done(settings: Any, kept_connection: None) -> None:
    settings.REDIS_URL = ""
    broker_watch.watch_without_broker()
    assert not Incident.objects.exists()


def test_a_nudge_that_fails_calls_it_once_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """`wanted` is where each process says what it takes; here it fails as a broker would."""
    calls, called = [], threading.Event()

    def refuse(task: str) -> bool:
        raise OSError

    def watch() -> None:
        calls.append(1)
        called.set()

    monkeypatch.setattr(nudge, "wanted", refuse)
    monkeypatch.setattr(nudge, "when_broker_is_away", watch)
    thread = nudge._NudgeThread()
    thread.wake("leads.process_events")
    assert called.wait(10)
    thread._note_away()
    assert calls == [1]
