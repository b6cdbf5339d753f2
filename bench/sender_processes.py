"""The processes that send in bench/chaos_sending.py: Celery workers to kill, beat and web.

Each begins as a copy of one that has loaded Django.
"""

import contextlib
import os
import random
import signal
import threading

from bench import servers, world
from bench.forking import Forker

WORKERS = 4


class SenderProcesses:
    """They run for a simulated day; a killed worker is started again at once."""

    def __init__(self, forker: Forker, ahead: float):
        self._forker, self._ahead, self._one_at_a_time = forker, ahead, threading.Lock()
        self._port = str(servers.free_port())
        self.webhooks = f"http://127.0.0.1:{self._port}/webhooks/ghl"
        self._workers = [self._start("work") for _ in range(WORKERS)]
        self._others = [self._start("beat"), self._start("web", self._port)]

    def _start(self, *what: str) -> world.Process:
        given = ("bench.sender", what[0], str(self._ahead), *what[1:])
        return world.Process(self._forker, "-m", *given)

    def kill_one(self, chance: random.Random) -> None:
        n = chance.randrange(WORKERS)
        with self._one_at_a_time:
            _kill_process(self._workers[n])
            self._workers[n] = self._start("work")

    def check(self) -> None:
        """Raise if a process ended by itself, which no failure around it may cause."""
        with self._one_at_a_time:
            for process in (*self._workers, *self._others):
                process.check()

    def end(self) -> None:
        for process in (*self._workers, *self._others):
            _kill_process(process)


def _kill_process(process: world.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGKILL)
    process.__exit__()
