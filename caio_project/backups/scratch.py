"""Restores a backup into a database of its own, which is dropped afterwards."""

import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection

from caio_project.backups.dump import BackupFailed, require_tool, run_tool

PREFIX = "caio_restore_"
LONGEST_CHECK = 4 * 3600  # seconds


@contextmanager
def restored_database(dump: Path) -> Iterator[str]:
    """The URL of a scratch database that holds `dump`. Raises BackupFailed."""
    is_custom = dump.read_bytes()[:5] == b"PGDMP"
    if is_custom != (connection.vendor == "postgresql"):
        raise BackupFailed(
            f"{dump} is a backup of another kind of database than DATABASE_URL names. A backup is "
            "restored into its own kind."
        )
    with _postgres(dump) if is_custom else _sqlite(dump) as url:
        yield url


@contextmanager
def _sqlite(dump: Path) -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
        copy = Path(folder) / "restored.sqlite3"
        shutil.copyfile(dump, copy)
        yield f"sqlite:///{copy}"


@contextmanager
def _postgres(dump: Path) -> Iterator[str]:
    tool, name = require_tool("pg_restore"), f"{PREFIX}{uuid.uuid4().hex[:12]}"
    _run_sql(f'CREATE DATABASE "{name}"')
    try:
        run_tool(
            [
                tool,
                "--no-owner",
                "--no-privileges",
                "--exit-on-error",
                f"--dbname={name}",
                str(dump),
            ]
        )
        yield _url_of(name)
    finally:
        _run_sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _run_sql(statement: str) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
    except DatabaseError as error:
        raise BackupFailed(f"PostgreSQL: {str(error).strip()}") from error


def _url_of(name: str) -> str:
    """The connection of this process, to another database of the same server."""
    now = connection.settings_dict
    login = quote(now.get("USER") or "", safe="")
    if now.get("PASSWORD"):
        login += f":{quote(now['PASSWORD'], safe='')}"
    host, port = now.get("HOST") or "", now.get("PORT")
    host = quote(host, safe="") if "/" in host else host
    place = f"{login}@{host}{f':{port}' if port else ''}"
    query = urlsplit(settings.DATABASE_URL).query
    return urlunsplit(("postgres", place, f"/{name}", query, ""))


def run_inside(url: str, arguments: list[str]) -> str:
    """Run manage.py on the scratch database and return what it prints. Raises BackupFailed.

    Nothing leaves from there: no broker, no Slack, no mail, sending stopped, a spool of its own.
    """
    with tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
        alone = {
            "DATABASE_URL": url,
            "REDIS_URL": "",
            "SLACK_BOT_TOKEN": "",
            "SANDBOX_FORCE": "ghl,clay,slack",  # the copy's rows may say that vendors are live
            "EMAIL_URL": "",
            "EMERGENCY_STOP": "true",
            "SECOND_FACTOR_ROLES": "",
            "SPOOL_DIR": f"{folder}/spool",
            "ERASURES_FILE": f"{folder}/erasures.jsonl",
        }
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments]
        done = subprocess.run(  # noqa: S603
            command,
            env={**os.environ, **alone},
            capture_output=True,
            text=True,
            timeout=LONGEST_CHECK,
            check=False,
        )
    if done.returncode not in (0, 1) or not done.stdout.strip():
        said = done.stderr.strip().splitlines()
        raise BackupFailed(f"The check ended early: {said[-1] if said else done.returncode}")
    return done.stdout
