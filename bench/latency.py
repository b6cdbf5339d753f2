"""Seconds from a posted visit to an email held for review, in both ways to run."""

import contextlib
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from bench import world
from tests import migrated
from tests.fakes import rb2b

VISITS = 5
LONGEST = 60.0
HELD = "SELECT 1 FROM outreach_message WHERE status = 'held' AND to_address = "


def on_redis(visits: int = VISITS, env: dict[str, str] | None = None) -> dict[str, Any]:
    """`env` names the database and Redis; left out, a fresh database of our own."""
    env = env or world.fresh_postgres()
    with contextlib.ExitStack() as stack:
        db = stack.enter_context(psycopg.connect(world.POSTGRES, autocommit=True))
        stack.enter_context(
            world.Process(env, *world.CELERY, "worker", "--loglevel=WARNING", "--concurrency=2")
        )
        stack.enter_context(world.Process(env, *world.CELERY, *world.BEAT))
        url = stack.enter_context(world.run_web(env, "/webhooks/rb2b/health"))
        return _measure_visits(
            url, visits, lambda address: db.execute(HELD + "%s", [address]).fetchone()
        )


def on_sqlite(visits: int = VISITS) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        file = Path(folder) / "bench.sqlite3"
        env = world.product_environment(
            DATABASE_URL=f"sqlite:///{file}", REDIS_URL="", SPOOL_DIR=folder
        )
        shutil.copyfile(migrated.migrated_file(), file)
        with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as own:
            own.execute(migrated.MIGRATED_NOW)
        stack.enter_context(world.Process(env, "manage.py", "pump"))
        url = stack.enter_context(world.run_web(env, "/webhooks/rb2b/health", WEB_CONCURRENCY="1"))
        db = stack.enter_context(contextlib.closing(sqlite3.connect(file, timeout=20)))
        return _measure_visits(
            url, visits, lambda address: db.execute(HELD + "?", [address]).fetchone()
        )


def _measure_visits(url: str, visits: int, is_held: Callable[[str], Any]) -> dict[str, Any]:
    _measure_visit(url, is_held)  # the first waits for the workers to start
    took = [_measure_visit(url, is_held) for _ in range(visits)]
    return {"median_s": statistics.median(took), "longest_s": max(took), "visits": visits}


def _measure_visit(url: str, is_held: Callable[[str], Any]) -> float:
    visitor = rb2b.person()
    began = time.monotonic()
    world.post_json(f"{url}/webhooks/rb2b?token={world.TOKEN}", visitor)
    while not is_held(visitor["Business Email"]):
        if time.monotonic() - began > LONGEST:
            raise RuntimeError(f"A visit was not held within {LONGEST:.0f} s.")
        time.sleep(0.02)
    return time.monotonic() - began
