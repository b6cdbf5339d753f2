"""Visits a second by 1, 2 and 4 workers, each held to a quarter of a core, on one database.

Two processors cannot show more workers at full speed: each worker's own share is held down, so that
PostgreSQL has room, and what the number of workers does can be seen. A worker is a Celery worker as
in production, with one process; beat wakes it.
"""

import contextlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from bench import idle, world

SHARE, PERIOD = 0.25, 0.08  # of a core, and the seconds in which it is counted
WORKERS, SHORT_WORKERS = (1, 2, 4), (1, 2)
VISITS, SHORT_VISITS = 240, 60  # for each worker, stored at once
LONGEST = 120.0  # seconds until all are held
HELD = "SELECT count(*) FROM outreach_message WHERE status = 'held'"


def measure_workers(is_short: bool) -> list[dict[str, float]]:
    visits = SHORT_VISITS if is_short else VISITS
    return [_measure(count, visits) for count in (SHORT_WORKERS if is_short else WORKERS)]


def _measure(workers: int, visits: int) -> dict[str, float]:
    env = world.fresh_postgres()
    with contextlib.ExitStack() as stack:
        db = stack.enter_context(psycopg.connect(world.POSTGRES, autocommit=True))
        started = [
            stack.enter_context(
                world.Process(
                    env,
                    *world.CELERY,
                    "worker",
                    "--loglevel=WARNING",
                    "--pool=solo",
                    f"--hostname=w{n}",
                )
            )
            for n in range(workers)
        ]
        stack.enter_context(world.Process(env, *world.CELERY, *world.BEAT))
        world.run_manage(env, "-m", "bench.workers", "0", f"{workers}")
        _wait_for(db, workers)  # they run
        for worker in started:
            stack.enter_context(_held_down(worker.pid))
        world.run_manage(env, "-m", "bench.workers", f"{workers}", f"{workers * visits}")
        cpu, began, before = _postgres_seconds(), time.monotonic(), _count(db)
        _wait_for(db, workers + workers * visits)
        took = time.monotonic() - began
        return {
            "workers": workers,
            "per_second": (workers + workers * visits - before) / took,
            "postgres": (_postgres_seconds() - cpu) / took,
        }


def _wait_for(db: Any, held: int) -> None:
    give_up = time.monotonic() + LONGEST
    while _count(db) < held:
        if time.monotonic() > give_up:
            raise RuntimeError(f"{_count(db)} of {held} visits are held after {LONGEST:.0f} s.")
        time.sleep(0.1)


def _count(db: Any) -> int:
    return int(db.execute(HELD).fetchone()[0])


def _postgres_seconds() -> float:
    """Processor time of all PostgreSQL processes of this machine, in seconds."""
    total = 0.0
    for name in Path("/proc").glob("[0-9]*/comm"):
        with contextlib.suppress(OSError):  # it has just ended
            if name.read_text().strip() == "postgres":
                total += idle.own_cpu_seconds(int(name.parent.name))
    return total


@contextlib.contextmanager
def _held_down(pid: int) -> Iterator[None]:
    """Stop the process for the rest of each period, so that it never has more than its share."""
    ended = threading.Event()

    def stop_and_go() -> None:
        while not ended.is_set():
            os.kill(pid, signal.SIGSTOP)
            time.sleep(PERIOD * (1 - SHARE))
            os.kill(pid, signal.SIGCONT)
            time.sleep(PERIOD * SHARE)

    thread = threading.Thread(target=stop_and_go, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def fill(before: int, visits: int) -> None:
    """Store visits of new people; `before` have been stored."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "caio_project.settings")
    django.setup()
    from bench.visit_pace import add_sender
    from leads.inbound import events
    from tests.fakes import rb2b

    add_sender()
    for _ in range(before):
        rb2b.person()
    for _ in range(visits):
        events.store_event("rb2b", rb2b.to_body(rb2b.person()))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        fill(int(sys.argv[1]), int(sys.argv[2]))
    else:
        print(json.dumps(measure_workers(is_short=False)))
