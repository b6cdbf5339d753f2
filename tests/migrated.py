"""What tests and measurements begin as: a database, migrated once, then copied.

To migrate takes eight seconds of processor, and a run has several databases. Each kind is kept for
the next run; another state of the migrations or of what they seed makes another one.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import django
import psycopg
from django.db.backends.base.base import BaseDatabaseWrapper

ROOT = Path(__file__).parent.parent
MADE_FROM = ("*/migrations/*.py", "*/*/migrations/*.py", "*/*/seeds/*", "caio_project/roles.py")
KEPT_FILES, KEPT_CLUSTERS, KEPT_TEMPLATES = 8, 2, 4  # for several checkouts on one machine
# Sweeps that were never seen are late by the time since then.
MIGRATED_NOW = "UPDATE django_migrations SET applied = CURRENT_TIMESTAMP"


def begin_migrated(connection: BaseDatabaseWrapper) -> None:
    """Have the test database of this connection created as a copy."""
    if connection.vendor == "postgresql":
        template = migrated_template(os.environ["DATABASE_URL"])
        connection.settings_dict["TEST"]["TEMPLATE"] = template
    else:
        creation: Any = connection.creation
        creation._create_test_db = _copying(creation._create_test_db, migrated_file())


def _copying(create: Callable[..., str], made: Path) -> Callable[..., str]:
    def create_copy(*args: Any, **kwargs: Any) -> str:
        name = create(*args, **kwargs)
        shutil.copyfile(made, name)
        return name

    return create_copy


def _state() -> str:
    found = hashlib.blake2b(f"{django.__version__} {sys.version}".encode(), digest_size=8)
    for pattern in MADE_FROM:
        for path in sorted(ROOT.glob(pattern)):
            found.update(path.name.encode() + path.read_bytes())
    return found.hexdigest()


@contextmanager
def _one_at_a_time() -> Iterator[Path]:
    """The folder of what was made; other processes wait for the first."""
    folder = Path(tempfile.gettempdir()) / f"caio-tests-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


def _older(folder: Path, pattern: str, kept: int) -> list[Path]:
    return sorted(folder.glob(pattern), key=lambda one: one.stat().st_mtime)[:-kept]


def migrated_file() -> Path:
    """A migrated SQLite file, to copy."""
    with _one_at_a_time() as folder:
        made = folder / f"{_state()}.sqlite3"
        if not made.exists():
            for old in _older(folder, "*.sqlite3*", KEPT_FILES):
                old.unlink()
            migrate(f"sqlite:///{made}.part")
            Path(f"{made}.part").rename(made)
    return made


def migrated_template(url: str) -> str:
    """The name of the migrated database on the server of this address, for tests and measurements
    alike.
    """
    parts, name, part = urlsplit(url), f"migrated_{_state()}", "half_migrated"
    # Both beside the maintenance database, to which no test connects.
    beside = urlunsplit(parts._replace(path="/postgres"))
    with psycopg.connect(beside, autocommit=True) as admin:
        # Of all users and checkouts on this server, until the connection ends.
        admin.execute("SELECT pg_advisory_lock(hashtext('migrated_template'))")
        asked = (
            "SELECT datname FROM pg_database WHERE starts_with(datname, 'migrated_') ORDER BY oid"
        )
        found = [row[0] for row in admin.execute(asked)]
        if name not in found:
            for old in found[: 1 - KEPT_TEMPLATES]:
                admin.execute(f'DROP DATABASE "{old}"')
            admin.execute(f'DROP DATABASE IF EXISTS "{part}" WITH (FORCE)')  # what a kill has left
            admin.execute(f'CREATE DATABASE "{part}"')
            migrate(urlunsplit(parts._replace(path=f"/{part}")))
            admin.execute(f'ALTER DATABASE "{part}" RENAME TO "{name}"')
    return name


def fill_cluster(data: Path, version: str, make: Callable[[], None]) -> None:
    """Have the data directory of a stopped, migrated cluster at `data`, where `make` makes the
    first one of this PostgreSQL version.
    """
    with _one_at_a_time() as folder:
        kept = folder / f"{_state()}-{version}.cluster"
        if kept.exists():
            shutil.copytree(kept, data)
            return
        make()
        for old in (Path(f"{kept}.part"), *_older(folder, "*.cluster", KEPT_CLUSTERS)):
            shutil.rmtree(old, ignore_errors=True)
        shutil.copytree(data, f"{kept}.part")
        Path(f"{kept}.part").rename(kept)


def migrate(url: str) -> None:
    """Without the checks of settings: migrations and what they seed use none."""
    environment = {**os.environ, "CAIO_ENV_FILE": os.devnull, "DATABASE_URL": url}
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0", "--skip-checks"]
    subprocess.run(command, env=environment, cwd=ROOT, check=True)
