"""Every figure as a file, from the page Performance."""

import csv
import io
import json
from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from caio_project.lib.spreadsheets import xlsx
from metrics.figures.definitions import FIGURES
from metrics.models import DailyFigure

pytestmark = pytest.mark.django_db
PATH = "/sales/performance/figures"
DAY = date(2026, 1, 5)
QUERY = {"start": "2026-01-05", "end": "2026-01-05", "by": "day", "file": "csv"}


@pytest.fixture
def page(client: Client, viewer: User) -> Any:
    client.force_login(viewer)
    values = {"day": DAY, "tally": "replies", "numerator": 4, "denominator": 50}
    DailyFigure.objects.create(**values)
    DailyFigure.objects.create(**values, dimension="template", value="=cmd()")
    return lambda **changes: client.get(PATH, QUERY | changes)


def test_the_three_files_say_the_same(page: Any) -> None:
    rows = list(csv.DictReader(io.StringIO(page().content.decode("utf-8-sig"))))
    assert {row["figure"] for row in rows} == set(FIGURES)
    head, *sheet = xlsx.xlsx_rows(page(file="xlsx").content)
    assert [row[head.index("figure")] for row in sheet] == [row["figure"] for row in rows]
    document = json.loads(page(file="json").content)
    values = {row["figure"]: row["value"] for row in document["results"]}
    assert values["reply_rate"] == 0.08
    assert next(row["value"] for row in rows if row["figure"] == "reply_rate") == "0.08"


def test_a_file_is_named_by_its_days_and_breakdown(page: Any) -> None:
    answer = page(by="template", file="xlsx")
    name = "figures-2026-01-05-to-2026-01-05-by-template.xlsx"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    texts = [cell for row in xlsx.xlsx_rows(answer.content) for cell in row]
    assert "=cmd()" in texts  # stored as a text
    assert "'=cmd()" in page(by="template").content.decode()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"start": ""}, "First day: Choose the first day."),
        ({"end": "2026-13-01"}, "Last day: Enter a valid date."),
        ({"end": "2025-12-31"}, "Last day: It is before the first day."),
        ({"start": "2020-01-01"}, "First day: A period has at most 1098 days."),
        ({"start": "2001-01-01"}, "First day: Choose a day from 2020-01-01 to a year from today."),
        ({"by": "colour"}, "Broken down by: Select a valid choice."),
        ({"file": "pdf"}, "File: Select a valid choice."),
    ],
)
def test_what_is_typed_wrongly_is_named_and_gives_no_file(
    page: Any, changes: dict[str, str], said: str
) -> None:
    answer = page(**changes)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert "Content-Disposition" not in answer


def test_the_page_offers_the_days_that_it_shows(page: Any, client: Client) -> None:
    text = client.get("/sales/performance", {"days": "30"}).content.decode()
    assert f'action="{PATH}"' in text
    for kind in ("csv", "xlsx", "json"):
        assert f'value="{kind}"' in text
