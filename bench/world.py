"""The environment of measurements: own databases, and the product's processes on loopback."""

import contextlib
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis

from bench.forking import ForkedProcess, Forker
from caio_project import schedule
from tests import migrated

ROOT = Path(__file__).resolve().parent.parent
POSTGRES = os.environ.get("BENCH_DATABASE_URL") or "postgres://postgres@127.0.0.1:5432/caio_bench"
REDIS = os.environ.get("BENCH_REDIS_URL") or "redis://127.0.0.1:6379/7"
TOKEN = "bench-token-0123456789"
CELERY = ("-m", "celery", "--app", "caio_project", "--quiet")
BEAT = ("beat", "--loglevel=WARNING", "--scheduler=celery.beat:Scheduler", "--pidfile=")


def product_environment(**more: str) -> dict[str, str]:
    """As in production, with vendors in the sandbox and everything on loopback."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "CAIO_ENV_FILE": os.devnull,
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ALLOWED_HOSTS": "127.0.0.1,testserver",
        "SANDBOX": "ghl,clay",
        "RB2B_WEBHOOK_TOKENS": TOKEN,
        "SENDER_NAME": "Bench",
        "POSTAL_ADDRESS": "1 Example Street, Columbus, OH 43004",
        "GUNICORN_LOG_LEVEL": "warning",
        "LOG_LEVEL": "WARNING",
        "DATABASE_URL": POSTGRES,
        "BENCH_DATABASE_URL": POSTGRES,
        "REDIS_URL": REDIS,
        **more,
    }


def check_services() -> None:
    """Exit with a sentence where PostgreSQL or Redis does not answer on loopback."""
    for url in (POSTGRES, REDIS):
        if urlsplit(url).hostname not in ("127.0.0.1", "localhost", "::1"):
            sys.exit(f"The measurements run on this machine only, not on {urlsplit(url).hostname}.")
    try:
        psycopg.connect(_maintenance_url(), connect_timeout=3).close()
    except psycopg.Error as error:
        sys.exit(
            f"PostgreSQL does not answer at {_maintenance_url()}: {error}\nSet "
            "BENCH_DATABASE_URL to one that does."
        )
    try:
        redis.from_url(REDIS, socket_connect_timeout=3).ping()
    except redis.RedisError as error:
        sys.exit(
            f"Redis does not answer at {REDIS}: {error}\nSet BENCH_REDIS_URL to one that does."
        )


def _maintenance_url() -> str:
    return urlunsplit(urlsplit(POSTGRES)._replace(path="/postgres"))


def fresh_postgres() -> dict[str, str]:
    """An empty, migrated database of our own, and an empty queue."""
    name = urlsplit(POSTGRES).path.lstrip("/")
    assert "bench" in name, "BENCH_DATABASE_URL is emptied: its name must say that it is for this"
    template = migrated.migrated_template(POSTGRES)
    with psycopg.connect(_maintenance_url(), autocommit=True) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    with psycopg.connect(POSTGRES, autocommit=True) as own:
        own.execute(migrated.MIGRATED_NOW)
    redis.from_url(REDIS).delete(schedule.DEFAULT_QUEUE, *schedule.QUEUES)
    return product_environment()


@contextlib.contextmanager
def database_copies(suffixes: list[str]) -> Iterator[list[str]]:
    """Names of as many copies of our fresh database, for the length of the block."""
    name = urlsplit(POSTGRES).path.lstrip("/")
    names = [f"{name}_{suffix}" for suffix in suffixes]
    with psycopg.connect(_maintenance_url(), autocommit=True) as admin:
        for copy in names:
            admin.execute(f'DROP DATABASE IF EXISTS "{copy}" WITH (FORCE)')  # what a kill has left
            admin.execute(f'CREATE DATABASE "{copy}" TEMPLATE "{name}"')
        try:
            yield names
        finally:
            for copy in names:
                admin.execute(f'DROP DATABASE IF EXISTS "{copy}" WITH (FORCE)')


def empty_postgres(checkout: Path) -> dict[str, str]:
    """Our database as `fresh_postgres`, with the migrations of another checkout."""
    name = urlsplit(POSTGRES).path.lstrip("/")
    with psycopg.connect(_maintenance_url(), autocommit=True) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        admin.execute(f'CREATE DATABASE "{name}"')
    run_python(product_environment(), checkout, "manage.py", "migrate", "--verbosity", "0")
    return product_environment()


def run_manage(env: dict[str, str], *arguments: str) -> str:
    given = arguments if arguments[0] == "-m" else ("manage.py", *arguments)
    return run_python(env, ROOT, *given)


def run_python(env: dict[str, str], folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


class Process:
    """A process of the product, ended with the block; its output is shown only if it fails.

    With a forker instead of an environment it begins as a copy of one that has loaded Django.
    """

    def __init__(
        self,
        env: dict[str, str] | Forker,
        *arguments: str,
        pass_fds: tuple[int, ...] = (),
        folder: Path = ROOT,
    ):
        self._name, self._log = " ".join(arguments), tempfile.TemporaryFile("w+")  # noqa: SIM115  (closed at the end)
        self._process: subprocess.Popen[bytes] | ForkedProcess
        if isinstance(env, Forker):
            assert arguments[0] == "-m", arguments
            self._process = env.start(self._log, *arguments[1:], pass_fds=pass_fds)
        else:
            self._process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=folder,
                env=env,
                stdout=self._log,
                stderr=self._log,
                pass_fds=pass_fds,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def children(self) -> list[int]:
        """The processes that it started and that live, such as gunicorn's workers."""
        return [
            int(pid)
            for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        ]

    def check(self) -> None:
        if self._process.poll() is not None:
            self._log.seek(0)
            raise RuntimeError(f"{self._name} ended by itself:\n{self._log.read()[-2000:]}")

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()


@contextlib.contextmanager
def run_web(
    env: dict[str, str] | Forker, path: str, app: str = "caio_project.wsgi", **more: str
) -> Iterator[str]:
    """gunicorn as in production; yields its URL once `path` answers."""
    with web_process(env, path, app, **more) as (url, _):
        yield url


@contextlib.contextmanager
def web_process(
    env: dict[str, str] | Forker, path: str, app: str = "caio_project.wsgi", **more: str
) -> Iterator[tuple[str, Process]]:
    """The same with gunicorn's own process."""
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listener:
        arguments = (
            "-m",
            "gunicorn",
            "--config",
            "gunicorn.conf.py",
            "--bind",
            f"fd://{listener.fileno()}",
            app,
        )
        if isinstance(env, dict):
            env = {**env, "WEB_CONCURRENCY": "2", **more}
        else:
            assert not more, "What a forker starts has the forker's environment."
        with Process(env, *arguments, pass_fds=(listener.fileno(),)) as process:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            while not is_answering(url + path):
                process.check()
            yield url, process


def is_answering(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=1).close()
    except OSError:
        time.sleep(0.1)
        return False
    return True


def post_json(url: str, body: dict[str, Any]) -> None:
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=15) as answer:
        assert answer.status == 200
