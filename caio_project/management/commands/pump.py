"""Background work without a broker: one process with a Celery worker and a beat thread."""

import contextlib
import logging
import signal
import threading
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from typing import Any

from celery import beat, signals
from celery.worker import state
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from caio_project.lib import nudge
from caio_project.schedule import ROUND, SWEEPS

RUNS_PER_TASK = (
    3  # runs of one task side by side: one slow vendor must not take every thread from the others
)
STALE_SECONDS = 15.0  # seconds after which a wake-up that never started counts as lost
POLL_SECONDS = 0.05  # seconds between two checks of the queue in memory


class WakeUpFilter:
    """Drops a wake-up while its task still waits or already runs RUNS_PER_TASK times."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, float] = {}
        self._running: Counter[str] = Counter()

    def allows(self, task: str) -> bool:
        if task == ROUND:  # each of other sweeps; those that run often enough it leaves out
            return True
        now = time.monotonic()
        with self._lock:
            if (
                self._running[task] >= RUNS_PER_TASK
                or now - self._waiting.get(task, -STALE_SECONDS) < STALE_SECONDS
            ):
                return False
            self._waiting[task] = now
            return True

    @contextlib.contextmanager
    def running(self, task: str) -> Iterator[bool]:
        with self._lock:
            is_free = self._running[task] < RUNS_PER_TASK
            self._running[task] += is_free
        try:
            yield is_free
        finally:
            with self._lock:
                self._running[task] -= is_free

    def note_start(self, task: Any = None, **_: Any) -> None:
        with self._lock:
            self._waiting.pop(task.name, None)
            self._running[task.name] += 1

    def note_end(self, task: Any = None, **_: Any) -> None:
        with self._lock:
            self._running[task.name] -= 1

    def connect_signals(self) -> None:
        signals.task_prerun.connect(self.note_start, weak=False)
        signals.task_postrun.connect(self.note_end, weak=False)


class Scheduler(beat.Scheduler):
    """Celery's own schedule, kept in memory: nothing in it is worth keeping over a restart."""

    wake_ups: WakeUpFilter

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        if self.wake_ups.allows(entry.task):
            super().apply_entry(entry, producer=producer)


class Command(BaseCommand):
    help = (
        "Do the background work without a broker: Celery worker and beat in one process (what "
        "`run` starts). Exit code: 0 ended by a signal, 1 REDIS_URL is set, others a failed worker."
    )
    requires_system_checks: list[str] = []  # the worker refuses contradictory settings itself

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.EMBEDDED:
            raise CommandError(
                "REDIS_URL is set: start `celery -A caio_project worker` and `… beat` instead."
            )
        from caio_project.celery import app

        logging.getLogger("celery").setLevel(logging.WARNING)
        # Celery warns root for fear of pickle; here messages never leave the process.
        warnings.filterwarnings("ignore", "You're running the worker with superuser privileges")
        app.conf.update(
            broker_url="memory://localhost//",
            broker_transport_options={"polling_interval": POLL_SECONDS},
        )
        wake_ups = WakeUpFilter()
        wake_ups.connect_signals()
        nudge.listening_here = True
        nudge.wanted, nudge.running = wake_ups.allows, wake_ups.running
        Scheduler.wake_ups = wake_ups
        clock: Any = beat.EmbeddedService(app, thread=True, scheduler_cls=Scheduler)
        worker = app.Worker(
            pool="threads",
            concurrency=len(SWEEPS)
            * RUNS_PER_TASK,  # an upper bound; a thread is started only when all others are busy
            hostname="pump@localhost",
            loglevel="WARNING",
            quiet=True,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
        )

        @signals.worker_ready.connect(weak=False)
        def ready(**_: Any) -> None:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, finish)
            # Without a connection that stays, closing the last one would checkpoint and delete
            # SQLite's log each time.
            connection.ensure_connection()
            clock.start()
            nudge.listen(wake_known)
            self.stdout.write("pump: working")
            self.stdout.flush()

        def wake_known(task: str) -> None:
            if task in app.tasks:
                nudge.wake_soon(task)

        def finish(*_: Any) -> None:
            # Running work is finished; what waits is a row, which the next sweep finds.
            setattr(state, "should_stop", 0)  # noqa: B010  (what celery's own handler does)

        with contextlib.suppress(SystemExit):
            worker.start()
        clock.service.stop()
        connection.close()
        if worker.exitcode:
            raise SystemExit(worker.exitcode)
