"""Figures as files and over the API."""

import csv
import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from caio_project.lib.spreadsheets import xlsx
from metrics.models import DailyFigure

pytestmark = pytest.mark.django_db
DAY = date(2026, 1, 5)


@pytest.fixture(autouse=True)
def _counted() -> None:
    values = {"day": DAY, "tally": "replies", "numerator": 4, "denominator": 50}
    DailyFigure.objects.create(**values)
    DailyFigure.objects.create(**values, dimension="template", value="=cmd()")


def exported(path: Path, by: str = "day") -> bytes:
    call_command("export_figures", "--from", DAY, "--to", DAY, "--by", by, "--output", path)
    return path.read_bytes()


def test_files_have_the_same_rows_and_no_formulas(tmp_path: Path) -> None:
    text = exported(tmp_path / "a.csv", "template").decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    reply = next(row for row in rows if row["figure"] == "reply_rate")
    assert (reply["value"], reply["numerator"], reply["sample"]) == ("0.08", "4.0", "50")
    assert reply["group"] == "'=cmd()"
    sheet = xlsx.xlsx_rows(exported(tmp_path / "a.xlsx", "template"))
    assert len(sheet) == len(rows) + 1
    document = json.loads(exported(tmp_path / "a.json", "template"))
    assert len(document["results"]) == len(rows)


@pytest.mark.parametrize(
    ("changes", "named"), [({"--output": "a.pdf"}, "--output"), ({"--to": "2025-12-31"}, "--to")]
)
def test_a_refused_export_writes_nothing(tmp_path, changes, named) -> None:
    given = {"--from": str(DAY), "--to": str(DAY), "--output": "a.csv"} | changes
    given["--output"] = str(tmp_path / given["--output"])
    with pytest.raises(CommandError, match=named):
        call_command("export_figures", *[word for pair in given.items() for word in pair])
    assert not list(tmp_path.iterdir())


def test_the_api_gives_counts_interval_and_definition(client: Any, viewer: Any) -> None:
    client.force_login(viewer)
    query = {"from": str(DAY), "to": str(DAY), "figures": "reply_rate"}
    found = client.get("/api/metrics", query).json()
    assert found["results"][0]["value"] == 0.08
    assert found["results"][0]["is_enough"]
    assert "answered" in found["figures"][0]["definition"]


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ({"from": "yesterday"}, "from"),
        ({"from": "2020-01-01"}, "from"),
        ({"to": "2020-13-01"}, "to"),
        ({"by": "x"}, "by"),
        ({"bucket": ""}, "bucket"),
        ({"figures": "profit"}, "figures"),
    ],
)
def test_the_api_names_what_is_wrong(client: Any, viewer: Any, query, name) -> None:
    client.force_login(viewer)
    answer = client.get("/api/metrics", query)
    assert answer.status_code == 400
    assert name in answer.content.decode()
