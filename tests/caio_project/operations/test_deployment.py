"""`verify_deployment` against a served process: right, and wrong in each thing that it checks."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from typing import Any

import pytest
import requests
from django.core.management import CommandError, call_command
from django.db import connections
from django.db.migrations.recorder import MigrationRecorder

from caio_project.operations.deployment_check import deployment
from caio_project.operations.deployment_check.addresses import ADDRESSES
from caio_project.operations.deployment_check.headers import clock_trouble, header_troubles
from leads.models import InboundEvent, Kind, Lead
from tests import factories
from tests.caio_project.test_api import key
from tests.caio_project.test_commands import everything_alive
from tests.journeys.test_spine import work

Change = Callable[[str, requests.Response], None]
NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
GOOD = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'self'",
}


class Altered(ThreadingHTTPServer):
    """Passes requests on to `to`, and its answers through `change`."""

    def __init__(self, to: str, change: Change) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.to, self.change, self.url = to, change, f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Altered

    def do_GET(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        kept = {n: v for n, v in self.headers.items() if n in ("Accept", "Authorization")}
        answer = requests.request(
            self.command, self.server.to + self.path, data=self.rfile.read(size), headers=kept,
            allow_redirects=False, timeout=60,
        )  # fmt: skip
        answer.headers.pop("Content-Length", None)
        self.server.change(self.path, answer)
        self.send_response_only(answer.status_code)
        for name, value in answer.headers.items():
            if name not in ("Transfer-Encoding", "Connection", "Content-Encoding"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def site(committed: None, live_server: Any, settings: Any) -> str:
    settings.ALLOWED_HOSTS = ["*"]
    everything_alive()
    return live_server.url


@pytest.fixture
def altered(site: str) -> Iterator[Callable[[Change], str]]:
    servers: list[Altered] = []

    def serve(change: Change) -> str:
        servers.append(Altered(site, change))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return servers[-1].url

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def wrong(url: str, **more: Any) -> dict[str, str]:
    found = deployment.verify_deployment(url, wait=0, **more)
    return {one.name: one.text for one in found if not one.ok}


def secret() -> str:
    return key("leads:write")["Authorization"].removeprefix("Bearer ")


def test_a_right_one_is_verified_with_a_visitor_held(
    site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.TeamMemberFactory(default_sender=True)
    monkeypatch.setenv("CAIO_API_KEY", secret())
    is_over = threading.Event()

    def sweep() -> None:
        try:
            while not is_over.wait(0.2):
                work()
        finally:
            connections.close_all()

    worker = threading.Thread(target=sweep)
    worker.start()
    out = StringIO()
    try:
        with pytest.raises(SystemExit) as ended:
            call_command("verify_deployment", site, wait=60, stdout=out)
    finally:
        is_over.set()
        worker.join()

    assert (ended.value.code, "Verified." in out.getvalue()) == (0, True), out.getvalue()
    assert Lead.objects.get().kind == Kind.TEST


def test_without_a_key_no_visitor_is_sent_and_it_says_so(site: str) -> None:
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("verify_deployment", site, wait=0, stdout=out)

    assert ended.value.code == 0
    assert "No test visitor was sent" in out.getvalue()
    assert InboundEvent.objects.count() == 0


def test_every_address_is_looked_at_and_can_be_wrong(altered: Any) -> None:
    def open_all(path: str, answer: requests.Response) -> None:
        if any(path == one.path for one in ADDRESSES):
            answer.status_code = 418

    assert set(wrong(altered(open_all))) == {one.name for one in ADDRESSES}


def test_missing_migrations_are_told(site: str) -> None:
    newest = MigrationRecorder.Migration.objects.latest("pk")
    newest.delete()
    try:
        found = wrong(site)
    finally:
        newest.save(force_insert=True)

    assert found["migrations"] == "1 migrations missing"
    assert set(found) == {"ready", "migrations"}


def test_a_wrong_clock_and_missing_headers_are_told(altered: Any) -> None:
    def worsen(_path: str, answer: requests.Response) -> None:
        answer.headers["Date"] = format_datetime(datetime.now(UTC) - timedelta(minutes=5))
        answer.headers.pop("X-Frame-Options", None)

    found = wrong(altered(worsen))

    assert set(found) == {"clock", "security headers"}
    assert found["clock"].endswith("behind this one")
    assert found["security headers"] == "X-Frame-Options is missing"


def test_a_visitor_that_comes_no_further_is_told_with_the_reason(site: str) -> None:
    assert wrong(site, key=secret())["test visitor"].startswith("not lead: the event still waits")


def test_a_key_that_may_not_is_told(site: str) -> None:
    assert "401" in wrong(site, key="nobody")["test visitor"]
    assert InboundEvent.objects.count() == 0


@pytest.mark.parametrize(
    ("seconds", "trouble"),
    [(0, ""), (-30, ""), (31, "ahead of this one"), (-3600, "behind this one")],
)
def test_the_clock_may_differ_by_half_a_minute(seconds: int, trouble: str) -> None:
    headers = {"Date": format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)}

    said = clock_trouble(headers, NOW)

    assert said.endswith(trouble) if trouble else said == ""


@pytest.mark.parametrize("headers", [{}, {"Date": "yesterday"}])
def test_no_time_is_not_the_right_time(headers: dict[str, str]) -> None:
    assert clock_trouble(headers, NOW) == "the answer has no Date"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, []),
        ({"X-Content-Type-Options": ""}, ["X-Content-Type-Options is missing"]),
        ({"Referrer-Policy": "unsafe-url"}, ["Referrer-Policy is unsafe-url"]),
        ({"Content-Security-Policy": ""}, ["Content-Security-Policy is missing"]),
        ({"Content-Security-Policy": "script-src 'self'"},
         ["Content-Security-Policy has no default-src"]),
        ({"Content-Security-Policy": "default-src 'self' 'unsafe-inline'"},
         ["Content-Security-Policy allows inline code"]),
    ],
)  # fmt: skip
def test_each_header_can_be_wrong(change: dict[str, str], said: list[str]) -> None:
    assert header_troubles({**GOOD, **change}, https=False) == said


def test_https_wants_more() -> None:
    assert header_troubles({**GOOD, "Set-Cookie": "a=b; HttpOnly"}, https=True) == [
        "Strict-Transport-Security is missing",
        "a cookie is not Secure",
    ]
    safe = {"Strict-Transport-Security": "max-age=3600", "Set-Cookie": "a=b; Secure"}
    assert header_troubles({**GOOD, **safe}, https=True) == []


def test_a_key_is_not_sent_where_it_can_be_read_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(deployment, "verify_deployment", lambda *given: asked.append(given) or [])
    monkeypatch.setenv("CAIO_API_KEY", "key-0123456789")
    with pytest.raises(CommandError, match="could be read on the way. Nothing was asked."):
        call_command("verify_deployment", "http://caio.example.com")
    assert not asked
    with pytest.raises(SystemExit):
        call_command("verify_deployment", "https://caio.example.com", stdout=StringIO())
    assert len(asked) == 1
