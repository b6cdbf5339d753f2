"""How fast a file of visitors is stored, and what a live visitor notices of those that wait.

The visits are of the last sixty days, so that every fourth person also gets a draft.
"""

import contextlib
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from bench import idle, latency, world
from tests.fakes import rb2b

STORED, SHORT_STORED = 100_000, 10_000
WAITING, SHORT_WAITING = 20_000, 4_000
DAYS = 60
VISITS, PAUSE_SECONDS = 8, 3.0
PER_SECOND_AIM, DELAY_AIM = 500, 5.0
PROCESSED = """
    SELECT 1 FROM leads_inboundevent WHERE source = 'rb2b' AND state = 'processed'
    AND convert_from(body, 'UTF8') LIKE %s
"""
LEFT = "SELECT count(*) FROM leads_inboundevent WHERE source = 'import' AND state = 'waiting'"


def measure(is_short: bool) -> dict[str, Any]:
    stored, waiting = (SHORT_STORED, SHORT_WAITING) if is_short else (STORED, WAITING)
    return {**storing(stored), **delay(waiting)}


def storing(rows: int) -> dict[str, float]:
    """Rows a second of the whole command: of a first run, and of one that finds all known."""
    env = world.fresh_postgres()
    with visitors_file(rows) as path:
        first, seconds = _import(env, path)
        again, seconds_again = _import(env, path)
    assert (first["new"], again["known"]) == (rows, rows), f"not {rows} stored once: {first}"
    return {"rows": rows, "per_second": rows / seconds, "known_per_second": rows / seconds_again}


def delay(waiting: int) -> dict[str, float]:
    """Seconds from a live visitor's post to lead and to draft, while imported ones wait."""
    env = world.fresh_postgres()
    with contextlib.ExitStack() as stack:
        path = stack.enter_context(visitors_file(waiting))
        db = stack.enter_context(psycopg.connect(world.POSTGRES, autocommit=True))
        for arguments in (("worker", *idle.WORKER), world.BEAT):
            stack.enter_context(world.Process(env, *world.CELERY, *arguments))
        url = stack.enter_context(world.run_web(env, "/webhooks/rb2b/health"))
        _import(env, path)
        began, before = time.monotonic(), _left(db)
        took = []
        for _ in range(VISITS):
            time.sleep(PAUSE_SECONDS)
            took.append(_post(url, db))
        left, seconds = _left(db), time.monotonic() - began
    assert left, "all imported visits were worked off: the delay was not measured beside them"
    processed, held = zip(*took, strict=True)
    return {
        "waiting": waiting,
        "processed_median_s": statistics.median(processed),
        "processed_longest_s": max(processed),
        "held_median_s": statistics.median(held),
        "held_longest_s": max(held),
        "worked_off_per_second": (before - left) / seconds,
    }


@contextlib.contextmanager
def visitors_file(rows: int) -> Iterator[Path]:
    """JSON lines, each another person's visit."""
    now = datetime.now(UTC)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "visitors.jsonl"
        with path.open("w", encoding="utf-8") as out:
            for number in range(rows):
                seen_at = now - timedelta(days=number % DAYS, seconds=number)
                out.write(json.dumps(rb2b.person({"Seen At": seen_at.isoformat()})) + "\n")
        yield path


def _import(env: dict[str, str], path: Path) -> tuple[dict[str, Any], float]:
    began = time.monotonic()
    report = world.run_manage(env, "import_visitors", str(path), "--json")
    return json.loads(report), time.monotonic() - began


def _left(db: "psycopg.Connection[Any]") -> int:
    row = db.execute(LEFT).fetchone()
    return int(row[0]) if row else 0


def _post(url: str, db: "psycopg.Connection[Any]") -> tuple[float, float]:
    visitor = rb2b.person()
    address = visitor["Business Email"]
    began = time.monotonic()
    world.post_json(f"{url}/webhooks/rb2b?token={world.TOKEN}", visitor)
    processed = _seconds_until(db, began, PROCESSED, f"%{address}%")
    return processed, _seconds_until(db, began, latency.HELD + "%s", address)


def _seconds_until(db: "psycopg.Connection[Any]", began: float, query: str, value: str) -> float:
    while not db.execute(query, [value]).fetchone():
        if time.monotonic() - began > latency.LONGEST:
            raise RuntimeError(f"A live visit waited for {latency.LONGEST:.0f} s beside an import.")
        time.sleep(0.02)
    return time.monotonic() - began
