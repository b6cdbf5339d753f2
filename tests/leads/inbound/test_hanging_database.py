"""A PostgreSQL that hangs keeps connections open and says nothing: nobody may wait for it for
longer than RB2B does.
"""

import contextlib
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from bench import world
from bench.forking import Forker
from caio_project.lib.vendor_access import access
from caio_project.set_up import entered_secrets
from leads.inbound import receive, spool
from leads.models import InboundEvent
from tests.conftest import TOKEN
from tests.fakes import rb2b
from tests.leads.conftest import in_threads
from tests.races.conftest import database_url

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("committed")]

LONG = 60  # seconds; whoever waits without end is noticed, and nobody who is only slow


class Between:
    """Stands between a client and PostgreSQL, hands on what both say, and can stop doing so."""

    def __init__(self) -> None:
        database = connection.settings_dict
        self._there = database["HOST"], int(database["PORT"] or 5432)
        self._flows = threading.Event()
        self._flows.set()
        self._server = socket.create_server(("127.0.0.1", 0), backlog=200)
        self._held: list[socket.socket] = [self._server]
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def hang(self) -> None:
        self._flows.clear()

    def go_on(self) -> None:
        self._flows.set()

    def close(self) -> None:
        """What was held back is thrown away: handed on now it would open sessions that nobody
        ends.
        """
        for one in self._held:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self.go_on()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
                far = socket.create_connection(self._there)
            except OSError:
                return
            self._held += [near, far]
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=self._hand_on, args=(source, target), daemon=True).start()

    def _hand_on(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while part := source.recv(65536):
                self._flows.wait()
                target.sendall(part)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # the other side is gone


@pytest.fixture
def between() -> Iterator[Between]:
    between = Between()
    yield between
    between.close()


def asked(url: str, body: bytes | None = None) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body), timeout=LONG) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_waiting_pages_leave_room_for_webhooks(
    between: Between, settings: Any, tmp_path: Path
) -> None:
    settings.SPOOL_DIR = tmp_path / "web"
    there = database_url().replace(f":{connection.settings_dict['PORT']}/", f":{between.port}/")
    assert str(between.port) in there
    env = world.product_environment(
        DATABASE_URL=there, REDIS_URL="", SPOOL_DIR=str(settings.SPOOL_DIR), WEB_CONCURRENCY="2"
    )
    bodies = [rb2b.to_body(rb2b.person()) for _ in range(3)]
    with Forker(env) as forker, world.run_web(forker, "/api/health/live") as url:
        page, hook = f"{url}/api/health/ready", f"{url}/webhooks/rb2b?token={world.TOKEN}"
        for _ in range(3):  # until every thread of the server has a connection of its own
            in_threads([lambda: asked(page)] * 24)
        between.hang()
        pages = [threading.Thread(target=asked, args=(page,)) for _ in range(24)]
        for one in pages:
            one.start()
        assert [asked(hook, body) for body in bodies] == [200] * 3
        assert asked(f"{url}/webhooks/rb2b/health") == 200
        for one in pages:
            one.join(LONG)
        assert not any(one.is_alive() for one in pages)
        assert len(spool.waiting_files()) == 3
        between.go_on()
    receive.drain_spool()
    assert sorted(bytes(event.body) for event in InboundEvent.objects.all()) == sorted(bodies)


def test_connection_after_the_deadline_is_not_awaited(
    client: Client, between: Between, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of three addresses of one server two take more than all of the time, and behind the third a
    lock is held.
    """
    database, body, answers = (
        dict(connection.settings_dict),
        rb2b.to_body(rb2b.person()),
        list[str](),
    )

    def post() -> None:
        answer = client.post(f"/webhooks/rb2b?token={TOKEN}", body, content_type="application/json")
        answers.append(answer.json()["status"])
        connection.close()

    between.hang()
    with psycopg.connect(database_url()) as lock:
        lock.execute("LOCK TABLE leads_inboundevent IN ACCESS EXCLUSIVE MODE")
        monkeypatch.setitem(
            connection.settings_dict, "HOST", f"127.0.0.1,127.0.0.1,{database['HOST']}"
        )
        monkeypatch.setitem(
            connection.settings_dict, "PORT", f"{between.port},{between.port},{database['PORT']}"
        )
        posting = threading.Thread(target=post)
        posting.start()
        posting.join(LONG)
        assert answers == ["spooled"]


def test_entered_token_is_known_while_the_database_hangs(
    client: Client, between: Between, settings: Any, tmp_path: Path, lead_user: User
) -> None:
    settings.SPOOL_DIR, settings.CLAY_CALLBACK_TOKEN = tmp_path / "web", ""
    token = "callback-0123456789"
    entered_secrets.store_secret("CLAY_CALLBACK_TOKEN", token, lead_user)
    assert access.vendor_value("CLAY_CALLBACK_TOKEN") == token
    time.sleep(access.FRESH_SECONDS)
    answers = list[str]()

    def post() -> None:
        connection.ensure_connection()
        between.hang()
        header = f"Bearer {token}"
        answer = client.post(
            "/webhooks/clay", b"{}", content_type="application/json", HTTP_AUTHORIZATION=header
        )
        answers.append(answer.json()["status"])
        connection.close()

    before = connection.settings_dict["PORT"]
    connection.settings_dict["PORT"] = str(between.port)  # of this thread and of others
    try:
        posting = threading.Thread(target=post)
        posting.start()
        posting.join(LONG)
    finally:
        connection.settings_dict["PORT"] = before
    assert answers == ["spooled"]
    between.go_on()
