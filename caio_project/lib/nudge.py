"""Wake the next stage. The row is the queue: a lost nudge costs time, never correctness.

Nudges go through the broker. Where there is none, a datagram for each carries them to the process
that works, on a socket beside the database's file.
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

from celery import current_app
from django.conf import settings
from django.db import transaction

log = logging.getLogger(__name__)

# seconds between two rounds of wake-ups from one process; a burst of visits wakes a stage once
ROUND_SECONDS = 0.25
LONGEST_NAME = 200

# On memory:// only the process that runs the worker reaches it; `pump` sets these.
listening_here = False
wanted: Callable[[str], bool] = lambda task: True  # noqa: E731
# Entered by a sweep that runs among others; False where it runs often enough already.
running: Callable[[str], AbstractContextManager[bool]] = lambda task: nullcontext(True)  # noqa: E731
# Called in a thread of its own where the broker took nothing, at most once a minute; set at start.
when_broker_is_away: Callable[[], None] = lambda: None  # noqa: E731
BROKER_AWAY_SECONDS = 60.0


def nudge(task: str) -> None:
    """Wake `task` (a registered name such as "outreach.draft_due") after the transaction commits.

    A no-op where nobody listens. It never raises and never waits: a thread of its own talks to
    the broker, so that a hanging broker cannot hang a request.
    """
    if not settings.EMBEDDED or listening_here:
        transaction.on_commit(partial(wake_soon, task), robust=True)
    elif settings.NUDGE_SOCKET.exists():
        transaction.on_commit(partial(_send_datagram, task), robust=True)


def wake_soon(task: str) -> None:
    _nudge_thread.wake(task)


class _NudgeThread:
    """Sends each waiting name once a round; the thread starts in the process that needs it."""

    def __init__(self) -> None:
        self._pending: dict[str, None] = {}
        self._something = threading.Condition()
        self._thread: threading.Thread | None = None
        self._away_noted_at = -BROKER_AWAY_SECONDS

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
            taken = [wake_worker(task) for task in tasks]
            if not all(taken):
                self._note_away()
            time.sleep(ROUND_SECONDS)

    def _note_away(self) -> None:
        if time.monotonic() - self._away_noted_at < BROKER_AWAY_SECONDS:
            return
        self._away_noted_at = time.monotonic()
        try:
            when_broker_is_away()
        except Exception:  # the next nudge still has to leave
            log.exception("watching without the broker failed")


def wake_worker(task: str, **options: Any) -> bool:
    """Ask a worker to run `task`, now and through the broker. Never raises.

    `options` are Celery's. False where the broker did not take it.
    """
    try:
        if wanted(task):
            asked = {"retry": False, "ignore_result": True, "expires": 60, **options}
            current_app.send_task(task, **asked)
    except Exception as error:  # the broker is allowed to be down
        log.warning("could not wake %s: %s", task, type(error).__name__)
        return False
    return True


def _send_datagram(task: str) -> None:
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            sender.sendto(task.encode(), str(settings.NUDGE_SOCKET))
    except OSError:
        pass  # whoever listened was killed, or is behind: the next sweep finds the row


def listen(wake: Callable[[str], None]) -> None:
    """Call `wake` with each name that another process sends, in a thread, until this one ends."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        settings.NUDGE_SOCKET.unlink(missing_ok=True)
        listener.bind(str(settings.NUDGE_SOCKET))
        settings.NUDGE_SOCKET.chmod(0o600)
    except OSError as error:
        listener.close()
        log.warning("no socket for nudges: %s; work waits for the next sweep", error.strerror)
        return

    def read_names() -> None:
        while True:
            wake(listener.recv(LONGEST_NAME).decode(errors="replace"))

    threading.Thread(target=read_names, name="nudges", daemon=True).start()


def _reset_after_fork() -> None:
    global _nudge_thread
    _nudge_thread = _NudgeThread()


_nudge_thread = _NudgeThread()
os.register_at_fork(after_in_child=_reset_after_fork)
