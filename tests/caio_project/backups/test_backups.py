"""A backup restored into a database of its own ends in a working queue, with erasures kept."""

import json
import os
import stat
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection

from caio_project.backups import dump
from caio_project.privacy import erasing, subject
from leads.models import Erasure
from tests import factories

ADDRESS = "zoe.backup@northline.test"


def run(command: str, *arguments: str) -> dict[str, Any]:
    out = StringIO()
    try:
        call_command(command, *arguments, "--json", stdout=out)
    except SystemExit as ended:
        assert ended.code == (0 if json.loads(out.getvalue()).get("ok", True) else 1)
    return dict(json.loads(out.getvalue()))


def test_a_restored_backup_has_a_working_queue_and_no_erased_person(
    committed: None, lead_user: User, tmp_path: Path
) -> None:
    factories.TeamMemberFactory(default_sender=True)
    kept, erased = (
        factories.held_email(),
        factories.held_email(factories.LeadFactory(email=ADDRESS)),
    )
    made = run("backup", "--output", str(tmp_path))
    folder = Path(made["folder"])
    assert {one.name for one in folder.iterdir()} == {
        Path(made["file"]).name, "erasures.jsonl", "manifest.json",
    }  # fmt: skip
    for path in (folder, *folder.iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    assert made["size"] == Path(made["file"]).stat().st_size > 10_000

    erasing.erase_subject(subject.find_subject(ADDRESS), Erasure.Source.COMMAND, lead_user)
    found = run("restore_check", str(folder))

    checks = {one["name"]: (one["ok"], one["text"]) for one in found["checks"]}
    assert found["ok"], checks
    assert checks["queue"] == (True, "1 emails wait; the next one opens.")
    assert checks["erasures"][1].startswith("1 on record, 1 since the backup")
    assert "0 erased people are still there" in checks["erasures"][1]
    assert checks["rows"][1].startswith("2 leads")
    kept.refresh_from_db()
    erased.refresh_from_db()
    assert (kept.status, erased.status) == ("held", "withdrawn")  # here nothing was changed
    assert scratch_databases() == []


def scratch_databases() -> list[str]:
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE 'caio_restore_%'")
        return [name for (name,) in cursor.fetchall()]


def test_a_damaged_backup_is_refused(committed: None, tmp_path: Path) -> None:
    folder = Path(run("backup", "--output", str(tmp_path))["folder"])
    [file] = [one for one in folder.iterdir() if one.suffix in (".dump", ".sqlite3")]
    with file.open("r+b") as opened:
        opened.seek(5_000)
        opened.write(b"damaged")
    with pytest.raises(CommandError, match="its hash differs"):
        call_command("restore_check", str(folder), stdout=StringIO())
    with pytest.raises(CommandError, match="no such file"):
        call_command("restore_check", str(tmp_path / "none"), stdout=StringIO())
    with pytest.raises(CommandError, match="no folder that `backup` wrote"):
        call_command("restore_check", str(tmp_path), stdout=StringIO())


@pytest.mark.django_db
def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dump, "SPARE", 1e15)
    with pytest.raises(CommandError, match="MB are free, and the database has up to"):
        call_command("backup", "--output", str(tmp_path))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.postgres
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("", "pg_dump is not installed"),
        ("pg_dump (PostgreSQL) 9.6.1", "of version 9, and the server"),
    ],
)
def test_a_missing_or_older_pg_dump_is_said(
    version: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    if version:
        tool = programs / "pg_dump"
        tool.write_text(f"#!/bin/sh\necho '{version}'\n")
        tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(programs) + (f":{os.environ['PATH']}" if version else ""))
    with pytest.raises(CommandError, match=said):
        call_command("backup", "--output", str(tmp_path / "out"))
    assert list((tmp_path / "out").iterdir()) == []
