"""The product's processes under bench/chaos_ingest.py, which kills them one by one."""

import contextlib
import os
import random
import signal
import time
from collections import Counter
from dataclasses import dataclass, field

import psycopg

from bench import forking, servers, world
from bench.forking import Forker

AWAY = (1.0, 4.0)  # seconds without PostgreSQL


@dataclass
class Harm:
    """What was done on the way."""

    restarts: list[str] = field(default_factory=list)
    killed: Counter[str] = field(default_factory=Counter)
    web_killed_at: list[float] = field(default_factory=list)  # by time.monotonic()
    failed: str = ""


class ChaosSite:
    """The product's processes, which can be killed one by one; what is killed whole is started
    again. Each begins as a copy of one that has loaded Django.
    """

    def __init__(self, postgres: servers.Postgres, env: dict[str, str], chance: random.Random):
        self.postgres, self._chance, self.harm = postgres, chance, Harm()
        self._forker = Forker(env | {"WEB_CONCURRENCY": "2"}, *forking.CELERY_MODULES)
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> "ChaosSite":
        self._stack.enter_context(self._forker)
        self.url, self._web = self._stack.enter_context(
            world.web_process(self._forker, "/webhooks/rb2b/health")
        )
        self._start_celery()
        self._stack.callback(lambda: self._worker.__exit__())  # whichever runs by then
        self._stack.enter_context(world.Process(self._forker, *world.CELERY, *world.BEAT))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def restart_postgres(self) -> None:
        """Away for some seconds, in which a web process dies that has bodies in the spool."""
        mode = "fast" if "immediate" in self.harm.restarts else "immediate"
        self.harm.restarts.append(mode)
        self.postgres.stop(mode)
        away = self._chance.uniform(*AWAY)
        time.sleep(away / 2)
        self.kill_web()
        time.sleep(away / 2)
        self.postgres.start()

    def kill_web(self) -> None:
        """One of gunicorn's workers; gunicorn starts another."""
        self._kill_one_of("web", self._web.children())
        self.harm.web_killed_at.append(time.monotonic())

    def kill_celery(self) -> None:
        """One of the worker's children, or in one of three cases the worker with all of them."""
        if self._chance.random() < 1 / 3:
            self._stop_celery()
            self._start_celery()
            self.harm.killed["worker"] += 1
        else:
            self._kill_one_of("worker child", self._worker.children())

    def let_the_leases_end(self) -> None:
        """What was leased when it was killed waits for a minute; with nobody at work the minute is
        made to pass.
        """
        self._stop_celery()
        with psycopg.connect(self.postgres.url) as connection:
            for table in ("leads_inboundevent", "leads_lead", "leads_enrichment"):
                connection.execute(f"UPDATE {table} SET lease_until = NULL")
        self._start_celery()

    def _stop_celery(self) -> None:
        for pid in [*self._worker.children(), self._worker.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._worker.__exit__()

    def _start_celery(self) -> None:
        self._worker = world.Process(
            self._forker, *world.CELERY, "worker", "--loglevel=WARNING", "--concurrency=2"
        )

    def _kill_one_of(self, what: str, pids: list[int]) -> None:
        if pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._chance.choice(pids), signal.SIGKILL)
                self.harm.killed[what] += 1
