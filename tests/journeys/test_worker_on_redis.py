"""Production's way of working: a real Celery worker and beat as processes, woken through Redis, on
PostgreSQL.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
import redis
import requests
from django.conf import settings as django_settings
from django.db import connection

from caio_project.schedule import DEFAULT_QUEUE, QUEUES
from leads.inbound import event_store
from outreach.models import Message
from tests.conftest import TOKEN
from tests.fakes import rb2b

pytestmark = [pytest.mark.redis, pytest.mark.postgres]

WITHIN = 90.0  # seconds


def database_url() -> str:
    """The test database, for a process of its own."""
    at = connection.settings_dict
    login = quote(at["USER"] or "") + (f":{quote(at['PASSWORD'])}" if at["PASSWORD"] else "")
    return f"postgres://{login}@{at['HOST'] or '127.0.0.1'}:{at['PORT'] or 5432}/{at['NAME']}"


@pytest.fixture
def start(committed: None, tmp_path: Any) -> Iterator[Callable[..., None]]:
    redis.from_url(django_settings.REDIS_URL).delete(DEFAULT_QUEUE, *QUEUES)
    processes: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str) -> None:
        command = [
            sys.executable,
            "-m",
            "celery",
            "--app",
            "caio_project",
            "--quiet",
            *arguments,
            "--loglevel=WARNING",
        ]
        env = {**os.environ, "DATABASE_URL": database_url(), "REDIS_URL": django_settings.REDIS_URL}
        with (tmp_path / f"{arguments[0]}.log").open("wb") as log:
            processes.append(
                subprocess.Popen(
                    command, cwd=django_settings.BASE_DIR, env=env, stdout=log, stderr=log
                )
            )

    yield start
    for process in processes:
        process.send_signal(signal.SIGTERM)
    for process in processes:
        try:
            process.wait(timeout=20)
        except (
            subprocess.TimeoutExpired
        ):  # Celery's own warm shutdown; nothing is lost by killing it
            process.kill()
            process.wait()
    redis.from_url(django_settings.REDIS_URL).delete(DEFAULT_QUEUE, *QUEUES)


def held() -> list[str]:
    deadline = time.monotonic() + WITHIN
    while time.monotonic() < deadline:
        if found := list(
            Message.objects.filter(status="held").values_list("to_address", flat=True)
        ):
            return found
        time.sleep(0.1)
    return []


def test_wake_ups_alone_bring_a_visit_to_the_queue(start: Any, live_server: Any) -> None:
    start("worker", "--concurrency=2")
    visitor = rb2b.person()
    answer = requests.post(
        f"{live_server.url}/webhooks/rb2b?token={TOKEN}", json=visitor, timeout=10
    )
    assert answer.status_code == 200
    assert held() == [visitor["Business Email"]]


def test_sweeps_find_a_visit_without_wake_ups(start: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    start("worker", "--concurrency=2")
    start("beat", "--scheduler=celery.beat:Scheduler", "--pidfile=")
    monkeypatch.setattr(event_store, "nudge", lambda task: None)
    visitor = rb2b.person()
    event_store.store_event("rb2b", rb2b.json.dumps(visitor).encode())
    assert held() == [visitor["Business Email"]]
