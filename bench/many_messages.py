"""How long the gate table and the overview take over many messages, on PostgreSQL.

__main__ runs it as a process of its own. The history reaches further back as it grows, at one pace:
what a team decides on and sends in a day does not depend on how many years it has done so. Each
table is filled by cloning one row that the models made, in SQL.
"""

import json
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import django

from bench.counted import QueryCounter
from bench.pages import use_plain_static_files

SIZES = (10_000, 100_000, 1_000_000)
SHORT = (10_000, 50_000)  # where the run is short
A_DAY = 200  # messages; every second one is sent
DAYS_IN_PHASE = 90  # of which the evidence is; the rest of the history is before it
REPEATS = 7
GATES_AIM, OVERVIEW_AIM, FLAT_AIM = 1_000, 500, 2  # ms, ms, times the smallest size
AT = f"now() - interval '1 day' / {A_DAY} * (n + 1)"
IS_SENT = "n % 2 = 0"
# The table, of how many numbers one makes a row, and the columns that differ from the cloned row.
TABLES: tuple[tuple[str, int, dict[str, str]], ...] = (
    ("leads_lead", 1, {
        "id": "n + 1000", "public_id": "gen_random_uuid()", "email": "'p' || n || '@bench.test'",
        "last_name": "'' || n", "first_seen_at": AT, "last_seen_at": AT,
        "tier": "'tier_' || (1 + n % 3)",
    }),
    ("leads_visit", 1, {"lead_id": "n + 1000", "event_key": "md5('v' || n)", "seen_at": AT,
        "received_at": AT}),
    ("leads_enrichment", 1, {"lead_id": "n + 1000", "request_id": "'r' || n", "created_at": AT,
        "requested_at": AT, "answered_at": AT, "settled_at": AT, "not_before": AT}),
    ("leads_assessment", 1, {"lead_id": "n + 1000", "made_at": AT}),
    ("outreach_message", 1, {
        "id": "n + 1000", "public_id": "gen_random_uuid()", "lead_id": "n + 1000",
        "unsubscribe_token": "md5('u' || n)", "to_address": "'p' || n || '@bench.test'",
        "domain": "'d' || n % 5000 || '.test'", "created_at": AT, "held_at": AT,
        "not_before": AT, "machine_looks_at": AT, "tier": "'tier_' || (1 + n % 3)",
        "status": f"CASE WHEN {IS_SENT} THEN 'sent' ELSE 'rejected' END",
        "cleared_at": f"CASE WHEN {IS_SENT} THEN {AT} END",
        "sent_at": f"CASE WHEN {IS_SENT} THEN {AT} END",
        "ghl_contact_id": "'c' || n", "ghl_message_id": "'m' || n",
        "ghl_email_message_id": "'e' || n",
    }),
    ("outreach_move", 1, {"message_id": "n + 1000", "at": AT, "from_status": "'held'",
        "to_status": f"CASE WHEN {IS_SENT} THEN 'cleared' ELSE 'rejected' END"}),
    ("outreach_move", 2, {"message_id": "n + 1000", "at": AT, "from_status": "'sending'",
        "to_status": "'sent'"}),
    ("approvals_decision", 1, {"message_id": "n + 1000", "at": AT,
        "held_at": f"{AT} - interval '20 minutes'",
        "verdict": f"CASE WHEN {IS_SENT} THEN 'approved' ELSE 'rejected' END"}),
    ("outreach_sendintent", 2, {"message_id": "n + 1000", "claimed_at": AT,
        "day": f"({AT})::date", "domain": "'d' || n % 5000 || '.test'"}),
    ("outreach_emailevent", 2, {"message_id": "n + 1000", "key": "md5('e' || n)", "at": AT,
        "noted_at": AT}),
    ("outreach_reply", 26, {"public_id": "gen_random_uuid()", "lead_id": "n + 1000",
        "message_id": "n + 1000", "ghl_message_id": "'reply' || n",
        "received_at": f"{AT} + interval '1 hour'", "noted_at": AT}),
)  # fmt: skip


def measure_many(sizes: list[int]) -> list[dict[str, float]]:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "caio_project.settings")
    django.setup()
    use_plain_static_files()
    from django.contrib.auth.models import User
    from django.test import Client

    from caio_project.lib.db.caches import process_cache
    from metrics.gates import gate_evaluation

    client = Client()
    client.force_login(User.objects.create_superuser("bench"))
    make_prototypes()

    def overview() -> None:
        answer = client.get("/sales")
        assert answer.status_code == 200, answer.status_code

    def gates() -> None:
        for target in gate_evaluation.GATES:
            gate_evaluation.evaluate_gates(target)

    found, before = [], 0
    for size in sizes:
        began = time.perf_counter()
        fill(before, size)
        before = size
        one: dict[str, float] = {"messages": size, "fill_s": time.perf_counter() - began}
        gate_evaluation.record_daily_evaluation()
        one |= _figures("gates", gates, lambda: None)
        # The gate table of the overview is at most a minute old, as people meet it.
        one |= _figures("overview", overview, lambda: None)
        one |= _figures("overview_first", overview, process_cache.clear)
        found.append(one)
    return found


def make_prototypes() -> None:
    """One row of each table with all that models fill in by themselves."""
    from django.utils import timezone

    from approvals.models import Decision
    from leads.models import Assessment, Company, Enrichment, Lead, Visit
    from metrics.figures import roll_up
    from outreach.choices import Phase, Transport
    from outreach.control import phase
    from outreach.models import Control, ControlChange, EmailEvent, Message, Move, Reply, SendIntent

    now = timezone.now() - timedelta(hours=1)
    since = now - timedelta(days=DAYS_IN_PHASE)
    phase.current_control()
    Control.objects.update(phase_since=since)
    ControlChange.objects.create(
        what="phase", before=Phase.SHADOW, after=Phase.PARALLEL, at=since, by_name="bench"
    )
    company = Company.objects.create(name="Bench", name_key="bench", domain="bench.test")
    lead = Lead.objects.create(
        first_name="P", last_name="0", email="p@bench.test", company=company, address="usable"
    )
    Visit.objects.create(
        lead=lead, event_key="v", seen_at=now, received_at=now, url="https://a.test/"
    )
    Enrichment.objects.create(
        lead=lead,
        state=Enrichment.State.SETTLED,
        outcome=Enrichment.Outcome.ANSWERED,
        gained=["title"],
    )
    Assessment.objects.create(
        lead=lead, intent=20, reasons=[], rules_version="1", icp=50, tier="tier_3"
    )
    message = Message.objects.create(
        lead=lead, status="sent", transport=Transport.GHL, sent_at=now, band="low", intent=20
    )
    Move.objects.create(
        message=message, version=1, from_status="held", to_status="sent", why="approved"
    )
    Decision.objects.create(
        message=message, verdict="approved", version=1, by_name="lena", channel="desk",
        phase="parallel", held_at=now, at=now, is_evidence=True,
        edited=False, text_sha256="0" * 64,
    )  # fmt: skip
    SendIntent.objects.create(
        message=message, transport=Transport.GHL, phase="parallel", day=now.date(), domain="d",
        claimed_at=now, outcome=SendIntent.Outcome.SENT,
    )  # fmt: skip
    EmailEvent.objects.create(message=message, key="e", kind="delivered", at=now, noted_at=now)
    Reply.objects.create(
        lead=lead, message=message, ghl_message_id="r", received_at=now, sorted_as="positive",
        is_sure=True,
    )  # fmt: skip
    roll_up.roll_up()


def fill(first: int, last: int) -> None:
    """Bring each table from `first` up to `last` numbers; its indexes are made anew at the end."""
    from django.db import connection

    tables = list(dict.fromkeys(table for table, _, _ in TABLES))
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # no checks of foreign keys
        cursor.execute("SET synchronous_commit = off")
        cursor.execute("SET maintenance_work_mem = '256MB'")
        indexes = _drop_indexes(cursor, tables) if last - first > 100_000 else []
        for table, every, columns in TABLES:
            _clone_rows(cursor, table, columns, (first, last, every))
        for definition in indexes:
            cursor.execute(definition)
        for table in tables:
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"
            )
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("ANALYZE")


def _drop_indexes(cursor: Any, tables: list[str]) -> list[str]:
    """Those that hold no constraint; returns the statements that make them again."""
    cursor.execute(
        "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i "
        "LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid "
        "WHERE c.oid IS NULL AND i.indrelid = ANY(%s::regclass[])",
        [tables],
    )
    rows = cursor.fetchall()
    for name, _ in rows:
        cursor.execute(f"DROP INDEX {name}")
    return [definition for _, definition in rows]


def _clone_rows(
    cursor: Any, table: str, columns: dict[str, str], numbers: tuple[int, int, int]
) -> None:
    cursor.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND "
        "is_generated = 'NEVER' ORDER BY ordinal_position",
        [table],
    )
    names = [name for (name,) in cursor.fetchall() if name != "id" or "id" in columns]
    unknown = set(columns) - set(names)
    assert not unknown, f"{table} has no {', '.join(unknown)}"
    values = ", ".join(columns.get(name, f'p."{name}"') for name in names)
    listed = ", ".join(f'"{name}"' for name in names)
    first, last, every = numbers
    cursor.execute(
        f"INSERT INTO {table} ({listed}) SELECT {values} FROM "
        f"(SELECT * FROM {table} ORDER BY id LIMIT 1) p, "
        f"generate_series({first}, {last - 1}) n WHERE n % {every} = 0"
    )


def _figures(name: str, ask: Callable[[], Any], before: Callable[[], None]) -> dict[str, float]:
    """Median milliseconds by the clock, those of the processor once, and statements.

    The processor's are of this process and of PostgreSQL's for it: they hold on a busy machine.
    """
    from django.db import connection

    before()
    ask()
    clock, used = [], 0.0
    for _ in range(REPEATS):
        before()
        began, used_before = time.perf_counter(), _processor_seconds()
        ask()
        clock.append(1000 * (time.perf_counter() - began))
        used += _processor_seconds() - used_before
    counter = QueryCounter()
    before()
    with connection.execute_wrapper(counter):
        ask()
    return {
        f"{name}_ms": statistics.median(clock),
        f"{name}_least_ms": min(clock),
        f"{name}_cpu_ms": 1000 * used / REPEATS,
        f"{name}_statements": counter.queries,
    }


def _processor_seconds() -> float:
    from django.db import connection

    connection.ensure_connection()
    used = resource.getrusage(resource.RUSAGE_SELF)
    stat = Path(f"/proc/{connection.connection.info.backend_pid}/stat").read_text()
    ticks = sum(map(int, stat.rpartition(")")[2].split()[11:13]))
    return used.ru_utime + used.ru_stime + ticks / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    print(json.dumps(measure_many([int(one) for one in sys.argv[1:]] or list(SIZES))))
