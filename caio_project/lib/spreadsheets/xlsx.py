"""Write and read an XLSX workbook of one sheet: by XlsxWriter, and by openpyxl behind guards.

Both are imported where they are used.
"""

import codecs
import io
import re
import warnings
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from caio_project.lib.files import UnreadableFile

ZIP_MARK = b"PK\x03\x04"
OLD_EXCEL_MARK = b"\xd0\xcf\x11\xe0"
LONGEST_CELL = 32_767  # characters; Excel's own limit
LAST_ROW = 1_048_576  # Excel's own limit
MOST_ROWS = 10_000
MOST_COLUMNS = 100  # what stands further right is not read
MOST_BYTES = 50_000_000  # of what is read of the file, unpacked
NOT_READABLE = "It is not a readable XLSX file."
# The texts of cells rest on none of these, and a mistake in them would make the file unreadable.
UNREAD_PARTS = ("docProps/", "customXml/", "xl/theme/", "xl/styles.xml", "xl/drawings/",
    "xl/charts/", "xl/chartsheets/", "xl/comments", "xl/externalLinks/", "xl/pivot")  # fmt: skip
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_NO_GUESSING = {"strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}

Cell = str | int | float


def xlsx_file(
    columns: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    *,
    widths: Mapping[str, int],
    lists: Mapping[str, Sequence[str]],
    title: str = "Emails",
) -> bytes:
    """One sheet with a fixed head. `widths` in characters; `lists`: choices of a column.

    Texts are stored as texts, which no program calculates.
    """
    import xlsxwriter

    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, **_NO_GUESSING}) as book:
        sheet = book.add_worksheet(title)
        sheet.freeze_panes(1, 0)
        head = book.add_format({"bold": True})
        text = book.add_format({"text_wrap": True, "valign": "top"})
        for at, name in enumerate(columns):
            sheet.set_column(at, at, widths.get(name, 12))
            sheet.write_string(0, at, _cell_text(name), head)
            if name in lists and rows:
                choices = {"validate": "list", "source": list(lists[name])}
                sheet.data_validation(1, at, len(rows), at, choices)
        for row, values in enumerate(rows, 1):
            for at, value in enumerate(values):
                if isinstance(value, str):
                    sheet.write_string(row, at, _cell_text(value), text)
                else:
                    # XlsxWriter spells a float 0.085 as 0.08500000000000001.
                    sheet.write_number(row, at, Decimal(str(value)), text)
    return out.getvalue()


def _cell_text(text: str) -> str:
    """As XML can hold it; XlsxWriter would spell a carriage return as `_x000D_`."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub("", plain)[:LONGEST_CELL]


def xlsx_rows(raw: bytes) -> list[list[str]]:
    """The first sheet's cells as texts; row 1 comes first, empty rows are []. Whole numbers have
    no decimals; of a formula the value that was saved with it. Raises UnreadableFile.
    """
    import openpyxl  # with numpy 15 MB, which only a process that reads a workbook needs

    try:
        with warnings.catch_warnings(action="ignore"):  # what openpyxl leaves out of a file
            book = openpyxl.load_workbook(
                _checked_copy(raw), read_only=True, data_only=True, keep_links=False
            )
            sheet = book.worksheets[0]
            sheet.reset_dimensions()  # as the file says them, they may be wrong
            cells = sheet.iter_rows(max_row=LAST_ROW + 1, max_col=MOST_COLUMNS, values_only=True)
            return _filled_rows(cells)
    except UnreadableFile:
        raise
    except (RuntimeError, NotImplementedError) as error:  # encrypted, or an unknown compression
        raise UnreadableFile(f"{NOT_READABLE} Is it protected by a password?") from error
    except Exception as error:  # openpyxl raises whatever its way through a broken file ends in
        raise UnreadableFile(NOT_READABLE) from error


def _checked_copy(raw: bytes) -> io.BytesIO:
    """The parts that openpyxl may read, each looked at before. Raises UnreadableFile."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as packed, zipfile.ZipFile(out, "w") as checked:
        parts = {
            one.filename: one
            for one in packed.infolist()
            if one.filename.endswith((".xml", ".rels"))
            and not one.filename.startswith(UNREAD_PARTS)
        }
        # A part never unpacks to more than it says, or zipfile refuses it.
        if sum(one.file_size for one in parts.values()) > MOST_BYTES:
            raise UnreadableFile("It is too large to read.")
        for name, part in parts.items():
            text = packed.read(part)
            _require_plain_xml(text)
            checked.writestr(name, text)
    return out


def _require_plain_xml(text: bytes) -> None:
    text.removeprefix(codecs.BOM_UTF8).decode("utf-8")  # else the marks below would not be seen
    if any(mark in text for mark in (b"\x00", b"<!DOCTYPE", b"<!ENTITY")):
        raise UnreadableFile(NOT_READABLE)  # entities are no part of XLSX


def _filled_rows(found: Iterable[Sequence[object]]) -> list[list[str]]:
    """Filled rows are as wide as their last filled cell, or as row 1."""
    rows: list[list[str]] = []
    for number, values in enumerate(found, 1):
        filled = max((at for at, one in enumerate(values, 1) if one is not None), default=0)
        if (filled and number > MOST_ROWS) or number > LAST_ROW:
            raise UnreadableFile(f"It has more than {MOST_ROWS} rows.")
        if filled:
            rows += [[] for _ in range(number - len(rows))]
            width = max(filled, len(rows[0]))
            rows[number - 1] = [_value_text(value) for value in values[:width]]
    return rows


def _value_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
