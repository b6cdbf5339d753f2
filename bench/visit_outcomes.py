"""What became of posted visits: waited for, then counted in the tables and the spool."""

import contextlib
import os
import sys
import time
from pathlib import Path

import psycopg

from bench import posting
from bench.ledger import count_statuses
from bench.progress import report_progress

STUCK_AFTER = 120.0  # seconds without any progress after the last post
STILL = 30.0  # seconds in which no email changes: all that follows from the visits is done
EXPLAINED = 1.0  # seconds after the kill of a web process in which its connections break

EVENTS = """
    SELECT e.body_sha256, count(DISTINCT e.id), count(v.id), bool_and(e.state = 'processed')
    FROM leads_inboundevent e LEFT JOIN leads_visit v ON v.event_id = e.id
    WHERE e.source = 'rb2b' GROUP BY e.body_sha256
"""
PAGES = (
    "SELECT count(*) FROM (SELECT path FROM leads_visit GROUP BY path HAVING count(*) > 1) twice"
)


def wait_until_settled(db: str, spool: Path, worked_off: bool) -> float:
    """Wait for an empty spool, and no waiting event if `worked_off`; returns seconds.

    Raises TimeoutError without progress.
    """
    began, best, at = time.monotonic(), sys.maxsize, time.monotonic()
    let_halves_be_abandoned(spool)
    while True:
        with psycopg.connect(db) as connection:
            row = connection.execute(
                "SELECT count(*) FROM leads_inboundevent WHERE state = 'waiting'"
            ).fetchone()
        left = len(files_to_settle(spool)) + (row[0] if row and worked_off else 0)
        if not left:
            return time.monotonic() - began
        if left < best:
            best, at = left, time.monotonic()
            report_progress(f"{left} bodies wait")
        if time.monotonic() - at > STUCK_AFTER:
            raise TimeoutError(f"{left} bodies wait and nothing has moved for {STUCK_AFTER:.0f} s")
        time.sleep(0.5)


def wait_until_held(db: str) -> float:
    """Wait until no email is opened, drafted or held any more; returns the seconds until the last.

    Raises TimeoutError without progress.
    """
    began = at = time.monotonic()
    last: dict[str, int] = {}
    while time.monotonic() - at < STILL:
        found = count_statuses(db)
        if found != last:
            last, at = found, time.monotonic()
        time.sleep(0.5)
    if last.get("draft"):
        raise TimeoutError(f"{last['draft']} drafts wait and nothing has moved for {STILL:.0f} s")
    return at - began


def let_halves_be_abandoned(spool: Path) -> None:
    """Have what killed processes had half written be ten minutes old: nobody writes any more."""
    for half in spool.glob("*.part"):
        with contextlib.suppress(FileNotFoundError):  # it has got its name this moment
            os.utime(half, (0, 0))


def files_to_settle(spool: Path) -> list[Path]:
    return [*spool.glob("*.event"), *spool.glob("*.part")]


def count_set_aside(spool: Path) -> int:
    return sum(file.suffix in (".bad", ".refused", ".part") for file in spool.iterdir())


def count_outcomes(db: str, found: posting.PostOutcome, worked_off: bool) -> dict[str, int]:
    """Count outcomes in the tables themselves, not in what the product reports."""
    with psycopg.connect(db) as connection:
        events = {sha: (n, visits, done) for sha, n, visits, done in connection.execute(EVENTS)}
        pages_twice = connection.execute(PAGES).fetchone()
    kept = {sha for sha, (_, visits, done) in events.items() if (visits and done) or not worked_off}
    return {
        "events": len(events),
        "lost": len(found.acknowledged - kept),
        "double": sum(n > 1 or visits > 1 for n, visits, _ in events.values())
        + (pages_twice[0] if pages_twice else 0),
        "not_processed": len(events) - len(kept),
    }


def count_explained(
    found: posting.PostOutcome, kills: list[float], connections: int, rate: float
) -> int:
    """How many refusals came on a connection to a process that had been killed.

    `rate` is in posts a second; 0: each connection is used again at once.
    """
    soon = EXPLAINED + (connections / rate if rate else 0)
    return sum(any(0 <= at - kill <= soon for kill in kills) for at in found.refused_at)
