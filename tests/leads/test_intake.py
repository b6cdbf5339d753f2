"""Stored or not acknowledged: while the database is away, bodies wait in the spool and come back in order, once."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test import Client

from leads import ingest, intake, spool
from leads.models import InboundEvent, Visit
from tests.conftest import TOKEN
from tests.fakes import rb2b

PATH = f"/webhooks/rb2b?token={TOKEN}"


@pytest.fixture(autouse=True)
def fresh_process() -> Iterator[None]:
    intake._state.away_until = 0.0
    yield
    intake._state.away_until = 0.0


def post(client: Client, body: bytes) -> Any:
    return client.post(PATH, body, content_type="application/json")


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
        intake._state.away_until = 0.0


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


class TestSpool:
    def test_a_file_is_whole_and_read_back_as_it_was(self) -> None:
        body = b'{"a": "line\nbreak"}\x00\xff'
        spool.keep("rb2b", body, "abc", cut=True, kind="live")
        [path] = spool.waiting()
        found = spool.read(path)
        assert found is not None
        assert (found.source, found.body, found.sha256, found.cut, found.kind) == ("rb2b", body, "abc", True, "live")

    def test_files_come_back_in_the_order_they_came(self) -> None:
        for n in range(20):
            spool.keep("rb2b", str(n).encode(), f"{n}", cut=False, kind="live")
        assert [spool.read(path).body for path in spool.waiting()] == [str(n).encode() for n in range(20)]  # type: ignore[union-attr]

    def test_what_is_not_ours_is_set_aside_and_kept(self, settings: Any) -> None:
        spool.keep("rb2b", b"{}", "abc", cut=False, kind="live")
        [path] = spool.waiting()
        path.write_bytes(b"half a fi")
        assert spool.read(path) is None
        assert spool.waiting() == []
        assert path.with_suffix(".bad").read_bytes() == b"half a fi"

    def test_a_half_written_file_is_not_seen(self, settings: Any) -> None:
        spool.keep("rb2b", b"{}", "abc", cut=False, kind="live")
        (Path(settings.SPOOL_DIR) / "0-x.part").write_bytes(b"{")
        assert len(spool.waiting()) == 1


@pytest.mark.django_db
class TestDrain:
    def test_everything_ends_as_one_event_with_the_time_it_came(self, client: Client) -> None:
        bodies = [rb2b.to_body(rb2b.person()) for _ in range(3)]
        for body in [*bodies, bodies[0]]:
            spool.keep("rb2b", body, ingest.hashlib.sha256(body).hexdigest(), cut=False, kind="live")
        kept = spool.read(spool.waiting()[0])
        assert intake.drain() == 4
        assert list(InboundEvent.objects.order_by("pk").values_list("deliveries", flat=True)) == [2, 1, 1]
        assert InboundEvent.objects.order_by("pk")[0].received_at == kept.received_at  # type: ignore[union-attr]
        assert (spool.waiting(), intake.drain()) == ([], 0)
        ingest.process_due()
        assert Visit.objects.count() == 3

    def test_health_says_what_waits(self, client: Client) -> None:
        spool.keep("rb2b", b"{}", "abc", cut=False, kind="live")
        body = client.get("/webhooks/rb2b/health").json()
        assert (body["status"], body["spooled"], body["database"]) == ("degraded", 1, "there")


@pytest.mark.postgres
class TestDatabaseAway:
    def test_refused_connections_go_to_the_spool_and_come_back(self, committed: None, client: Client) -> None:
        body = rb2b.to_body(rb2b.person())
        with database_at(1):
            answer = post(client, body)
            assert (answer.status_code, answer.json()["status"]) == (200, "spooled")
            health = client.get("/webhooks/rb2b/health").json()
            assert (health["status"], health["database"], health["spooled"]) == ("degraded", "away", 1)
        intake.drain()
        assert bytes(InboundEvent.objects.get().body) == body

    def test_a_server_that_never_answers_costs_three_seconds_once(self, committed: None, client: Client) -> None:
        with silent_server() as port, database_at(port):
            times = []
            for _ in range(3):
                start = time.monotonic()
                assert post(client, rb2b.to_body(rb2b.person())).json()["status"] == "spooled"
                times.append(time.monotonic() - start)
        assert times[0] < 4.5
        assert max(times[1:]) < 0.5
        intake.drain()
        assert InboundEvent.objects.count() == 3

    def test_a_lock_on_the_table_costs_three_seconds_and_nothing_is_lost(self, committed: None, client: Client) -> None:
        with psycopg.connect(**_dsn()) as other:
            other.execute("LOCK TABLE leads_inboundevent IN ACCESS EXCLUSIVE MODE")
            start = time.monotonic()
            answer = post(client, rb2b.to_body(rb2b.person()))
            assert (answer.status_code, answer.json()["status"]) == (200, "spooled")
            assert time.monotonic() - start < 4.0
            other.rollback()
        intake.drain()
        assert InboundEvent.objects.get().deliveries in (1, 2)

    def test_a_read_only_database_goes_to_the_spool(self, committed: None, client: Client) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET default_transaction_read_only = on")
        assert post(client, rb2b.to_body(rb2b.person())).json()["status"] == "spooled"
        connection.close()
        intake._state.away_until = 0.0
        assert intake.drain() == 1
        assert InboundEvent.objects.count() == 1

    def test_where_neither_can_store_it_is_not_acknowledged(
        self, committed: None, client: Client, settings: Any, tmp_path: Path
    ) -> None:
        settings.SPOOL_DIR = tmp_path / "file"
        settings.SPOOL_DIR.write_text("no folder")
        with database_at(1):
            assert post(client, rb2b.to_body(rb2b.person())).status_code == 503
        assert InboundEvent.objects.count() == 0

    def test_the_background_drainer_empties_the_spool_when_the_database_is_back(
        self, committed: None, client: Client
    ) -> None:
        with database_at(1):
            post(client, rb2b.to_body(rb2b.person()))
        deadline = time.monotonic() + 15
        while spool.waiting() and time.monotonic() < deadline:
            time.sleep(0.1)
        assert (spool.waiting(), InboundEvent.objects.count()) == ([], 1)


def _dsn() -> dict[str, Any]:
    known = connection.settings_dict
    return {"host": known["HOST"], "port": known["PORT"] or 5432, "user": known["USER"], "dbname": known["NAME"]}
