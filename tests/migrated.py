"""The database that every worker's own begins as: migrated once, then copied.

To migrate takes eight seconds of processor, and a run has several workers. It is kept for the
next run; another state of the migrations or of what they seed makes another one.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import django
from django.db.backends.base.base import BaseDatabaseWrapper

ROOT = Path(__file__).parent.parent
MADE_FROM = ("*/migrations/*.py", "*/*/migrations/*.py", "*/*/seeds/*", "caio_project/roles.py")
KEPT = 8  # files, for several checkouts on one machine


def begin_migrated(connection: BaseDatabaseWrapper) -> None:
    """Have the test database of this connection created as a copy."""
    if connection.vendor == "postgresql":
        connection.settings_dict["TEST"]["TEMPLATE"] = _migrated_on_postgres(connection)
    else:
        creation: Any = connection.creation
        creation._create_test_db = _copying(creation._create_test_db, _migrated_file())


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
    """The folder of what was made; the other workers wait for the first."""
    folder = Path(tempfile.gettempdir()) / f"caio-tests-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


def _migrated_file() -> Path:
    with _one_at_a_time() as folder:
        made = folder / f"{_state()}.sqlite3"
        if not made.exists():
            by_age = sorted(folder.glob("*.sqlite3*"), key=lambda file: file.stat().st_mtime)
            for old in by_age[:-KEPT]:
                old.unlink()
            _migrate(f"sqlite:///{made}.part")
            Path(f"{made}.part").rename(made)
    return made


def _migrated_on_postgres(connection: Any) -> str:
    """The name of the migrated database beside the configured one."""
    own = f"migrated_{connection.settings_dict['NAME']}_"
    name, part = f"{own}{_state()}", f"{own}part"
    # Both beside the maintenance database, to which no test connects.
    with _one_at_a_time(), closing(connection.copy()) as own_connection:
        with own_connection._nodb_cursor() as cursor:
            cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [own])
            found = {row[0] for row in cursor.fetchall()}
            if name not in found:
                for old in found:
                    cursor.execute(f'DROP DATABASE "{old}"')
                cursor.execute(f'CREATE DATABASE "{part}"')
        if name not in found:
            _migrate(os.environ["DATABASE_URL"].rsplit("/", 1)[0] + f"/{part}")
            with own_connection._nodb_cursor() as cursor:
                cursor.execute(f'ALTER DATABASE "{part}" RENAME TO "{name}"')
    return name


def _migrate(url: str) -> None:
    environment = {**os.environ, "DATABASE_URL": url}
    command = [sys.executable, str(ROOT / "manage.py"), "migrate", "--verbosity", "0"]
    subprocess.run(command, env=environment, cwd=ROOT, check=True)
