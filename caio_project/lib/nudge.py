"""Wake the next stage. The row is the queue: a lost nudge costs time, never correctness."""

import logging
import os
import threading
import time
from collections.abc import Callable
from functools import partial

from celery import current_app
from django.conf import settings
from django.db import transaction

from caio_project.lib import nudge_socket

log = logging.getLogger(__name__)

# seconds between two rounds of wake-ups from one process; a burst of visits wakes a stage once
ROUND_SECONDS = 0.25

# On memory:// only the process that runs the worker reaches it; `pump` sets these.
listening_here = False
wanted: Callable[[str], bool] = lambda task: True  # noqa: E731


def nudge(task: str) -> None:
    """Wake `task` (a registered name such as "outreach.draft_due") after the transaction commits.

    A no-op where nobody listens. It never raises and never waits: a thread of its own talks to
    the broker, so that a hanging broker cannot hang a request.
    """
    if not settings.EMBEDDED or listening_here:
        transaction.on_commit(partial(wake_soon, task), robust=True)
    elif nudge_socket.has_listener():
        transaction.on_commit(partial(nudge_socket.send, task), robust=True)


def wake_soon(task: str) -> None:
    """Wake `task` with the next round."""
    _nudge_thread.wake(task)


class _NudgeThread:
    """Sends each waiting name once a round; the thread starts in the process that needs it."""

    def __init__(self) -> None:
        self._pending: dict[str, None] = {}
        self._something = threading.Condition()
        self._thread: threading.Thread | None = None

    def wake(self, task: str) -> None:
        with self._something:
            self._pending[task] = None
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="nudge", daemon=True)
                self._thread.start()
            self._something.notify()

    def _run(self) -> None:
        while True:
            with self._something:
                while not self._pending:
                    self._something.wait()
                tasks, self._pending = list(self._pending), {}
            for task in tasks:
                wake_worker(task)
            time.sleep(ROUND_SECONDS)


def wake_worker(task: str) -> None:
    """Ask a worker to run `task`, now and through the broker. Never raises."""
    try:
        if wanted(task):
            current_app.send_task(task, retry=False, ignore_result=True, expires=60)
    except Exception as error:  # the broker is allowed to be down
        log.warning("could not wake %s: %s", task, type(error).__name__)


def _reset_after_fork() -> None:
    global _nudge_thread
    _nudge_thread = _NudgeThread()


_nudge_thread = _NudgeThread()
os.register_at_fork(after_in_child=_reset_after_fork)
