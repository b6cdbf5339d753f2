"""What it costs to send one email: as the queue grows, and beside the bare calls to GoHighLevel.

Run by __main__ as its own process, against a fake GoHighLevel in another. Every email makes as many
queries at every size. The floor are the calls that were made for one email, repeated by `requests`.
"""

import itertools
import json
import os
import statistics
import sys
import time
from typing import Any

import django
import requests

from bench import world
from bench.counted import QueryCounter
from tests.fakes import remote

SIZES = (100, 10_000, 100_000)  # approved emails that wait
SHORT = (100, 1_000)  # where the run is short
AIM = 1.5  # times the cost at the smallest size
ROUNDS, SHORT_ROUNDS, WARM_UP = 30, 9, 2
SLOW = 0.3  # seconds that a far GoHighLevel takes for each call
EMAILS, SLOW_EMAILS = 60, 2
FIRST = 10_000_000  # the first id of what is loaded; below are the sequences' own
HEADERS = ("authorization", "version", "content-type")
ENVIRONMENT = {
    "SANDBOX": "clay",
    "REDIS_URL": "",
    "GHL_API_TOKEN": "pit-bench",
    "GHL_LOCATION_ID": "loc-bench",
    "GHL_FROM_EMAIL": "alex@mail.ours.example.com",
    "UNDO_SECONDS": "0",
    "SEND_GAP_SECONDS": "0",
    "HOURLY_LIMIT": "10000",
    "DOMAIN_HOURLY_LIMIT": "10000",
    "WORKING_HOURS": "00:00-24:00",
}

# The columns that differ between the copies of one email, its lead and company
COPIES: dict[str, dict[str, str]] = {
    "leads_company": {
        "domain": "'bulk-{waiting}-' || n || '.test'",
        "name": "'Bulk ' || n",
        "name_key": "'bulk ' || n",
    },
    "leads_lead": {
        "public_id": "gen_random_uuid()",
        "company_id": "{first} + n",
        "linkedin_key": "'in/bulk-' || n",
        "email": "'p' || n || '@bulk-{waiting}-' || n || '.test'",
    },
    "leads_assessment": {"lead_id": "{first} + n"},
    "outreach_message": {
        "public_id": "gen_random_uuid()",
        "lead_id": "{first} + n",
        "assessment_id": "{first} + n",
        "to_address": "'p' || n || '@bulk-{waiting}-' || n || '.test'",
        "domain": "'bulk-{waiting}-' || n || '.test'",
        "unsubscribe_token": "md5(n::text)",
        "cleared_at": "cleared_at + n * interval '1 microsecond'",
    },
    "outreach_messagetext": {"message_id": "{first} + n"},
}


def main(sizes: tuple[int, ...], rounds: int) -> dict[str, Any]:
    with (
        remote.running(
            "tests.fakes.ghl", "--token=pit-bench", "--location-id=loc-bench", "--rate-limit=off"
        ) as ghl,
        world.database_copies([f"send_{size}" for size in sizes]) as databases,
    ):
        os.environ |= ENVIRONMENT | {"GHL_BASE_URL": ghl.url}
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "caio_project.settings")
        django.setup()
        connections = {size: _connection(name) for size, name in zip(sizes, databases, strict=True)}
        for size, connection in connections.items():
            _use_connection(connection)
            load_waiting(connection, size)
        times, queries = _measure_rounds(connections, rounds)
        _use_connection(connections[sizes[-1]])
        fast, calls = _compare_with_floor(ghl, EMAILS)
        ghl.on("*").delay(SLOW)
        slow, _ = _compare_with_floor(ghl, SLOW_EMAILS)
    ms = {size: 1000 * statistics.median(times[size]) for size in sizes}
    return {
        "queries": queries,
        "calls": calls,
        "sizes": [{"waiting": size, "ms": ms[size]} for size in sizes],
        "ratio": ms[sizes[-1]] / ms[sizes[0]],
        "fast": fast,
        "slow": slow,
    }


def _connection(database: str) -> Any:
    from django.db import connections

    wrapper = connections.create_connection("default")
    wrapper.settings_dict = {**wrapper.settings_dict, "NAME": database}
    return wrapper


def _use_connection(connection: Any) -> None:
    import django.db

    django.db.connections["default"] = connection


def load_waiting(connection: Any, waiting: int) -> None:
    """Create one approved email, and copies of it to leads at other companies."""
    from outreach.choices import Phase
    from outreach.limits import sending_domains
    from outreach.models import Control
    from tests import factories

    Control.objects.update_or_create(pk=1, defaults={"phase": Phase.AUTONOMOUS})
    sending_domains.mark_established(
        sending_domains.our_domain(), by=None, reason="Sending is measured, not the warm-up."
    )
    factories.TeamMemberFactory(default_sender=True)
    message = factories.cleared_email()
    ids = {
        "leads_company": message.lead.company_id,
        "leads_lead": message.lead_id,
        "outreach_message": message.pk,
        "leads_assessment": message.assessment_id,
        "outreach_messagetext": message.text.pk,
    }
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica; SET synchronous_commit = off")
        for table, differs in COPIES.items():
            _copy_rows(cursor, table, ids[table], waiting, differs)
        cursor.execute("SET session_replication_role = DEFAULT; SET synchronous_commit = on")
        cursor.execute("VACUUM ANALYZE")


def _copy_rows(cursor: Any, table: str, pk: int, waiting: int, differs: dict[str, str]) -> None:
    cursor.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s", [table]
    )
    columns = [row[0] for row in cursor.fetchall()]
    differs = {"id": "{first} + n"} | differs
    values = [
        differs[name].format(first=FIRST, waiting=waiting) if name in differs else f'"{name}"'
        for name in columns
    ]
    names = ", ".join(f'"{name}"' for name in columns)
    cursor.execute(
        f"INSERT INTO {table} ({names}) SELECT {', '.join(values)} "
        f"FROM {table}, generate_series(1, {waiting - 1}) n WHERE id = {pk}"
    )


def _measure_rounds(connections: dict[int, Any], rounds: int) -> tuple[dict[int, list[float]], int]:
    """The seconds of each email by size, and how many queries each makes.

    The sizes alternate, so that other load of the machine affects all of them alike.
    """
    times: dict[int, list[float]] = {size: [] for size in connections}
    queries: dict[int, list[int]] = {size: [] for size in connections}
    for number, (size, connection) in itertools.product(
        range(WARM_UP + rounds), connections.items()
    ):
        _use_connection(connection)
        counted = QueryCounter()
        with connection.execute_wrapper(counted):
            took = one_email()
        if number >= WARM_UP:
            times[size].append(took)
            queries[size].append(counted.queries)
    usual = {
        size: int(statistics.median(counts)) for size, counts in queries.items()
    }  # now and then one more
    assert len(set(usual.values())) == 1, f"not as many queries for every email: {queries}"
    return times, usual.popitem()[1]


def one_email() -> float:
    """Send one email without waiting for the rate limit; returns the seconds."""
    from leads.models import RateWindow
    from outreach.sending import send

    RateWindow.objects.update(next_turn=0)
    began = time.perf_counter()
    assert send.send_due(most=1) == 1
    return time.perf_counter() - began


def _compare_with_floor(ghl: remote.RemoteFake, emails: int) -> tuple[dict[str, float], int]:
    """Emails a second beside the same calls alone, and how many calls an email takes."""
    from outreach.models import DailySlots

    DailySlots.objects.update(used=0)  # the limit of the day would end it
    for _ in range(WARM_UP):
        one_email()
    before = len(ghl.requests())
    one_email()
    calls = [row for row in ghl.requests()[before:] if not row["path"].startswith("/_fake")]
    sending = sum(one_email() for _ in range(emails))
    began = time.perf_counter()
    for row in [row for _ in range(emails) for row in calls]:
        repeat_call(ghl.url, row)
    floor = time.perf_counter() - began
    return {
        "per_second": emails / sending,
        "floor_per_second": emails / floor,
        "ratio": floor / sending,
    }, len(calls)


def repeat_call(url: str, row: dict[str, Any]) -> None:
    """Repeat a recorded call. The second contact with one address is refused, at the same cost."""
    headers = {name: row["headers"][name] for name in HEADERS if name in row["headers"]}
    answer = requests.request(
        row["method"],
        url + row["path"],
        params=row["query"],
        data=row["body"].encode(),
        headers=headers,
        timeout=30,
    )
    if "duplicated" not in answer.text:
        answer.raise_for_status()


if __name__ == "__main__":
    is_short = float(sys.argv[1]) < 10
    print(json.dumps(main(SHORT, SHORT_ROUNDS) if is_short else main(SIZES, ROUNDS)))
