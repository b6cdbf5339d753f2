"""Writes one backup: a dump of the database, the erasures until now, and what was written.

PostgreSQL is dumped by its own pg_dump, SQLite by its backup API: both give one moment, while the
program goes on.
"""

import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.db import connection

from caio_project.lib import private_files
from caio_project.privacy import erasure_file

NAME = "caio-{at:%Y%m%d-%H%M%S}"
ERASURES, MANIFEST = "erasures.jsonl", "manifest.json"
ENDINGS = {"postgresql": "dump", "sqlite": "sqlite3"}
SPARE = 1.1  # of the database's size must be free: a dump is compressed, a copy of SQLite is not
LONGEST_DUMP = 4 * 3600  # seconds


class BackupFailed(Exception):
    """Nothing was written; the text says why and what to do."""


@dataclass(frozen=True)
class Backup:
    """`folder` holds the dump and the two files beside it; sizes in bytes."""

    folder: str
    file: str
    vendor: str
    at: str
    size: int
    sha256: str
    commit: str
    erasures: int


def write_backup(output: Path, now: datetime | None = None) -> Backup:
    """Write a new folder in `output`, whole or not at all. Raises BackupFailed."""
    at = (now or datetime.now(UTC)).astimezone(UTC)
    target = output / NAME.format(at=at)
    if target.exists():
        raise BackupFailed(f"{target} exists already. Nothing was written.")
    try:
        private_files.make_private_folder(output)
        _require_space(output)
        partial = Path(tempfile.mkdtemp(dir=output, prefix=".partial-"))
    except OSError as error:
        raise BackupFailed(f"{output}: {error.strerror}. Nothing was written.") from error
    try:
        backup = _fill_folder(partial, target, at)
        partial.rename(target)
        _sync(output)
        return backup
    except OSError as error:
        raise BackupFailed(f"{target}: {error.strerror}. Nothing was written.") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _fill_folder(folder: Path, target: Path, at: datetime) -> Backup:
    dump = folder / f"database.{ENDINGS[connection.vendor]}"
    private_files.make_private_file(dump)
    if connection.vendor == "postgresql":
        _dump_postgres(dump)
    else:
        _copy_sqlite(dump)
    if problem := erasure_file.write_missing(folder / ERASURES):
        raise BackupFailed(f"{problem} Nothing was written.")
    erasures = len(erasure_file.read_erasures(folder / ERASURES))
    backup = Backup(
        str(target),
        str(target / dump.name),
        connection.vendor,
        at.isoformat(),
        dump.stat().st_size,
        sha256_of(dump),
        settings.GIT_COMMIT,
        erasures,
    )
    facts = {
        name: value for name, value in asdict(backup).items() if name not in ("folder", "file")
    }
    private_files.write_private_file(folder / MANIFEST, json.dumps(facts, indent=2) + "\n")
    for path in (dump, folder):
        _sync(path)
    return backup


def _require_space(folder: Path) -> None:
    needed, free = database_size() * SPARE, shutil.disk_usage(folder).free
    if free < needed:
        raise BackupFailed(
            f"{folder}: {free // 2**20} MB are free, and the database has up to "
            f"{round(needed) // 2**20} MB. Nothing was written."
        )


def database_size() -> int:
    """In bytes."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_database_size(current_database())")
            return int(cursor.fetchone()[0])
        cursor.execute("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
        return int(cursor.fetchone()[0])


def _copy_sqlite(path: Path) -> None:
    connection.ensure_connection()
    copy = sqlite3.connect(path)
    try:
        connection.connection.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
    except sqlite3.Error as error:
        raise BackupFailed(f"SQLite: {error}. Nothing was written.") from error
    finally:
        copy.close()


def _dump_postgres(path: Path) -> None:
    tool = require_tool("pg_dump")
    command = [tool, "--format=custom", "--no-owner", "--no-privileges", f"--file={path}"]
    run_tool([*command, f"--dbname={settings.DATABASES['default']['NAME']}"])


def require_tool(name: str) -> str:
    """The path of a program of PostgreSQL that is no older than the server. Raises BackupFailed."""
    path = shutil.which(name)
    if path is None:
        raise BackupFailed(
            f"{name} is not installed. Install PostgreSQL's client programs (Debian: apt install "
            "postgresql-client). Nothing was written."
        )
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
    version = int(found[1]) if (found := re.search(r"(\d+)(?:\.\d+)?", said)) else 0
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        server = int(cursor.fetchone()[0]) // 10_000
    if version < server:
        raise BackupFailed(
            f"{name} is of version {version}, and the server of {server}. Install PostgreSQL's "
            f"client programs of version {server} or newer. Nothing was written."
        )
    return path


def run_tool(command: list[str]) -> None:
    """Run a program of PostgreSQL against our server. Raises BackupFailed with what it said.

    The password goes by the environment: the list of processes shows arguments to everybody.
    """
    database = connection.settings_dict
    login = {
        "PGHOST": database.get("HOST"),
        "PGPORT": database.get("PORT"),
        "PGUSER": database.get("USER"),
        "PGPASSWORD": database.get("PASSWORD"),
        "PGSSLMODE": database.get("OPTIONS", {}).get("sslmode"),
    }
    known = {name: str(value) for name, value in login.items() if value}
    try:
        done = subprocess.run(  # noqa: S603
            command,
            env={**os.environ, **known},
            capture_output=True,
            text=True,
            timeout=LONGEST_DUMP,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise BackupFailed(f"{Path(command[0]).name} took over four hours.") from error
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise BackupFailed(f"{Path(command[0]).name}: {said[-1] if said else done.returncode}")


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
