"""Runs sweeps one after the other in one task: to send and take a task costs more than an idle one.

None waits for a slow one: after a second those that are left become tasks of their own.
"""

import logging
import threading
from collections import deque
from collections.abc import Iterable

from celery import current_app
from django.db import DatabaseError, connections

from caio_project.lib import nudge
from caio_project.lib.logs import correlation
from caio_project.lib.models import Heartbeat

log = logging.getLogger(__name__)

HAND_OVER_SECONDS = 1.0


def run_sweeps(names: Iterable[str]) -> None:
    SweepRound(names).run()


class SweepRound:
    def __init__(self, names: Iterable[str]):
        self._waiting, self._idle = deque(names), list[str]()

    def run(self) -> None:
        timer = threading.Timer(HAND_OVER_SECONDS, self._hand_over_soon)
        timer.daemon = True
        timer.start()
        with Heartbeat.collected() as self._idle:
            try:
                while (name := self._take()) is not None:
                    _run(name)
            finally:
                timer.cancel()
        Heartbeat.beat_idle(self._idle)

    def _take(self) -> str | None:
        try:
            return self._waiting.popleft()
        except IndexError:  # the other thread may have taken the last one
            return None

    def hand_over(self) -> None:
        """Make a task of each that has not begun, and say of those that ended that they did."""
        while (name := self._take()) is not None:
            nudge.wake_worker(name)
        Heartbeat.beat_idle(self._idle)

    def _hand_over_soon(self) -> None:
        try:
            self.hand_over()
        except DatabaseError as error:  # those that ended are noted once the slow one has
            log.warning("idle sweeps were not noted: %s", type(error).__name__)
        finally:
            connections.close_all()  # those of this thread


def _run(name: str) -> None:
    try:
        with nudge.running(name) as is_free:
            if is_free:
                current_app.tasks[name].run()
    except Exception as error:  # alone it says so as any task does
        log.warning("%s failed among others: %s; it runs alone", name, type(error).__name__)
        nudge.wake_worker(name)
    finally:
        correlation.forget()
