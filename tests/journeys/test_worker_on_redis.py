"""Production's way of working: a real Celery worker and beat as processes, woken through Redis, on
PostgreSQL.
"""

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
import requests
from django.conf import settings as django_settings

from bench import forking, world
from bench.forking import Forker
from caio_project.schedule import DEFAULT_QUEUE, QUEUES
from leads.inbound import event_store
from outreach.models import Message
from tests.conftest import TOKEN
from tests.fakes import rb2b
from tests.races.conftest import database_url

pytestmark = [pytest.mark.redis, pytest.mark.postgres]

WITHIN = 90.0  # seconds


@pytest.fixture(scope="module")
def forker(django_db_setup: None) -> Iterator[Forker]:
    services = {"DATABASE_URL": database_url(), "REDIS_URL": django_settings.REDIS_URL}
    with Forker({**os.environ, **services}, *forking.CELERY_MODULES) as forker:
        yield forker


@pytest.fixture
def start(committed: None, forker: Forker) -> Iterator[Callable[..., None]]:
    redis.from_url(django_settings.REDIS_URL).delete(DEFAULT_QUEUE, *QUEUES)
    with contextlib.ExitStack() as processes:

        def start(*arguments: str) -> None:
            app = ("-m", "celery", "--app", "caio_project", "--quiet")
            process = world.Process(forker, *app, *arguments, "--loglevel=WARNING")
            processes.enter_context(process)

        yield start
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
