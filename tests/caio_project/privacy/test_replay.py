"""Erasures stand outside of the database, and are carried out again after a restore."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from caio_project.privacy import erasing, erasure_file, subject
from leads.models import Erasure, ErasureRun, Lead
from leads.suppression import suppression
from tests.caio_project.privacy.whole_person import ADDRESS, make_person, traces

pytestmark = pytest.mark.django_db


@pytest.fixture
def line() -> dict[str, Any]:
    """An erasure that this database, restored from before it, does not know."""
    marks = [suppression.erased_hash(ADDRESS)]
    return {"id": "0c4f6a34-7f37-4a55-8c0d-111111111111", "at": "2026-11-29T10:00:00+00:00",
            "marks": marks, "leads": []}  # fmt: skip


def test_an_erasure_since_the_backup_is_carried_out_again(
    lead_user: User, line: dict[str, Any], tmp_path: Path
) -> None:
    make_person(lead_user)
    path = tmp_path / "erasures.jsonl"
    path.write_text(json.dumps(line) + "\n")
    out = StringIO()

    call_command("replay_erasures", str(path), stdout=out)

    assert "1 erasures read: 0 known here, 1 carried out again." in out.getvalue()
    assert traces() == []
    assert Erasure.objects.get().source == "replay"

    call_command("replay_erasures", str(path), stdout=out)
    assert "1 known here, 0 carried out again" in out.getvalue()
    assert Erasure.objects.count() == 1


def test_somebody_with_another_address_then_is_found_by_their_lead(
    lead_user: User, line: dict[str, Any], tmp_path: Path
) -> None:
    lead = make_person(lead_user)
    path = tmp_path / "erasures.jsonl"
    known = {**line, "marks": ["f" * 64], "leads": [str(lead.public_id)]}
    path.write_text(json.dumps(known) + "\n")
    call_command("replay_erasures", str(path), stdout=StringIO())
    assert traces() == []


@pytest.mark.parametrize(
    "text", ['{"id": 1}\n', "no json\n", '{"id": "x", "at": "", "marks": []}\n']
)
def test_a_wrong_line_is_named_and_nothing_is_done(text: str, tmp_path: Path) -> None:
    path = tmp_path / "erasures.jsonl"
    path.write_text(f"{text}\n")
    with pytest.raises(CommandError, match="line 1 is no erasure. Nothing was done."):
        call_command("replay_erasures", str(path))
    assert not Erasure.objects.exists()


def test_the_file_is_mended_and_has_each_erasure_once(settings: Any) -> None:
    path = Path(settings.ERASURES_FILE)
    for _ in range(2):
        Erasure.objects.create(source="command", marks=["a" * 64])
        assert erasure_file.write_missing() == ""
    with path.open("a") as file:
        file.write('{"id": "half')  # a process died while it wrote
    Erasure.objects.create(source="command", marks=["b" * 64])
    assert erasure_file.write_missing() == ""
    ids = [one["id"] for one in erasure_file.read_erasures(path)]
    assert ids == [str(one.public_id) for one in Erasure.objects.order_by("pk")]
    assert path.stat().st_mode & 0o077 == 0


def test_a_file_that_cannot_be_written_is_said_and_the_person_is_gone(
    lead_user: User, settings: Any, tmp_path: Path
) -> None:
    make_person(lead_user)
    settings.ERASURES_FILE = tmp_path  # a folder
    report = erasing.erase_subject(subject.find_subject(ADDRESS), Erasure.Source.COMMAND, lead_user)
    assert str(tmp_path) in report.file_error
    assert traces() == []


def test_an_erasure_whose_process_died_is_finished_by_the_sweep(lead_user: User) -> None:
    make_person(lead_user)
    erasing.place_marks(subject.find_subject(ADDRESS), Erasure.Source.COMMAND, lead_user)
    assert not ErasureRun.objects.exists() and len(traces()) > 20
    assert erasing.repeat_erasures() == 1
    assert traces() == []
    assert Lead.objects.count() == 1
