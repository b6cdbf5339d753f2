"""No other user of the machine reads the database, or bodies that wait for it."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings

from caio_project.lib import private_files
from leads.inbound import receive, spool, stuck_files


@pytest.fixture(autouse=True)
def wide_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def modes_in(folder: Path) -> set[int]:
    return {mode(path) for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.SPOOL_DIR = tmp_path / "data" / "spool"
    return tmp_path / "data" / "spool"


def test_the_spool_and_its_files_are_for_their_owner(folder: Path) -> None:
    spool.keep_body("rb2b", b"{}", "0" * 64, kind="live")
    (path,) = spool.waiting_files()
    assert mode(path) == 0o600 and mode(folder) == 0o700
    spool.set_aside(path, spool.BAD)
    with receive._drain_lock():
        stuck_files._spool_mark()
    assert len(list(folder.iterdir())) == 3
    assert modes_in(folder) == {0o600}


def test_a_spool_of_an_older_version_is_closed(folder: Path) -> None:
    folder.mkdir(0o755, parents=True)
    spool.keep_body("rb2b", b"{}", "0" * 64, kind="live")
    assert mode(folder) == 0o700


def run_with_database(path: Path, *command: str) -> None:
    env = {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{path}",
        "REDIS_URL": "",
        "DJANGO_SETTINGS_MODULE": "caio_project.settings",
    }
    subprocess.run([sys.executable, *command], env=env, cwd=django_settings.BASE_DIR, check=True)


OPEN = "import django; django.setup(); from django.db import connection as c; c.ensure_connection()"
HOLD = "; c.cursor().execute('create table if not exists t (a)'); import os; os._exit(0)"


def test_a_new_database_is_for_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "var" / "caio.sqlite3"
    run_with_database(path, "-c", OPEN + HOLD)
    assert mode(path.parent) == 0o700
    assert {one.name for one in path.parent.iterdir()} >= {"caio.sqlite3", "caio.sqlite3-wal"}
    assert modes_in(path.parent) == {0o600}


def test_a_database_of_an_older_version_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "caio.sqlite3"
    for name in ("caio.sqlite3", "caio.sqlite3-wal", "caio.sqlite3-shm"):
        (tmp_path / name).touch(0o644)
    before = mode(tmp_path)
    run_with_database(path, "-c", OPEN)
    assert modes_in(tmp_path) == {0o600}
    assert mode(tmp_path) == before, "the folder may hold others' files"


def test_a_place_that_cannot_be_written_is_left_to_whoever_opens_it(tmp_path: Path) -> None:
    private_files.make_private_file(tmp_path / "missing" / "file")
    private_files.close_to_others(tmp_path / "missing")
    assert not (tmp_path / "missing").exists()


@pytest.mark.parametrize(
    ("before", "after"), [(0o777, 0o700), (0o644, 0o600), (0o600, 0o600), (0o400, 0o400)]
)
def test_only_what_others_may_is_taken_away(tmp_path: Path, before: int, after: int) -> None:
    path = tmp_path / "file"
    path.touch()
    path.chmod(before)
    private_files.close_to_others(path)
    assert mode(path) == after
