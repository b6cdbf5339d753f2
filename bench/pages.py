"""How long answers take over many held emails, and how many statements they ask.

__main__ runs it as a process of its own. The sizes grow within one database. A third of the emails
each is HOT, WARM and LOW, held for a day, and everybody was told: an idle escalation.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import django

from bench.counted import QueryCounter

HELD = (100, 10_000, 100_000)
SHORT = (50, 300)  # where the run is short
REPEATS = 30
STEPS = {"hot": 4, "warm": 1}  # of the ladders that the product brings along


def use_plain_static_files() -> None:
    """No files were collected for the pages that are measured."""
    from django.conf import settings

    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}


def measure_pages(sizes: list[int]) -> list[dict[str, float]]:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "caio_project.settings")
    django.setup()
    use_plain_static_files()
    from django.contrib.auth.models import User
    from django.test import Client, override_settings

    from approvals.escalation import held_notices
    from caio_project.lib.db.caches import process_cache as cache
    from caio_project.lib.vendor_access import access

    access.assume_no_rows()  # every process reads them every two seconds, whatever it does
    client = Client()
    client.force_login(User.objects.create_superuser("bench"))

    def get(path: str) -> Callable[[], None]:
        def ask() -> None:
            answer = client.get(path)
            assert answer.status_code == 200, (
                f"{path}: {answer.status_code} {answer.content[:300]!r}"
            )

        return ask

    def open_next() -> None:
        answer = client.post("/sales/queue/next")
        assert answer.status_code in (302, 303), answer.status_code
        get(answer["Location"])()

    found, before = [], 0
    for size in sizes:
        fill_queue(size, before)
        before = size
        open_next()  # the queue asks for what the person has open, so it is open at every size
        with override_settings(ROOT_URLCONF="bench.floor_urls"):
            bare = _milliseconds(get("/nothing"), cache.clear)
        status = _milliseconds(get("/api/queue-status"), cache.clear)
        pending = _milliseconds(get("/api/pending-emails"), cache.clear)
        one = {
            "held": size,
            "bare_ms": statistics.median(bare),
            "queue_status_ms": statistics.median(status),
            "pending_emails_ms": statistics.median(pending),
        }
        for name, ask in (
            ("queue", get("/sales/queue")),
            ("next", open_next),
            ("escalation", held_notices.create_held_notices),
        ):
            one |= _page_figures(name, ask, cache.clear)
        found.append(one)
    return found


def fill_queue(size: int, before: int) -> None:
    """Bring the held emails from `before` up to `size`, with a notice for each step of a ladder."""
    from django.db import connection
    from django.utils import timezone

    from approvals.models import Notice
    from outreach.models import Message
    from tests import factories

    factories.create_many_held(size - before, before, bands=("hot", "warm", "low"))
    now = timezone.now()
    Message.objects.filter(status="held").update(held_at=now - timedelta(days=1))
    untold = Message.objects.filter(band__in=STEPS, notices=None).values_list("pk", "band")
    rows = (
        Notice(key=f"bench:{pk}:{step}", message_id=pk, step=step, text="x", told_at=now)
        for pk, band in untold
        for step in range(STEPS[band])
    )
    Notice.objects.bulk_create(rows, batch_size=5_000)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")  # as autovacuum leaves a table that has stood


def _page_figures(name: str, ask: Any, clear: Callable[[], None]) -> dict[str, float]:
    from django.db import connection

    times, counter = sorted(_milliseconds(ask, clear)), QueryCounter()
    clear()
    with connection.execute_wrapper(counter):
        ask()
    p95 = times[int(0.95 * (len(times) - 1))]
    return {f"{name}_ms": p95, f"{name}_statements": counter.queries}


def _milliseconds(ask: Callable[[], Any], before: Callable[[], None]) -> list[float]:
    times = []
    for _ in range(REPEATS + 3):
        before()
        began = time.perf_counter()
        ask()
        times.append(1000 * (time.perf_counter() - began))
    return times[3:]


if __name__ == "__main__":
    print(json.dumps(measure_pages([int(one) for one in sys.argv[1:]] or list(HELD))))
