"""Lines of a task carry the task's id, and none after it."""

import logging
from collections.abc import Iterator

import pytest
from celery import shared_task
from celery.signals import task_failure, task_prerun
from django_structlog.celery.receivers import CeleryReceiver
from django_structlog.celery.steps import DjangoStructLogInitStep

from caio_project.celery import app
from tests.caio_project.lib.logs.capture import captured_logs

MARK = "Quendolyn"
log = logging.getLogger("leads.test")


@shared_task(name="tests.say_something")
def say_something() -> None:
    log.info("inside")


@shared_task(name="tests.fail")
def fail() -> None:
    raise ValueError(MARK)


@pytest.fixture
def receiver() -> Iterator[None]:
    """What the worker's step connects, of the signals that these tests need."""
    one = CeleryReceiver()
    task_prerun.connect(one.receiver_task_prerun)
    task_failure.connect(one.receiver_task_failure)
    yield
    task_prerun.disconnect(one.receiver_task_prerun)
    task_failure.disconnect(one.receiver_task_failure)


def test_the_worker_takes_the_step() -> None:
    assert DjangoStructLogInitStep in app.steps["worker"]


def test_a_line_of_a_task_has_its_id(receiver: None) -> None:
    with captured_logs() as written:
        ids = [say_something.apply().id for _ in range(2)]
        log.info("later")

    assert [row["task_id"] for row in written.rows_saying("inside")] == ids
    assert "task_id" not in written.rows_saying("later")[0]


def test_a_failed_task_is_told_without_its_words(receiver: None) -> None:
    with captured_logs() as written:
        ended = fail.apply()

    rows = [row for row in written.rows if row.get("error", {}).get("type") == "ValueError"]
    assert rows and {row.get("task_id", ended.id) for row in rows} == {ended.id}
    assert MARK not in written.text
