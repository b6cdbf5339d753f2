"""The Celery application, the same in production (Redis, prefork) and embedded (threads)."""

import os

import structlog
from celery import Celery
from celery.signals import celeryd_init, task_postrun, task_prerun
from django_structlog.celery.steps import DjangoStructLogInitStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "caio_project.settings")

app = Celery("caio_project")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(["caio_project"])
app.steps["worker"].add(DjangoStructLogInitStep)  # each line of a task has the task's id


@celeryd_init.connect
def refuse_to_work_misconfigured(**_: object) -> None:
    from caio_project.checks import refuse_to_boot

    refuse_to_boot()


@task_prerun.connect
@task_postrun.connect
def close_unusable_connections(**_: object) -> None:
    """As before and after a request: what is broken or older than CONN_MAX_AGE is closed.

    Celery itself would close every connection with every task, and each sweep connect anew.
    """
    from django.db import close_old_connections

    close_old_connections()


@task_postrun.connect
def forget_task_id(**_: object) -> None:
    from caio_project.lib.logs import correlation

    structlog.contextvars.clear_contextvars()
    correlation.forget()


@task_postrun.connect
def note_release(**_: object) -> None:
    from caio_project.operations import releases

    releases.note_process(releases.Part.WORKER)


@app.on_after_configure.connect
def set_beat_schedule(sender: Celery, **_: object) -> None:
    from caio_project.lib.running_commit import running_commit
    from caio_project.schedule import BEAT_SCHEDULE, TICK

    says_its_commit = {**BEAT_SCHEDULE[TICK], "kwargs": {"beat_commit": running_commit()}}
    sender.conf.beat_schedule = {**BEAT_SCHEDULE, TICK: says_its_commit}
