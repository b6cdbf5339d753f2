"""Real threads, real processes, real commits: everything here needs PostgreSQL."""

import os
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import time_machine
from django.db import connection, connections

from bench.forking import ForkedProcess, Forker
from leads.models import TeamMember
from outreach.models import Message
from tests import factories
from tests.fakes.exchange import Request, route_matches
from tests.fakes.ghl import FakeGhl
from tests.outreach.conftest import WORKING

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    with time_machine.travel(WORKING, tick=True) as traveller:
        yield traveller


@pytest.fixture
def sender(committed: None) -> TeamMember:
    return factories.TeamMemberFactory(default_sender=True)


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Run each in a thread with a connection of its own, started together; returns what each gave
    or raised.
    """
    start, results = threading.Barrier(len(works)), [None] * len(works)

    def run(n: int) -> None:
        try:
            start.wait(60)
            results[n] = works[n]()
        except Exception as error:
            results[n] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(240)
    assert not any(thread.is_alive() for thread in threads)
    return results


def now_is(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)


def in_background(work: Any) -> threading.Thread:
    def run() -> None:
        try:
            work()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def gate(ghl: FakeGhl, route: str, count: int) -> None:
    """Let requests of `route` through only when `count` of them have arrived."""
    barrier, take = threading.Barrier(count), ghl.take_behaviour

    def wait(request: Request) -> Any:
        if route_matches(route, request):
            barrier.wait(120)
        return take(request)

    ghl.take_behaviour = wait


def somebody_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_stat_clear_snapshot()"
        )  # else a transaction sees its first look for ever
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND "
            "wait_event_type = 'Lock'"
        )
        return cursor.fetchone()[0] > 0


@contextmanager
def held_up(ghl: FakeGhl, route: str) -> Iterator[Callable[[], Any]]:
    """In the block, requests of `route` wait for their answer; call what it gives to wait until one
    has arrived.
    """
    arrived, over, take = threading.Event(), threading.Event(), ghl.take_behaviour

    def wait(request: Request) -> Any:
        if route_matches(route, request):
            arrived.set()
            over.wait(60)
        return take(request)

    def until_one_is_there() -> None:
        assert arrived.wait(60)

    ghl.take_behaviour = wait
    try:
        yield until_one_is_there
    finally:
        over.set()


class SlowDoorstep:
    """Stands before the fake and passes everything through, until `close`: then connecting takes
    until `open`.
    """

    def __init__(self, url: str):
        self.port = int(url.rsplit(":", 1)[1])
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=0)
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.accepting, self.parked = threading.Event(), threading.Event()
        self.accepting.set()
        self.queued: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Accept nothing more, and fill the queue of those that wait to be accepted."""
        self.accepting.clear()
        self.queued.append(
            socket.create_connection(self.socket.getsockname())
        )  # lets one go that is about to accept
        assert self.parked.wait(60)
        for _ in range(8):
            waiting = socket.socket()
            waiting.setblocking(False)
            waiting.connect_ex(self.socket.getsockname())
            self.queued.append(waiting)

    def open(self) -> None:
        for waiting in self.queued:
            waiting.close()
        self.accepting.set()

    def _accept(self) -> None:
        while True:
            if not self.accepting.is_set():
                self.parked.set()
                self.accepting.wait()
            try:
                outside, _ = self.socket.accept()
            except OSError:
                return
            inside = socket.create_connection(("127.0.0.1", self.port))
            for pair in ((outside, inside), (inside, outside)):
                threading.Thread(target=self._pass_on, args=pair, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while part := source.recv(65536):
                target.sendall(part)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass


WORKER_MODULES = ("send_once", "work_clay", "work_ghl", "work_slack")
_loaded: dict[str, Forker] = {}


def loaded_process(database: str) -> Forker:
    """A process that has loaded Django and what the workers run, for all tests here."""
    if database not in _loaded:
        environment = {name: value for name, value in os.environ.items() if value} | {
            "DATABASE_URL": database,
            "DJANGO_SETTINGS_MODULE": "caio_project.settings",
            "LOG_LEVEL": "ERROR",
        }
        modules = (f"tests.races.{name}" for name in WORKER_MODULES)
        _loaded[database] = Forker(environment, *modules)
    return _loaded[database]


@pytest.fixture(scope="session", autouse=True)
def end_loaded_processes() -> Iterator[None]:
    yield
    while _loaded:
        _loaded.popitem()[1].end()


class Workers:
    """Starts processes of one module against the test's database and on its clock; ends those that
    are left. They begin as copies of one that has loaded Django and the module, with `environment`
    added to its own.
    """

    def __init__(self, module: str, **environment: str):
        self.module, self.running = module, list[ForkedProcess]()
        self.environment = environment

    def start(self, *arguments: Any) -> ForkedProcess:
        ahead = time.time() - time_machine.escape_hatch.time.time()
        said = tempfile.TemporaryFile("w+")  # noqa: SIM115  (closed with its process)
        process = loaded_process(database_url()).start(
            said, self.module, str(ahead), *map(str, arguments), environment=self.environment
        )
        self.running.append(process)
        return process

    def stop(self) -> None:
        for process in self.running:
            process.kill()
            process.communicate()


def database_url() -> str:
    """The test database, for a process of its own."""
    at = connection.settings_dict
    login = quote(at["USER"] or "") + (f":{quote(at['PASSWORD'])}" if at["PASSWORD"] else "")
    return f"postgres://{login}@{at['HOST'] or '127.0.0.1'}:{at['PORT'] or 5432}/{at['NAME']}"


def door_environment(fake: FakeGhl) -> dict[str, str]:
    """Settings of a process that sends to a fake, with no pacing."""
    return {
        "SANDBOX": "clay",
        "GHL_BASE_URL": fake.url,
        "GHL_API_TOKEN": "pit-test",
        "GHL_LOCATION_ID": "loc-test",
        "GHL_FROM_EMAIL": "alex@mail.ours.example.com",
        "UNDO_SECONDS": "0",
        "SEND_GAP_SECONDS": "0",
        "HOURLY_LIMIT": "1000",
        "DOMAIN_HOURLY_LIMIT": "1000",
        "WORKING_HOURS": "00:00-24:00",
    }


class Worker(Workers):
    """Processes that send."""

    def __init__(self, fake: FakeGhl, **environment: str):
        super().__init__("tests.races.send_once", **door_environment(fake), **environment)

    def start(self, seconds: float = 0) -> ForkedProcess:
        return super().start(seconds)

    def run(self) -> int:
        """One sweep of sending in a process of its own; returns how many were sent."""
        said, _ = self.start().communicate(timeout=240)
        return int(said.strip().splitlines()[-1])


@pytest.fixture
def worker(ghl: FakeGhl) -> Iterator[Worker]:
    made = Worker(ghl)
    yield made
    made.stop()
