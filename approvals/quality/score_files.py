"""The file in which people score emails: written for a spreadsheet, and read back.

A row is one email, however many lines its body has; row 1 is the head.
"""

import csv
import io
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from approvals.quality.dimensions import LEVELS, NAMES
from approvals.quality.scores import LONGEST_COMMENT
from caio_project.lib.files import UnreadableFile, decode_file
from caio_project.lib.spreadsheets import cells as spreadsheet_cells
from caio_project.lib.spreadsheets import xlsx

COLUMNS = ("email_id", "recipient", "subject", "body", *NAMES, "comment")
MARKS = tuple(str(level) for level in LEVELS)
WIDTHS = {"email_id": 38, "recipient": 30, "subject": 40, "body": 80, "comment": 40}
DELIMITERS = (",", ";", "\t")
KINDS = ("csv", "xlsx")


@dataclass(frozen=True)
class EmailRow:
    """One email as the file shows it."""

    email_id: str
    recipient: str
    subject: str
    body: str


@dataclass(frozen=True)
class ScoredRow:
    """One row as a person filled it in. `marks` has one number from 1 to 5 for each dimension."""

    row: int
    email_id: uuid.UUID
    subject: str
    body: str
    marks: dict[str, int]
    comment: str


@dataclass(frozen=True)
class RowError:
    row: int
    column: str
    text: str

    def __str__(self) -> str:
        return f"row {self.row}, {self.column}: {self.text}"


def kind_by_name(name: str) -> str:
    """ "csv" or "xlsx", by the end of a file's name. Raises UnreadableFile for another one."""
    ending = name.rpartition(".")[2].lower()
    if ending not in KINDS:
        raise UnreadableFile("The name must end in .csv or .xlsx.")
    return ending


def write_file(rows: Sequence[EmailRow], kind: str) -> bytes:
    cells = [(one.email_id, one.recipient, one.subject, one.body) + ("",) * 6 for one in rows]
    if kind == "xlsx":
        lists = dict.fromkeys(NAMES, MARKS)
        return xlsx.xlsx_file(COLUMNS, cells, widths=WIDTHS, lists=lists)
    return spreadsheet_cells.csv_file(COLUMNS, cells)


def read_file(raw: bytes, name: str) -> tuple[list[ScoredRow], list[RowError]]:
    """The rows that are right, and every error. Raises UnreadableFile where it is no such file."""
    rows = _table_rows(raw, kind_by_name(name))
    head = [cell.strip().lower() for cell in rows[0]] if rows else []
    _check_head(head)
    found: list[ScoredRow] = []
    errors: list[RowError] = []
    seen: dict[uuid.UUID, int] = {}
    for number, cells in enumerate(rows[1:], 2):
        if not any(cell.strip() for cell in cells):
            continue
        row, wrong = _read_row(number, head, cells)
        if row is not None and row.email_id in seen:
            first = seen[row.email_id]
            wrong.append(RowError(number, "email_id", f"the same email is in row {first}."))
        elif row is not None:
            seen[row.email_id] = number
            found.append(row)
        errors += wrong
    if not found and not errors:
        raise UnreadableFile("It has no row under the head.")
    return found, errors


def holds_scores(raw: bytes, name: str) -> bool:
    """Whether somebody has filled in a mark or a comment; False for a file of another kind."""
    try:
        rows = _table_rows(raw, kind_by_name(name))
        head = [cell.strip().lower() for cell in rows[0]] if rows else []
        _check_head(head)
    except UnreadableFile:
        return False
    typed = [number for number, column in enumerate(head) if column in (*NAMES, "comment")]
    return any(
        cells[number].strip() for cells in rows[1:] for number in typed if number < len(cells)
    )


def _table_rows(raw: bytes, kind: str) -> list[list[str]]:
    is_xlsx = raw.startswith(xlsx.ZIP_MARK)
    if raw.startswith(xlsx.OLD_EXCEL_MARK):
        raise UnreadableFile("It is an old Excel file or has a password. Save it as .xlsx.")
    if kind == "csv" and is_xlsx:
        raise UnreadableFile("It is an XLSX file under the name of a CSV: rename it to .xlsx.")
    if kind == "xlsx" and not is_xlsx:
        raise UnreadableFile(
            "It is no XLSX file, though its name says so: if it is a CSV, rename it to .csv."
        )
    rows = xlsx.xlsx_rows(raw) if is_xlsx else _csv_rows(raw)
    return [[spreadsheet_cells.plain_cell(cell) for cell in row] for row in rows]


def _csv_rows(raw: bytes) -> list[list[str]]:
    text = decode_file(raw)
    if "\x00" in text:
        raise UnreadableFile("It has NUL bytes: it is not a CSV file.")
    lines = text.lstrip("\r\n").split("\n", 1)
    if lines[0].strip().lower() in ("sep=,", "sep=;", "sep=\t"):  # Excel shows no row for it
        text = lines[1] if len(lines) > 1 else ""
    tables = [_split(text, delimiter) for delimiter in DELIMITERS]
    return max(tables, key=lambda rows: len(rows[0]) if rows else 0)


def _split(text: str, delimiter: str) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise UnreadableFile(f"It is not a readable CSV file: {error}.") from error


def _check_head(head: list[str]) -> None:
    """Raises UnreadableFile that names each column that is missing, unknown or there twice."""
    said = []
    if missing := [name for name in COLUMNS if name not in head]:
        said.append(f"is without {', '.join(missing)}")
    named = [name for name in head if name]
    if unknown := [name for name in named if name not in COLUMNS]:
        said.append(f"has the unknown {', '.join(unknown)[:200]}")
    if twice := sorted({name for name in named if named.count(name) > 1}):
        said.append(f"has {', '.join(twice)[:200]} twice")
    if said:
        raise UnreadableFile(f"Row 1 must name the columns, but it {'; '.join(said)}.")


def _read_row(
    number: int, head: list[str], cells: list[str]
) -> tuple[ScoredRow | None, list[RowError]]:
    """The row, None where its email_id is wrong, and what is wrong with it."""
    by_name = dict(zip(head, cells, strict=False))
    errors = list(_mark_errors(number, by_name))
    if any(cell.strip() for cell in cells[len(head) :]):
        errors.append(RowError(number, "comment", "there are more cells than columns."))
    comment = by_name.get("comment", "").strip()
    if len(comment) > LONGEST_COMMENT:
        text = f"it has {len(comment)} characters; at most {LONGEST_COMMENT} are kept."
        errors.append(RowError(number, "comment", text))
    typed = by_name.get("email_id", "").strip()
    try:
        email_id = uuid.UUID(typed)
    except ValueError:
        said = f"{typed[:60]!r} is not the id of an email." if typed else "it is empty."
        return None, [RowError(number, "email_id", said), *errors]
    marks = {name: int(mark) for name in NAMES if (mark := _mark(by_name, name)) in MARKS}
    subject, body = by_name.get("subject", ""), by_name.get("body", "")
    return ScoredRow(number, email_id, subject, body, marks, comment), errors


def _mark_errors(number: int, by_name: dict[str, str]) -> Iterator[RowError]:
    for name in NAMES:
        typed = _mark(by_name, name)
        if not typed:
            said = "it is empty. Score all five from 1 to 5, or delete the row."
            yield RowError(number, name, said)
        elif typed not in MARKS:
            said = f"{typed[:40]!r} is not a whole number from 1 to 5."
            yield RowError(number, name, said)


def _mark(by_name: dict[str, str], name: str) -> str:
    return by_name.get(name, "").strip()
