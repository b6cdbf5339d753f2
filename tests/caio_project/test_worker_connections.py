"""Tasks keep their database connection, and lose one that is broken or old."""

from collections.abc import Callable
from typing import Any

import pytest
from celery import shared_task
from celery.fixups.django import DjangoWorkerFixup
from django.db import connection

from caio_project.celery import app


@shared_task(name="tests.number_of_backend")
def number_of_backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


@pytest.fixture
def run(committed: None, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", 60)
    monkeypatch.setitem(connection.settings_dict, "CONN_HEALTH_CHECKS", True)
    connection.close()
    fixup = DjangoWorkerFixup(app)

    def run_as_a_worker() -> int:
        fixup.close_database()
        found: Any = number_of_backend.apply().get()
        fixup.close_database()
        return int(found)

    return run_as_a_worker


@pytest.mark.postgres
def test_tasks_share_a_connection(run: Callable[[], int]) -> None:
    assert run() == run()


@pytest.mark.postgres
def test_a_connection_that_the_server_ended_is_replaced(run: Callable[[], int]) -> None:
    first = run()
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [first])
    other.close()

    assert run() != first


@pytest.mark.postgres
def test_an_old_connection_is_closed(run: Callable[[], int]) -> None:
    first = run()
    connection.close_at = 0.0

    assert run() != first
