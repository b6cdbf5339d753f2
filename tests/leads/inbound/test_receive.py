"""Stored or not acknowledged: while the database is away, bodies wait in the spool and come back in
order, once.
"""

import hashlib
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from leads.inbound import events, receive, spool, stuck_files
from leads.inbound.parked import StoredReason
from leads.integrations import alarms
from leads.models import Alarm, InboundEvent, Visit
from tests.fakes import rb2b
from tests.fakes.clay import FakeClay
from tests.leads.inbound.spool_helpers import eventually, post


def keep(body: bytes = b"{}", **more: Any) -> Path:
    """One body in the spool; its file."""
    known, kind = set(spool.waiting_files()), more.pop("kind", "live")
    spool.keep_body("rb2b", body, hashlib.sha256(body).hexdigest(), kind=kind, **more)
    [path] = set(spool.waiting_files()) - known
    return path


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
