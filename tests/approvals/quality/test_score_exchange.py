"""Emails out to a file, scores back in: what a row is, what is refused, and that nothing is half
stored.
"""

import csv
import io
import json
import zipfile
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from approvals.models import QualityComment, QualityScore
from approvals.quality import score_files
from caio_project.lib.spreadsheets import xlsx
from leads.models import Kind
from outreach.models import Message, MessageText
from outreach.review import review_actions
from tests import factories

COLUMNS = [
    "email_id", "recipient", "subject", "body", "personalisation", "subject_line",
    "value_proposition", "call_to_action", "tone", "comment",
]  # fmt: skip
GOOD = ["4", "3", "5", "2", "4"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def emails() -> list[Message]:
    return [factories.held_email() for _ in range(3)]


def export(path: Path, count: int = 20) -> str:
    out = StringIO()
    call_command("export_emails_for_review", "--count", str(count), "--output", path, stdout=out)
    return out.getvalue()


def read_csv(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_text("utf-8-sig"), newline="")))


def write_csv(path: Path, rows: list[list[str]], delimiter: str = ",", mark: str = "") -> Path:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows(rows)
    path.write_bytes((mark + out.getvalue()).encode())
    return path


def scored(path: Path, marks: list[str] = GOOD, comment: str = "") -> list[list[str]]:
    rows = read_csv(path)
    return [rows[0]] + [[*row[:4], *marks, comment] for row in rows[1:]]


def take(path: Path, user: User) -> str:
    out = StringIO()
    call_command("import_quality_scores", path, "--as", user.username, stdout=out, stderr=out)
    return out.getvalue()


def refused(path: Path, user: User) -> str:
    err = StringIO()
    with pytest.raises(CommandError) as error:
        call_command("import_quality_scores", path, "--as", user.username, stderr=err)
    assert QualityScore.objects.count() == QualityComment.objects.count() == 0
    assert "Nothing was stored." in str(error.value)
    return f"{err.getvalue()}{error.value}"


@pytest.fixture
def rows(emails: list[Message], tmp_path: Path) -> list[list[str]]:
    """The file as a person has filled it in."""
    export(tmp_path / "out.csv")
    return scored(tmp_path / "out.csv")


class TestExport:
    def test_one_row_an_email_under_exactly_these_columns(
        self, emails: list[Message], tmp_path: Path
    ) -> None:
        said = export(tmp_path / "out.csv")
        head, *found = read_csv(tmp_path / "out.csv")
        assert head == COLUMNS and "3 emails written" in said
        texts = {str(one.public_id): one.texts.get() for one in emails}
        assert {row[0] for row in found} == set(texts)
        for row in found:
            assert "\n" in row[3] and row[2:4] == [texts[row[0]].subject, texts[row[0]].body]
            assert row[4:] == [""] * 6

    def test_a_count_and_those_without_a_score_first(
        self, emails: list[Message], tmp_path: Path, reviewer: User
    ) -> None:
        export(tmp_path / "one.csv", 1)
        (tmp_path / "one.csv").rename(tmp_path / "first.csv")
        first = read_csv(tmp_path / "first.csv")[1][0]
        assert first == str(emails[2].public_id)
        take(write_csv(tmp_path / "done.csv", scored(tmp_path / "first.csv")), reviewer)
        export(tmp_path / "two.csv", 2)
        assert first not in [row[0] for row in read_csv(tmp_path / "two.csv")]

    @pytest.mark.parametrize("kind", [Kind.TEST, Kind.EXAMPLE, Kind.TRAINING])
    def test_only_emails_to_live_leads(self, tmp_path: Path, kind: Kind) -> None:
        factories.held_email(factories.LeadFactory(kind=kind))
        with pytest.raises(CommandError, match="No email to a live lead"):
            export(tmp_path / "out.csv")
        assert not (tmp_path / "out.csv").exists()

    def test_no_cell_is_a_formula(self, emails: list[Message], tmp_path: Path) -> None:
        texts = ('=HYPERLINK("http://x")', "@SUM(1)", "+1", "-1+1", "\t=1")
        for start, message in zip(texts, emails * 2, strict=False):
            MessageText.objects.filter(message=message).update(subject=start, body=start)
            export(tmp_path / "out.csv")
            cells = [cell for row in read_csv(tmp_path / "out.csv") for cell in row]
            assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t"))]
            assert f"'{start}" in cells

    @pytest.mark.parametrize("name", ["out.txt", "out", "out.xls"])
    def test_another_kind_of_file_is_refused(
        self, emails: list[Message], tmp_path: Path, name: str
    ) -> None:
        with pytest.raises(CommandError, match=r"must end in .csv or .xlsx"):
            export(tmp_path / name)
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize("count", [0, -1, 1001])
    def test_a_count_out_of_bounds_is_refused(self, tmp_path: Path, count: int) -> None:
        with pytest.raises(CommandError, match="--count: from 1 to 1000"):
            export(tmp_path / "out.csv", count)

    @pytest.mark.parametrize("column", [5, 9])
    def test_a_file_with_scores_is_not_written_over(
        self, emails: list[Message], tmp_path: Path, column: int
    ) -> None:
        path = tmp_path / "out.csv"
        path.write_text("something else")
        export(path)
        export(path)
        rows = read_csv(path)
        rows[2][column] = "4"
        before = write_csv(path, rows).read_bytes()
        with pytest.raises(CommandError, match="holds scores. Import them first"):
            export(path)
        assert path.read_bytes() == before

    def test_json_and_a_folder_that_is_not_there(
        self, emails: list[Message], tmp_path: Path
    ) -> None:
        out = StringIO()
        path = tmp_path / "out.csv"
        call_command("export_emails_for_review", "--output", path, "--json", stdout=out)
        assert json.loads(out.getvalue()) == {"written": 3, "asked": 20, "output": str(path)}
        with pytest.raises(CommandError, match="No such file or directory"):
            export(tmp_path / "nowhere" / "out.csv")

    def test_xlsx_has_lists_for_the_marks_and_texts_for_the_rest(
        self, emails: list[Message], tmp_path: Path
    ) -> None:
        MessageText.objects.filter(message=emails[0]).update(subject="=1+1")
        export(tmp_path / "out.xlsx")
        head, *found = xlsx.xlsx_rows((tmp_path / "out.xlsx").read_bytes())
        assert head == COLUMNS and len(found) == 3
        with zipfile.ZipFile(tmp_path / "out.xlsx") as packed:
            sheet = packed.read("xl/worksheets/sheet1.xml").decode()
            texts = packed.read("xl/sharedStrings.xml").decode()
        assert sheet.count("<dataValidation ") == 5 and '"1,2,3,4,5"' in sheet
        assert 'sqref="E2:E4"' in sheet and 'sqref="I2:I4"' in sheet
        assert "<f>" not in sheet and texts.count(">=1+1<") == 1


class TestImport:
    def test_each_row_is_a_score_of_the_person(
        self, rows: list[list[str]], emails: list[Message], tmp_path: Path, reviewer: User
    ) -> None:
        rows[1][9] = "A good one."
        said = take(write_csv(tmp_path / "in.csv", rows), reviewer)
        assert "3 rows read, as rita: 3 new scores, 0 known before." in said
        assert {score.message for score in QualityScore.objects.all()} == set(emails)
        for score in QualityScore.objects.all():
            assert (score.by, score.total, score.source, score.version) == (reviewer, 18, "file", 1)
        assert QualityComment.objects.get().text == "A good one."

    def test_the_same_file_again_stores_nothing_and_a_changed_one_only_the_change(
        self, rows: list[list[str]], tmp_path: Path, reviewer: User
    ) -> None:
        path = write_csv(tmp_path / "in.csv", rows)
        take(path, reviewer)
        assert "0 new scores, 3 known before." in take(path, reviewer)
        rows[2][8] = "1"
        assert "1 new scores, 2 known before." in take(write_csv(path, rows), reviewer)
        assert QualityScore.objects.count() == 4
        assert sorted(one.tone for one in QualityScore.objects.standing()) == [1, 4, 4]

    @pytest.mark.parametrize(
        ("delimiter", "mark"), [(",", ""), (";", ""), (";", "\ufeff"), ("\t", ""), (",", "sep=,\n")]
    )
    def test_as_spreadsheets_of_any_country_save_it(
        self, rows: list[list[str]], tmp_path: Path, reviewer: User, delimiter: str, mark: str
    ) -> None:
        take(write_csv(tmp_path / "in.csv", rows, delimiter, mark), reviewer)
        assert QualityScore.objects.count() == 3
        rows[2][4] = "6"
        path = write_csv(tmp_path / "in.csv", rows, delimiter, mark)
        with pytest.raises(CommandError, match="1 of 3 rows are wrong"):
            err = StringIO()
            call_command("import_quality_scores", path, "--as", reviewer.username, stderr=err)
        assert "row 3, personalisation:" in err.getvalue()

    def test_columns_in_another_order(
        self, rows: list[list[str]], tmp_path: Path, reviewer: User
    ) -> None:
        take(write_csv(tmp_path / "in.csv", [row[::-1] for row in rows]), reviewer)
        assert {score.personalisation for score in QualityScore.objects.all()} == {4}

    @pytest.mark.parametrize("column", [4, 6, 8])
    @pytest.mark.parametrize("wrong", ["6", "0", "3.5", "3,5", "", "five", "-1", "4 of 5", "٣"])
    def test_a_wrong_mark_names_row_and_column(
        self, rows: list[list[str]], tmp_path: Path, reviewer: User, column: int, wrong: str
    ) -> None:
        rows[3][column] = wrong
        said = refused(write_csv(tmp_path / "in.csv", rows), reviewer)
        assert f"row 4, {COLUMNS[column]}: " in said and "1 of 3 rows are wrong" in said
        assert ("it is empty" if not wrong else "is not a whole number from 1 to 5") in said

    def test_every_error_is_said_at_once(
        self, rows: list[list[str]], tmp_path: Path, reviewer: User
    ) -> None:
        rows[1][4], rows[1][5], rows[3][0] = "6", "", "x"
        said = refused(write_csv(tmp_path / "in.csv", rows), reviewer)
        assert [line for line in said.splitlines() if line.startswith("row")] == [
            "row 2, personalisation: '6' is not a whole number from 1 to 5.",
            "row 2, subject_line: it is empty. Score all five from 1 to 5, or delete the row.",
            "row 4, email_id: 'x' is not the id of an email.",
        ]
        assert "2 of 3 rows are wrong" in said

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ("", "it is empty"),
            ("12", "'12' is not the id of an email"),
            ("8f2c5a34-0d1e-4a6b-9a53-000000000000", "there is no email 8f2c5a34"),
        ],
    )
    def test_an_unknown_email_is_refused(
        self, rows: list[list[str]], tmp_path: Path, reviewer: User, wrong: str, said: str
    ) -> None:
        rows[2][0] = wrong
        assert f"row 3, email_id: {said}" in refused(write_csv(tmp_path / "in.csv", rows), reviewer)

    def test_an_erased_email_is_refused(
        self, rows: list[list[str]], tmp_path: Path, reviewer: User
    ) -> None:
        MessageText.objects.filter(message__public_id=rows[1][0]).delete()
        said = refused(write_csv(tmp_path / "in.csv", rows), reviewer)
        assert f"row 2, email_id: the text of {rows[1][0]} was erased." in said

    def test_an_email_twice_is_refused(
        self, rows: list[list[str]], tmp_path: Path, reviewer: User
    ) -> None:
        said = refused(write_csv(tmp_path / "in.csv", [*rows, rows[1]]), reviewer)
        assert "row 5, email_id: the same email is in row 2." in said

    def test_blank_rows_count_as_a_spreadsheet_counts_them(
        self, rows: list[list[str]], tmp_path: Path, reviewer: User
    ) -> None:
        rows[2][4] = "6"
        blank = [""] * 10
        said = refused(write_csv(tmp_path / "in.csv", [rows[0], blank, [], *rows[1:]]), reviewer)
        assert "row 5, personalisation" in said

    def test_a_comment_too_long_is_refused(
        self, rows: list[list[str]], tmp_path: Path, reviewer: User
    ) -> None:
        rows[2][9] = "x" * 2001
        said = refused(write_csv(tmp_path / "in.csv", rows), reviewer)
        assert "row 3, comment: it has 2001 characters" in said

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (lambda head: head[:-1], "is without comment"),
            (lambda head: ["id", *head[1:]], "is without email_id; has the unknown id"),
            (lambda head: [*head, "mood"], "has the unknown mood"),
            (lambda head: [*head, "tone"], "has tone twice"),
            (lambda head: ["personalization" if one == "personalisation" else one for one in head],
             "is without personalisation; has the unknown personalization"),
        ],
    )  # fmt: skip
    def test_wrong_columns_are_named(
        self, rows: list[list[str]], tmp_path: Path, reviewer: User, change: Any, said: str
    ) -> None:
        changed = [change(rows[0]), *rows[1:]]
        assert said in refused(write_csv(tmp_path / "in.csv", changed), reviewer)

    @pytest.mark.parametrize("raw", [b"", b"\n\n", b"email_id\n", b"\x00\x01", b'"', b"a\rb\rc"])
    def test_what_is_no_such_file_is_refused(
        self, tmp_path: Path, reviewer: User, raw: bytes
    ) -> None:
        (tmp_path / "in.csv").write_bytes(raw)
        assert refused(tmp_path / "in.csv", reviewer)

    def test_a_head_alone_is_refused(
        self, rows: list[list[str]], tmp_path: Path, reviewer: User
    ) -> None:
        said = refused(write_csv(tmp_path / "in.csv", rows[:1]), reviewer)
        assert "It has no row under the head." in said

    def test_a_file_that_is_not_there(self, tmp_path: Path, reviewer: User) -> None:
        with pytest.raises(CommandError, match="No such file"):
            call_command("import_quality_scores", tmp_path / "no.csv", "--as", reviewer.username)

    def test_the_version_that_the_file_shows_is_scored(
        self, rows: list[list[str]], emails: list[Message], tmp_path: Path, reviewer: User
    ) -> None:
        text = emails[0].texts.get()
        review_actions.edit_text(
            emails[0], 1, subject=text.subject, body=f"{text.body}\n\nThanks.", by=reviewer
        )
        take(write_csv(tmp_path / "in.csv", rows), reviewer)
        emails[0].refresh_from_db()
        assert (emails[0].version, QualityScore.objects.get(message=emails[0]).version) == (2, 1)

    def test_a_score_of_nobody_live_is_kept_and_said_to_count_for_nothing(
        self, rows: list[list[str]], emails: list[Message], tmp_path: Path, reviewer: User
    ) -> None:
        Message.objects.filter(pk=emails[1].pk).update(kind=Kind.TRAINING)
        said = take(write_csv(tmp_path / "in.csv", rows), reviewer)
        assert "1 are of test, training or example emails" in said
        assert QualityScore.objects.counted().count() == 2

    def test_json(self, rows: list[list[str]], tmp_path: Path, reviewer: User) -> None:
        out = StringIO()
        path = write_csv(tmp_path / "in.csv", rows)
        args = ("import_quality_scores", path, "--as", reviewer.username, "--json")
        call_command(*args, stdout=out)
        assert json.loads(out.getvalue()) == {
            "read": 3, "new": 3, "known": 0, "uncounted": 0, "errors": []
        }  # fmt: skip


class TestWorkbooks:
    def fill(self, path: Path, rows: list[list[str]]) -> Path:
        lists = dict.fromkeys(COLUMNS[4:9], score_files.MARKS)
        path.write_bytes(xlsx.xlsx_file(rows[0], rows[1:], widths={}, lists=lists))
        return path

    def test_scores_of_a_workbook(
        self, rows: list[list[str]], tmp_path: Path, reviewer: User
    ) -> None:
        assert "3 new scores" in take(self.fill(tmp_path / "in.xlsx", rows), reviewer)

    def test_errors_name_the_row_of_the_sheet(
        self, rows: list[list[str]], tmp_path: Path, reviewer: User
    ) -> None:
        rows[2][7] = "3.5"
        said = refused(self.fill(tmp_path / "in.xlsx", rows), reviewer)
        assert "row 3, call_to_action: '3.5' is not a whole number from 1 to 5." in said

    def test_a_workbook_named_csv_and_the_reverse_are_refused(
        self, rows: list[list[str]], tmp_path: Path, reviewer: User
    ) -> None:
        self.fill(tmp_path / "book.csv", rows)
        write_csv(tmp_path / "text.xlsx", rows)
        assert "rename it to .xlsx" in refused(tmp_path / "book.csv", reviewer)
        assert "rename it to .csv" in refused(tmp_path / "text.xlsx", reviewer)

    @pytest.mark.parametrize(
        ("raw", "said"),
        [
            (b"PK\x03\x04 torn", "not a readable XLSX"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Excel file or has a password"),
            (b"", "no XLSX file"),
        ],
    )
    def test_a_broken_workbook_is_refused(
        self, tmp_path: Path, reviewer: User, raw: bytes, said: str
    ) -> None:
        (tmp_path / "in.xlsx").write_bytes(raw)
        assert said in refused(tmp_path / "in.xlsx", reviewer)
