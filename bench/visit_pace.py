"""What one visit costs a worker from stored to held: statements, processor time, visits a second.

Each visit is a new person at a new company, with Clay in the sandbox. Run by __main__ as a process
of its own; it also runs in an older checkout, to compare both in the same run:

    BENCH_OLD=/path/to/older/checkout make bench
"""

import json
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import django

from bench import world
from bench.counted import QueryCounter

VISITS, SHORT_VISITS = 300, 60
PARTS = 3  # of these visits, with look-ups after each: a machine's pace changes on the way
WARM_UP, ALONE, LOOKUPS = 12, 7, 400
BESIDE = 3  # statements of the measurement itself: storing the body, counting what is held twice
PUSHED_AT_ONCE = 20  # by one sweep of requests to Clay


def main(is_short: bool) -> dict[str, float]:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "caio_project.settings")
    django.setup()
    from django.db import connection

    add_sender()
    _hold(WARM_UP)
    alone = []
    for _ in range(ALONE):
        counted = QueryCounter()
        with connection.execute_wrapper(counted):
            _hold(1)
        alone.append(counted.queries - BESIDE)
    visits, counted = (SHORT_VISITS if is_short else VISITS) // PARTS, QueryCounter()
    parts = []
    for _ in range(PARTS):
        with connection.execute_wrapper(counted):
            cpu, seconds = _hold(visits)
        parts.append((cpu / visits, seconds / visits, _lookup_seconds()))
    cpus, walls, lookups = (statistics.median(column) for column in zip(*parts, strict=True))
    return {
        "statements": statistics.median(alone),
        "statements_in_batch": (counted.queries / PARTS - visits - 2) / visits,
        "cpu_ms": 1000 * cpus,
        "lookup_ms": 1000 * lookups,
        "multiple": statistics.median(cpu / lookup for cpu, _, lookup in parts),
        "per_second": 1 / walls,
    }


def add_sender() -> None:
    from leads.models import TeamMember

    TeamMember.objects.get_or_create(
        is_default_sender=True,
        defaults={
            "name": "Alex Bench",
            "title": "Founder",
            "booking_url": "https://book.test/alex",
        },
    )


def _hold(visits: int) -> tuple[float, float]:
    """Store as many visits and sweep until each is held: seconds of processor and of the clock."""
    from leads.inbound import events
    from outreach.models import Message
    from tests.fakes import rb2b

    bodies = [rb2b.to_body(rb2b.person()) for _ in range(visits)]
    for body in bodies:
        events.store_event("rb2b", body)
    held = Message.objects.filter(status="held").count()
    cpu, began = time.process_time(), time.perf_counter()
    for _ in range(-(-visits // PUSHED_AT_ONCE)):
        _sweep()
    took = time.process_time() - cpu, time.perf_counter() - began
    found = Message.objects.filter(status="held").count() - held
    assert found == visits, f"{found} of {visits} are held"
    return took


def _sweep() -> None:
    """One round of the sweeps that a worker runs."""
    from leads.enrichment import clay_push
    from leads.inbound import events
    from leads.scoring import assess
    from outreach.drafting import drafts, open_drafts

    events.process_due()
    clay_push.push_due()
    assess.assess_due()
    open_drafts.open_new_drafts()
    drafts.write_drafts()


def _lookup_seconds() -> float:
    """Processor time of one bare look-up by primary key, of a row with four columns."""
    from outreach.models import Place

    pk = Place.objects.values_list("pk", flat=True)[0]
    began = time.process_time()
    for _ in range(LOOKUPS):
        Place.objects.get(pk=pk)
    return (time.process_time() - began) / LOOKUPS


def measure(is_short: bool) -> dict[str, Any]:
    """Here and, where BENCH_OLD names an older checkout, there: each in a database of its own."""
    found = {"now": measure_here(world.fresh_postgres(), is_short)}
    if old := os.environ.get("BENCH_OLD"):
        found["old"] = _measure_in(world.empty_postgres(Path(old)), Path(old), is_short)
    return found


def measure_here(env: dict[str, str], is_short: bool) -> dict[str, float]:
    return _measure_in(env, world.ROOT, is_short)


def _measure_in(env: dict[str, str], checkout: Path, is_short: bool) -> dict[str, float]:
    """Run this file with the code of `checkout`."""
    return json.loads(
        world.run_python(env | {"PYTHONPATH": str(checkout)}, checkout, __file__, f"{is_short:d}")
    )


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1] == "1")))
