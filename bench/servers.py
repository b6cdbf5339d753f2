"""A PostgreSQL and a Redis of our own on free ports, which a run may crash."""

import glob
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg
import redis

from tests import migrated

NAME = "caio_bench"
BINARIES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class Postgres:
    """A server with the default guarantees and the product's tables, migrated by this checkout.

    `stop("immediate")` is a crash.
    """

    def __init__(self) -> None:
        self.port, self._bin, self._as = free_port(), _find_binaries(), _not_root()
        self._folder = Path(tempfile.mkdtemp(prefix="caio-postgres-"))
        self._data, self.crashes = self._folder / "data", 0

    @property
    def pid(self) -> int:
        """Of the process that has started all others of the server."""
        return int((self._data / "postmaster.pid").read_text().split()[0])

    @property
    def url(self) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/{NAME}"

    def __enter__(self) -> "Postgres":
        self._give_to_server(self._folder)
        migrated.fill_cluster(self._data, self._version(), self._make)
        for path in (self._data, *self._data.rglob("*")):
            self._give_to_server(path)
        self.start()
        with psycopg.connect(self.url, autocommit=True) as admin:
            admin.execute(migrated.MIGRATED_NOW)
        return self

    def _give_to_server(self, path: Path) -> None:
        if self._as:
            shutil.chown(path, self._as["user"], self._as["group"])

    def _version(self) -> str:
        command = (str(self._bin / "postgres"), "--version")
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        return said.split()[2]

    def _make(self) -> None:
        self._run(
            "initdb",
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--no-sync",
            "--no-locale",
        )
        # What is written once and then copied needs neither to be safe nor its old logs.
        self.start("-c fsync=off -c min_wal_size=32MB")
        try:
            with psycopg.connect(self.url.replace(NAME, "postgres"), autocommit=True) as admin:
                admin.execute(f"CREATE DATABASE {NAME}")
            migrated.migrate(self.url)
        finally:
            self.stop("fast")

    def __exit__(self, *_: object) -> None:
        if (self._data / "postmaster.pid").exists():
            self.stop("immediate")
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(self, more: str = "") -> None:
        options = (
            f"-p {self.port} -k {self._folder} -c listen_addresses=127.0.0.1 -c max_connections=200"
            f" {more}"
        )
        self._run("pg_ctl", "start", "--wait", f"--log={self._folder}/log", f"--options={options}")

    def stop(self, mode: str) -> None:
        """`mode` is pg_ctl's: "fast" ends every session; "immediate" is a crash."""
        self._run("pg_ctl", "stop", "--wait", f"--mode={mode}")

    def shift_clock(self, seconds: float) -> None:
        """What asks this server for the time from now on is answered so many seconds ahead."""
        with psycopg.connect(self.url, autocommit=True) as admin:
            for name in ("now", "clock_timestamp", "statement_timestamp"):
                admin.execute(
                    f"CREATE OR REPLACE FUNCTION public.{name}() RETURNS timestamptz LANGUAGE sql"
                    f" AS $$ SELECT pg_catalog.{name}() + interval '{seconds} seconds' $$"
                )
            admin.execute(f"ALTER DATABASE {NAME} SET search_path = public, pg_catalog")

    def crash(self) -> None:
        """Crash, and start again after a second."""
        self.stop("immediate")
        time.sleep(1)
        self.start()
        self.crashes += 1

    def _run(self, program: str, *arguments: str) -> None:
        # Into a file: the server inherits it, and a pipe would never end.
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(
                [self._bin / program, f"--pgdata={self._data}", *arguments],
                cwd=self._folder,
                env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                check=False,
                **self._as,
            )
            if done.returncode:
                output.seek(0)
                raise RuntimeError(f"{program} failed:\n{output.read()[-2000:]}")


def _find_binaries() -> Path:
    """Where PostgreSQL's server programs are; Debian keeps them off PATH."""
    found = [
        Path(folder) for pattern in BINARIES for folder in sorted(glob.glob(pattern), reverse=True)
    ]
    found += [Path(path).parent for path in [shutil.which("initdb")] if path]
    for folder in found:
        if (folder / "initdb").exists() and (folder / "pg_ctl").exists():
            return folder
    sys.exit(
        f"PostgreSQL's server programs are not here ({', '.join(BINARIES)}); Debian: apt-get "
        "install postgresql"
    )


def _not_root() -> dict[str, Any]:
    """PostgreSQL refuses to run as root; then it runs as the user that its package made."""
    return (
        {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    )


class Redis:
    """An empty server that keeps nothing."""

    def __init__(self) -> None:
        self.port, self._folder, self.crashes = (
            free_port(),
            tempfile.mkdtemp(prefix="caio-redis-"),
            0,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def __enter__(self) -> "Redis":
        self._start()
        return self

    def crash(self) -> None:
        """Crash, and start again after a second without its data."""
        self._process.kill()
        self._process.wait()
        time.sleep(1)
        self._start()
        self.crashes += 1

    def _start(self) -> None:
        arguments = (
            "--port",
            str(self.port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--dir",
            self._folder,
        )
        self._process = subprocess.Popen(["redis-server", *arguments], stdout=subprocess.DEVNULL)  # noqa: S607
        client, until = redis.from_url(self.url), time.monotonic() + 10
        while True:
            try:
                client.ping()
                return
            except redis.ConnectionError:
                if self._process.poll() is not None or time.monotonic() > until:
                    raise
                time.sleep(0.05)

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)
