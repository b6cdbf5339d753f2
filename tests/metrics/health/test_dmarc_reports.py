"""`import_dmarc_reports`: each report once, broken files named, and what they say together."""

import gzip
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from metrics.health import dmarc_reports
from metrics.integrations import report_files
from metrics.models import DmarcReport, DmarcSource
from tests.fakes.dns import FakeDns
from tests.metrics.integrations.dmarc_files import RFC_9990, report, row

pytestmark = pytest.mark.django_db

DOMAIN = "ours.example.com"


@pytest.fixture(autouse=True)
def clock(time_machine: Any, settings: Any) -> None:
    time_machine.move_to("2026-03-05T12:00Z", tick=True)
    settings.DNS_SERVER = "127.0.0.1:1"  # nobody listens: no name is known


def zipped(**files: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def run(path: Path, *, names: bool = False) -> tuple[int, dict[str, Any]]:
    """The exit code and the JSON of the command."""
    out, code = io.StringIO(), 0
    try:
        call_command(
            "import_dmarc_reports",
            str(path),
            "--json",
            *([] if names else ["--no-names"]),
            stdout=out,
        )
    except SystemExit as ended:
        code = int(ended.code or 0)
    return code, json.loads(out.getvalue())


def test_a_folder_of_every_kind_is_imported_once(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.xml").write_bytes(report(id="a"))
    (tmp_path / "deep" / "b.xml.gz").write_bytes(gzip.compress(report(id="b", schema=RFC_9990)))
    (tmp_path / "c.zip").write_bytes(zipped(one=report(id="c"), two=report(id="d")))
    (tmp_path / "notes.txt").write_text("not a report")
    for again in (False, True):
        code, said = run(tmp_path)
        assert (code, said["files"], said["errors"]) == (0, 3, [])
        assert (said["new"], said["known"]) == ((0, 4) if again else (4, 0))
    assert (DmarcReport.objects.count(), DmarcSource.objects.count()) == (4, 4)


def test_one_id_of_two_organisations_is_two_reports(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes(report(org="one.test"))
    (tmp_path / "b.xml").write_bytes(report(org="two.test"))
    assert run(tmp_path)[1]["new"] == 2


def test_a_broken_file_is_named_and_stops_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_files, "LARGEST_XML", 20_000)
    bomb = b"<feedback>" + b" " * 1_000_000
    broken = {
        "1.xml": b"nonsense",
        "2.gz": b"\x1f\x8bnonsense",
        "3.gz": gzip.compress(report())[:-20],
        "4.gz": gzip.compress(bomb),
        "5.zip": b"PK\x03\x04nonsense",
        "6.zip": zipped(bomb=bomb),
        "7.zip": zipped(**{f"f{n}": b"" for n in range(51)}),
        "8.zip": zipped(good=report(id="in-zip"), bad=b"nonsense"),
    }
    for name, content in broken.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "9.xml").write_bytes(report(id="last"))
    code, said = run(tmp_path)
    assert code == 2
    assert [one["file"] for one in said["errors"]] == [*list(broken)[:7], "8.zip/bad"]
    assert set(DmarcReport.objects.values_list("report_id", flat=True)) == {"in-zip", "last"}
    assert {one["error"] for one in said["errors"] if one["file"] in ("4.gz", "6.zip")} == {
        "It unpacks to more than 20,000 bytes."
    }


def test_nothing_to_read_is_an_error(tmp_path: Path) -> None:
    for path in (tmp_path / "gone", tmp_path):
        with pytest.raises(CommandError):
            run(path)
    (tmp_path / "a.xml").write_bytes(b"x")
    assert run(tmp_path)[0] == 1
    assert not DmarcReport.objects.exists()


def test_it_says_what_is_aligned_and_who_else_sends(
    tmp_path: Path, fake_dns: FakeDns, settings: Any
) -> None:
    settings.DNS_SERVER = fake_dns.address
    fake_dns.hosts = {"192.0.2.1": "o1.mail.example.net", "192.0.2.2": "o2.mail.example.net"}
    rows = (
        row("192.0.2.1", 60),
        row("192.0.2.2", 20, dkim="fail"),
        row("198.51.100.9", 15, dkim="fail", spf="fail", signed="bulk.example.org"),
        row("203.0.113.5", 5, dkim="fail", spf="fail", disposition="reject"),
    )
    (tmp_path / "a.xml").write_bytes(report(*rows))
    (tmp_path / "old.xml").write_bytes(report(row(count=999), id="old", begin=1, end=2))
    code, said = run(tmp_path, names=True)
    (found,) = said["domains"]
    assert (code, found["messages"], found["aligned"]) == (0, 100, 0.8)
    assert (found["aligned_dkim"], found["aligned_spf"]) == (0.6, 0.8)
    assert [(one["organisation"], one["messages"], one["aligned"]) for one in found["sources"]] == [
        ("example.net", 80, 80),
        ("example.org", 15, 0),
        ("", 5, 0),
    ]
    stored = str(list(DmarcReport.objects.values()) + list(DmarcSource.objects.values()))
    assert "somebody@" not in stored


def test_names_are_not_asked_for_where_nobody_wants_them(
    tmp_path: Path, fake_dns: FakeDns, settings: Any
) -> None:
    settings.DNS_SERVER = fake_dns.address
    (tmp_path / "a.xml").write_bytes(report())
    assert run(tmp_path)[0] == 0
    assert fake_dns.asked == []


def test_without_reports_no_share_is_said() -> None:
    found = dmarc_reports.summarize_reports(DOMAIN, timezone.now())
    assert (found.reports, found.share_of(found.aligned)) == (0, None)


def test_the_table_names_the_files_that_were_not_read(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes(report())
    (tmp_path / "b.xml").write_bytes(b"x")
    out, errors = io.StringIO(), io.StringIO()
    with pytest.raises(SystemExit):
        call_command("import_dmarc_reports", str(tmp_path), "--no-names", stdout=out, stderr=errors)
    assert "of 10 messages in 30 days 100.0% aligned" in out.getvalue()
    assert errors.getvalue().startswith("b.xml: It is not XML")
