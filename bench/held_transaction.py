"""The pace of sending and of the webhook beside a transaction that somebody left open.

    python -m bench.held_transaction [SECONDS]     (300)

While it is open PostgreSQL keeps every version of every row, also those of the few rows that each
email or webhook updates. The transaction has read a row of each table and has changed none, like a
forgotten session or a dump. Both work as fast as they can; the pace of the last part is compared
with the pace before the transaction began, in a database of its own.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import django
import psycopg

from bench import load, send_cost, webhook, world
from tests.fakes import remote

SECONDS, AIM = 300.0, 0.8
PART = 0.1  # of the seconds: each side of the comparison
LEAST_CAP = 20  # emails of a day, in any phase
EMAILS_A_SECOND = 60  # more than one process sends


def measure(seconds: float = SECONDS) -> dict[str, Any]:
    env = world.fresh_postgres()
    sending = json.loads(world.run_manage(env, "-m", "bench.held_transaction", f"{seconds:g}", "s"))
    return {"seconds": seconds, "sending": sending, "webhook": webhook_pace(seconds)}


def webhook_pace(seconds: float) -> dict[str, float]:
    env = world.fresh_postgres()
    with world.run_web(env, "/webhooks/rb2b/health") as product:
        url = f"{product}/webhooks/rb2b?token={quote(world.TOKEN)}"

        def post_for(part: float) -> float:
            counts: list[load.LoadResult] = []
            while sum(one.seconds for one in counts) < part:
                longest = min(load.MOST_SECONDS, part)
                counts.append(webhook.run_load(env, url, longest))
            statuses = [one.statuses for one in counts]
            assert not any(one.errors for one in counts), f"an answer was not 200: {statuses}"
            return sum(one.requests for one in counts) / sum(one.seconds for one in counts)

        post_for(min(5.0, seconds * PART))  # warm up
        return _beside_a_transaction(env["DATABASE_URL"], seconds, post_for)


def sending_pace(seconds: float) -> dict[str, float]:
    """Emails a second of one process, with GoHighLevel on loopback and without its rate."""
    with remote.running(
        "tests.fakes.ghl", "--token=pit-bench", "--location-id=loc-bench", "--rate-limit=off"
    ) as ghl:
        os.environ |= send_cost.ENVIRONMENT | {"GHL_BASE_URL": ghl.url}
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "caio_project.settings")
        django.setup()
        from django.db import connection

        from outreach.models import DailySlots

        send_cost.load_waiting(connection, round(EMAILS_A_SECOND * seconds * (1 + 2 * PART)))

        def send_for(part: float) -> float:
            began, sent = time.perf_counter(), 0
            while time.perf_counter() - began < part:
                if sent % LEAST_CAP == 0:
                    DailySlots.objects.update(used=0)  # else the limit of the day would end it
                send_cost.one_email()
                sent += 1
            return sent / (time.perf_counter() - began)

        send_for(min(5.0, seconds * PART))  # warm up
        return _beside_a_transaction(os.environ["DATABASE_URL"], seconds, send_for)


def _beside_a_transaction(
    db: str, seconds: float, work_for: Callable[[float], float]
) -> dict[str, float]:
    without = work_for(seconds * PART)
    with psycopg.connect(db) as held:
        held.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        for (table,) in held.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        ).fetchall():
            held.execute(f'SELECT 1 FROM "{table}" LIMIT 1')
        work_for(seconds * (1 - PART))
        beside = work_for(seconds * PART)
        held.rollback()
    return {"without": without, "beside": beside, "ratio": beside / without}


if __name__ == "__main__":
    asked = float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    print(json.dumps(sending_pace(asked) if len(sys.argv) > 2 else measure(asked), indent=2))
