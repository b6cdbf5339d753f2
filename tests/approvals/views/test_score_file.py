"""Scores by file, from the page: the emails out, the scored file in, all of it or nothing."""

import csv
import html
import io
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from approvals.models import QualityScore
from approvals.quality.dimensions import NAMES
from outreach.models import Message
from tests import factories

pytestmark = pytest.mark.django_db
URL = "/sales/quality/file"


@pytest.fixture
def desk(client: Client, reviewer: User) -> Client:
    client.force_login(reviewer)
    return client


def rows_of(client: Client) -> list[dict[str, str]]:
    answer = client.get(URL, {"count": "20", "kind": "csv"})
    assert answer["Content-Type"].startswith("text/csv")
    assert answer["Content-Disposition"] == 'attachment; filename="emails-to-score.csv"'
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def as_csv(rows: list[dict[str, str]]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def send(client: Client, raw: bytes, name: str = "scored.csv") -> tuple[int, str]:
    answer = client.post(URL, {"file": SimpleUploadedFile(name, raw)}, follow=True)
    page = re.sub("</?code>", "", answer.content.decode())
    return answer.status_code, html.unescape(" ".join(page.split()))


def scored(client: Client, mark: str = "4") -> list[dict[str, str]]:
    return [{**row, **dict.fromkeys(NAMES, mark)} for row in rows_of(client)]


def test_out_and_in_again_as_ones_own_scores_and_once(desk: Client, reviewer: User) -> None:
    messages = {str(factories.held_email().public_id) for _ in range(3)}
    rows = scored(desk)
    assert {row["email_id"] for row in rows} == messages
    status, page = send(desk, as_csv(rows))
    assert status == 200 and "3 rows read: 3 new scores, 0 known before." in page
    assert set(QualityScore.objects.values_list("by", "source", "tone")) == {
        (reviewer.pk, "file", 4)
    }
    assert "3 rows read: 0 new scores, 3 known before." in send(desk, as_csv(rows))[1]
    assert QualityScore.objects.count() == 3


def test_a_workbook_opens(desk: Client) -> None:
    factories.held_email()
    answer = desk.get(URL)
    assert answer.content.startswith(b"PK") and "emails-to-score.xlsx" in str(answer.headers)
    status, page = send(desk, answer.content, "scored.xlsx")
    assert status == 422 and "Row 2," in page and "Nothing was stored." in page


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("tone", "6", "Row 3, tone:"),
        ("tone", "3.5", "Row 3, tone:"),
        ("tone", "", "Row 3, tone:"),
        ("email_id", "no id", "Row 3, email_id:"),
        ("email_id", "7b1c1f6e-6f0e-4a36-9c3a-3f5f4f3f2f1f", "there is no email"),
    ],
)
def test_one_wrong_row_stores_nothing_and_is_named(
    desk: Client, column: str, value: str, said: str
) -> None:
    for _ in range(3):
        factories.held_email()
    rows = scored(desk)
    rows[1][column] = value
    status, page = send(desk, as_csv(rows))
    assert (status, QualityScore.objects.exists()) == (422, False)
    assert said in page and "1 of 3 rows are wrong. Nothing was stored." in page


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("scored.xlsx", b"email_id,tone\n1,2\n"),
        ("scored.csv", b"PK\x03\x04 not a table"),
        ("scored.pdf", b"%PDF"),
        ("scored.csv", b""),
    ],
)
def test_what_is_no_such_file_is_refused(desk: Client, name: str, raw: bytes) -> None:
    status, page = send(desk, raw, name)
    assert (status, QualityScore.objects.exists()) == (422, False)
    assert 'id="id_file_error"' in page


def test_a_form_without_a_file_and_wrong_counts(desk: Client) -> None:
    assert desk.post(URL).status_code == 422
    for query in ({"count": "0"}, {"count": "1001"}, {"count": "²"}, {"kind": "pdf"}):
        assert desk.get(URL, query).status_code == 422
    answer = desk.get(URL)
    assert answer.status_code == 409 and "there is nothing to score" in answer.content.decode()


def test_a_viewer_gets_no_file_and_sees_no_form(client: Client, viewer: User) -> None:
    message: Message = factories.held_email()
    client.force_login(viewer)
    answers: list[Any] = [client.get(URL), client.post(URL)]
    assert [one.status_code for one in answers] == [403, 403]
    page = client.get("/sales/quality").content.decode()
    assert "Score by file" not in page and message.to_address not in page
