"""Stored or not acknowledged: while the database is away, bodies wait in the spool and come back in
order, once.
"""

import hashlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from psycopg.conninfo import make_conninfo

from leads.inbound import events, receive, spool, stuck_files
from leads.inbound.parked import StoredReason
from leads.integrations import alarms
from leads.models import Alarm, InboundEvent, Visit
from tests.conftest import TOKEN
from tests.fakes import rb2b
from tests.fakes.clay import FakeClay

PATH = f"/webhooks/rb2b?token={TOKEN}"


def keep(body: bytes = b"{}", **more: Any) -> Path:
    """One body in the spool; its file."""
    known, kind = set(spool.waiting_files()), more.pop("kind", "live")
    spool.keep_body("rb2b", body, hashlib.sha256(body).hexdigest(), kind=kind, **more)
    [path] = set(spool.waiting_files()) - known
    return path


def eventually(found: Callable[[], object]) -> None:
    until = time.monotonic() + 60
    while not found():
        assert time.monotonic() < until
        time.sleep(0.02)


def drained() -> None:
    """The spool is emptied, by this thread or by the drainer that a spooled answer has started."""
    eventually(lambda: receive.drain_spool() + len(spool.waiting_files()) == 0)


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


@pytest.mark.django_db
class TestDrain:
    def test_drained_bodies_keep_their_arrival_time(self, client: Client) -> None:
        bodies = [rb2b.to_body(rb2b.person()) for _ in range(3)]
        for body in [*bodies, bodies[0]]:
            spool.keep_body("rb2b", body, events.hashlib.sha256(body).hexdigest(), kind="live")
        kept = spool.read_file(spool.waiting_files()[0])
        assert receive.drain_spool() == 4
        assert list(InboundEvent.objects.order_by("pk").values_list("deliveries", flat=True)) == [
            2,
            1,
            1,
        ]
        assert InboundEvent.objects.order_by("pk")[0].received_at == kept.received_at  # type: ignore[union-attr]
        assert (spool.waiting_files(), receive.drain_spool()) == ([], 0)
        events.process_due()
        assert Visit.objects.count() == 3

    def test_health_says_what_waits_and_since_when(self, client: Client, clay: FakeClay) -> None:
        keep()
        for path in ("/webhooks/rb2b/health", "/webhooks/clay/health"):
            answer = client.get(path)
            body = answer.json()
            assert (answer.status_code, body["status"], body["spooled"], body["database"]) == (
                200,
                "degraded",
                1,
                "there",
            )
            assert body["spooled_since"]

    def test_health_reports_an_unwritable_spool(
        self, client: Client, settings: Any, tmp_path: Path
    ) -> None:
        settings.SPOOL_DIR = tmp_path / "file"
        settings.SPOOL_DIR.write_text("no folder")
        body = client.get("/webhooks/rb2b/health").json()
        assert (body["status"], body["spool"], body["database"]) == (
            "degraded",
            "not writable",
            "there",
        )

    def test_unreadable_folder_is_harmless_while_database_answers(
        self, client: Client, settings: Any
    ) -> None:
        # Too long a name: as for another user's folder, root or not
        settings.SPOOL_DIR = Path("/tmp") / ("x" * 300)
        receive.drain_in_background()  # as a web process does at its start
        assert post(client, b"{}").json()["status"] == "stored"
        said = client.get("/webhooks/rb2b/health").json()
        assert (said["status"], said["spool"]) == ("degraded", "not writable")
        assert "nothing more can be kept" in stuck_files.spool_status().text


def unreadable(path: Path) -> None:
    """As for a file of another user; root may read those, so here it is a folder."""
    path.unlink()
    path.mkdir()


@pytest.mark.usefixtures("committed")
class TestStranded:
    """What cannot get into the database holds up nothing behind it, and is told."""

    @pytest.mark.parametrize(
        "wrong",
        [
            pytest.param({"parked": StoredReason(sentence="\ud800")}, id="no text"),
            pytest.param({"kind": "x" * 11}, id="too long", marks=pytest.mark.postgres),
            pytest.param(
                {"parked": StoredReason(sentence="\0")}, id="NUL", marks=pytest.mark.postgres
            ),
        ],
    )
    def test_refused_body_is_set_aside_with_alarm(
        self, client: Client, wrong: dict[str, Any]
    ) -> None:
        keep(b"refused", **wrong)
        keep(b"behind it")
        assert receive.drain_spool() == 1
        assert bytes(InboundEvent.objects.get().body) == b"behind it"
        assert (spool.waiting_files(), spool.set_aside_counts()) == ([], {".bad": 0, ".refused": 1})
        alarm = Alarm.objects.get()
        assert "refused by the database" in alarm.text and "operations.md" in alarm.text
        receive.drain_spool()
        assert Alarm.objects.count() == 1
        said = client.get("/webhooks/rb2b/health").json()
        assert (said["status"], said["set_aside"], said["spooled"]) == ("degraded", 1, 0)

    def test_refused_body_is_stored_once_fixed(self) -> None:
        keep(b"{}")
        refused = spool.set_aside(spool.waiting_files()[0], spool.REFUSED)
        receive.drain_spool()
        assert Alarm.objects.get().closed_at is None
        os.utime(refused, (0, 0))
        assert receive.drain_spool() == 1
        assert InboundEvent.objects.count() == 1
        assert Alarm.objects.get().closed_at is not None

    def test_unreadable_file_alarms_until_removed(self, client: Client) -> None:
        keep(b"garbage").write_bytes(b"half a fi")
        keep(b"behind it")
        assert receive.drain_spool() == 1
        [bad] = spool.spool_folder().glob("*.bad")
        assert "cannot be read" in Alarm.objects.get(closed_at=None).text
        assert client.get("/webhooks/rb2b/health").json()["set_aside"] == 1
        bad.unlink()
        receive.drain_spool()
        assert not Alarm.objects.filter(closed_at=None).exists()
        assert client.get("/webhooks/rb2b/health").json()["status"] == "healthy"

    def test_unopenable_file_alarms_until_opened(self) -> None:
        stuck = keep(b"stuck")
        raw = stuck.read_bytes()
        unreadable(stuck)
        keep(b"behind it")
        assert receive.drain_spool() == 1
        assert (bytes(InboundEvent.objects.get().body), spool.waiting_files()) == (
            b"behind it",
            [stuck],
        )
        assert "cannot be opened" in Alarm.objects.get(closed_at=None).text
        stuck.rmdir()
        stuck.write_bytes(raw)
        assert receive.drain_spool() == 1
        assert InboundEvent.objects.count() == 2
        assert not Alarm.objects.filter(closed_at=None).exists()

    def test_another_machines_alarm_is_left_alone(self) -> None:
        alarms.raise_alarm("spool:abcdef12:bad", "Something elsewhere.")
        keep()
        assert receive.drain_spool() == 1
        assert Alarm.objects.filter(closed_at=None).count() == 1

    def test_refused_body_does_not_mark_database_away(self) -> None:
        assert receive.accept_body(
            "rb2b", b"refused", "abc", parked=StoredReason(sentence="\ud800")
        ).is_spooled
        assert not receive.accept_body("rb2b", b"the next", "def").is_spooled

    def test_drainer_survives_an_unreadable_folder(self) -> None:
        keep()
        lock = spool.spool_folder() / ".lock"
        lock.mkdir()
        receive.drain_in_background()
        [thread] = [one for one in threading.enumerate() if one.name == receive.THREAD]
        receive._process_state.hurry.set()
        eventually(lambda: not receive._process_state.hurry.is_set())
        assert thread.is_alive() and InboundEvent.objects.count() == 0
        lock.rmdir()
        receive._process_state.hurry.set()
        eventually(lambda: spool.waiting_files() == [])
        assert InboundEvent.objects.count() == 1


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
