"""The pace of sending and of the webhook beside a transaction that somebody left open.

    python -m bench.held_transaction [SECONDS]     (300)

While it is open PostgreSQL keeps every version of every row, also those of the few rows that each
email or webhook updates. The transaction has read a row of each table and has changed none, like a
forgotten session or a dump. Emails leave as fast as GoHighLevel's own limit lets one location send,
posts come as fast as they are taken; without the wait for their turn, the last of them are compared
with the next ones after the transaction has ended and its versions are vacuumed: on as many rows,
in a database of their own.
"""

import argparse
import json
import os
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
CALLS = 3  # of GoHighLevel for one email


def measure(seconds: float = SECONDS) -> dict[str, Any]:
    env = world.fresh_postgres()
    asked = ("-m", "bench.held_transaction", f"{seconds:g}", "--sending")
    sending = json.loads(world.run_manage(env, *asked))
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
    """Emails a second of one process while it works, with GoHighLevel on loopback."""
    with remote.running(
        "tests.fakes.ghl", "--token=pit-bench", "--location-id=loc-bench", "--rate-limit=off"
    ) as ghl:
        os.environ |= send_cost.ENVIRONMENT | {"GHL_BASE_URL": ghl.url}
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "caio_project.settings")
        django.setup()
        from django.db import connection

        from leads.integrations import ghl as ghl_client
        from outreach.models import DailySlots

        every = CALLS * ghl_client.PACE.every
        send_cost.load_waiting(connection, round(2 * seconds / every))

        def send_for(part: float) -> float:
            until, took = time.perf_counter() + part, list[float]()
            while time.perf_counter() < until:
                if len(took) % LEAST_CAP == 0:
                    DailySlots.objects.update(used=0)  # else the limit of the day would end it
                took.append(send_cost.one_email())
                time.sleep(max(0, every - took[-1]))
            return len(took) / sum(took)

        send_for(min(5.0, seconds * PART))  # warm up
        return _beside_a_transaction(os.environ["DATABASE_URL"], seconds, send_for)


def _beside_a_transaction(
    db: str, seconds: float, work_for: Callable[[float], float]
) -> dict[str, float]:
    with psycopg.connect(db) as held:
        held.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        for (table,) in held.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        ).fetchall():
            held.execute(f'SELECT 1 FROM "{table}" LIMIT 1')
        work_for(seconds * (1 - PART))
        beside = work_for(seconds * PART)
        held.rollback()
    with psycopg.connect(db, autocommit=True) as admin:
        admin.execute("VACUUM")
    without = work_for(seconds * PART)
    return {"without": without, "beside": beside, "ratio": beside / without}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("seconds", type=float, nargs="?", default=SECONDS)
    parser.add_argument(
        "--sending", action="store_true", help="sending alone, in the database of DATABASE_URL"
    )
    asked = parser.parse_args()
    print(json.dumps((sending_pace if asked.sending else measure)(asked.seconds), indent=2))


if __name__ == "__main__":
    main()
