"""Bodies while the database is away: spooled within three seconds and drained later."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from psycopg.conninfo import make_conninfo

from leads.inbound import receive, spool
from leads.models import InboundEvent
from tests.fakes import rb2b
from tests.leads.inbound.spool_helpers import eventually, post


def drained() -> None:
    """The spool is emptied, by this thread or by the drainer that a spooled answer has started."""
    eventually(lambda: receive.drain_spool() + len(spool.waiting_files()) == 0)


@contextmanager
def database_at(port: int) -> Iterator[None]:
    """Let Django look for its database somewhere else."""
    known = connection.settings_dict["PORT"]
    connection.close()
    connection.settings_dict["PORT"] = port
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["PORT"] = known
        receive._process_state.away_until = 0.0


@contextmanager
def silent_server() -> Iterator[int]:
    """Accepts connections and never says a word, as a stopped PostgreSQL does."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    held.append(server.accept()[0])
                except OSError:
                    return

        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1]
        [one.close() for one in held]


LOCKS = {
    "sqlite": "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('BEGIN EXCLUSIVE')",
    "postgresql": (
        "import psycopg, sys; c = psycopg.connect(sys.argv[1]); c.execute('LOCK TABLE "
        "leads_inboundevent IN ACCESS EXCLUSIVE MODE')"
    ),
}


@pytest.fixture
def locked(committed: None) -> Iterator[Any]:
    """Another process, a backup say, holds a lock until it is told to end."""
    name = (
        make_conninfo(**_dsn())
        if connection.vendor == "postgresql"
        else str(connection.settings_dict["NAME"])
    )
    code = LOCKS[connection.vendor] + "; print('locked', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == b"locked\n"
        yield holder
        holder.kill()


def test_locked_table_spools_after_three_seconds(locked: Any, client: Client) -> None:
    body = rb2b.to_body(rb2b.person())
    answers = [post(client, body) for _ in range(2)]
    assert [(one.status_code, one.json()["status"]) for one in answers] == [(200, "spooled")] * 2
    assert (
        InboundEvent.objects.count() == 0
        if connection.vendor == "sqlite"
        else len(spool.waiting_files()) == 2
    )
    locked.communicate(b"\n")
    drained()
    event = InboundEvent.objects.get()
    assert (bytes(event.body), event.deliveries >= 2, spool.waiting_files()) == (body, True, [])


@pytest.mark.postgres
class TestDatabaseAway:
    def test_refused_connections_are_spooled_and_drained(
        self, committed: None, client: Client
    ) -> None:
        body = rb2b.to_body(rb2b.person())
        with database_at(1):
            answer = post(client, body)
            assert (answer.status_code, answer.json()["status"]) == (200, "spooled")
            for path in ("/webhooks/rb2b/health", "/webhooks/clay/health"):
                answer = client.get(path)
                health = answer.json()
                assert (answer.status_code, health["status"], health["database"]) == (
                    200,
                    "degraded",
                    "away",
                )
                assert health["spooled"] == 1
        drained()
        assert bytes(InboundEvent.objects.get().body) == body

    def test_silent_server_costs_three_seconds_once(self, committed: None, client: Client) -> None:
        with silent_server() as port, database_at(port):
            times = []
            for _ in range(3):
                start = time.monotonic()
                assert post(client, rb2b.to_body(rb2b.person())).json()["status"] == "spooled"
                times.append(time.monotonic() - start)
        assert times[0] < 15  # then RB2B gives up
        assert max(times[1:]) < receive.BUDGET_SECONDS
        drained()
        assert InboundEvent.objects.count() == 3

    def test_a_read_only_database_goes_to_the_spool(self, committed: None, client: Client) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET default_transaction_read_only = on")
        assert post(client, rb2b.to_body(rb2b.person())).json()["status"] == "spooled"
        connection.close()
        receive._process_state.away_until = 0.0
        drained()
        assert InboundEvent.objects.count() == 1

    def test_where_neither_can_store_it_is_not_acknowledged(
        self, committed: None, client: Client, settings: Any, tmp_path: Path
    ) -> None:
        settings.SPOOL_DIR = tmp_path / "file"
        settings.SPOOL_DIR.write_text("no folder")
        with database_at(1):
            assert post(client, rb2b.to_body(rb2b.person())).status_code == 503
            for path in ("/webhooks/rb2b/health", "/webhooks/clay/health"):
                answer = client.get(path)
                assert (answer.status_code, answer.json()["status"]) == (503, "unhealthy")
        assert InboundEvent.objects.count() == 0

    def test_full_spool_asks_the_database_again(
        self, committed: None, client: Client, settings: Any, tmp_path: Path
    ) -> None:
        with database_at(1):
            assert post(client, b"{}").json()["status"] == "spooled"
            away_until = receive._process_state.away_until
        receive._process_state.away_until = away_until
        settings.SPOOL_DIR = tmp_path / "file"
        settings.SPOOL_DIR.write_text("no folder")
        assert post(client, b"{}").json()["status"] == "stored"

    def test_api_answers_unavailable_without_database(
        self, committed: None, client: Client
    ) -> None:
        with database_at(1):
            answer = client.post(
                "/api/visitors",
                rb2b.person(),
                content_type="application/json",
                headers={"Authorization": "Bearer x.y"},
            )
        assert (answer.status_code, answer.headers["Content-Type"]) == (
            503,
            "application/problem+json",
        )
        assert (answer.headers["Retry-After"], answer.json()["detail"]) == (
            "5",
            "The database is away. Try again.",
        )
        assert (InboundEvent.objects.count(), spool.waiting_files()) == (0, [])

    def test_background_drainer_empties_the_spool(self, committed: None, client: Client) -> None:
        with database_at(1):
            post(client, rb2b.to_body(rb2b.person()))
        eventually(lambda: spool.waiting_files() == [])
        assert InboundEvent.objects.count() == 1


def _dsn() -> dict[str, Any]:
    known = connection.settings_dict
    return {
        "host": known["HOST"],
        "port": known["PORT"] or 5432,
        "user": known["USER"],
        "dbname": known["NAME"],
    }
