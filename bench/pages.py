"""How long answers take over many held emails; __main__ runs it as a process of its own."""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable

import django

HELD = 10_000
REPEATS = 30


def measure_pages(held: int) -> dict[str, float]:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "caio_project.settings")
    django.setup()
    from django.contrib.auth.models import User
    from django.db import connection
    from django.test import Client, override_settings

    from caio_project.lib.db.caches import process_cache as cache
    from tests import factories

    factories.create_many_held(held)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    client = Client()
    client.force_login(User.objects.create_superuser("bench"))

    def get(path: str) -> Callable[[], None]:
        def ask() -> None:
            answer = client.get(path)
            assert answer.status_code == 200, (
                f"{path}: {answer.status_code} {answer.content[:300]!r}"
            )

        return ask

    with override_settings(ROOT_URLCONF="bench.floor_urls"):
        bare = _median_ms(get("/nothing"), cache.clear)
    status = _median_ms(get("/api/queue-status"), cache.clear)
    pending = _median_ms(get("/api/pending-emails"), cache.clear)
    return {"held": held, "bare_ms": bare, "queue_status_ms": status, "pending_emails_ms": pending}


def _median_ms(ask: Callable[[], None], before: Callable[[], None]) -> float:
    times = []
    for _ in range(REPEATS + 3):
        before()
        began = time.perf_counter()
        ask()
        times.append(1000 * (time.perf_counter() - began))
    return statistics.median(times[3:])


if __name__ == "__main__":
    print(json.dumps(measure_pages(int(sys.argv[1]) if len(sys.argv) > 1 else HELD)))
