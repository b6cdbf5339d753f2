"""Write and read an XLSX workbook of one sheet.

After ECMA-376; only what a table of texts and numbers with drop-down lists needs.
"""

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from caio_project.lib.files import UnreadableFile

ZIP_MARK = b"PK\x03\x04"
OLD_EXCEL_MARK = b"\xd0\xcf\x11\xe0"
LONGEST_CELL = 32_767  # characters; Excel's own limit
MOST_ROWS = 10_000
MOST_COLUMNS = 100  # what stands further right is not read
MOST_BYTES = 50_000_000  # of one part of the file, unpacked
NOT_READABLE = "It is not a readable XLSX file."
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_REFERENCE = re.compile(r"([A-Z]{1,3})(\d{1,7})")
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'


def xlsx_file(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    widths: Mapping[str, int],
    lists: Mapping[str, Sequence[str]],
) -> bytes:
    """One sheet with a fixed head. `widths` in characters; `lists`: choices of a column.

    Cells are stored as texts, which no program calculates.
    """
    parts = {
        "[Content_Types].xml": _CONTENT_TYPES,
        "_rels/.rels": _relations([("officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": _WORKBOOK,
        "xl/_rels/workbook.xml.rels": _relations(
            [("worksheet", "worksheets/sheet1.xml"), ("styles", "styles.xml")]
        ),
        "xl/styles.xml": _STYLES,
        "xl/worksheets/sheet1.xml": _sheet(columns, rows, widths, lists),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in parts.items():
            packed.writestr(name, text)
    return out.getvalue()


def _sheet(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    widths: Mapping[str, int],
    lists: Mapping[str, Sequence[str]],
) -> str:
    letters = {name: column_letters(number) for number, name in enumerate(columns, 1)}
    sizes = "".join(
        f'<col min="{number}" max="{number}" width="{widths.get(name, 12)}" customWidth="1"/>'
        for number, name in enumerate(columns, 1)
    )
    lines = [_row(1, columns, style=1)]
    lines += [_row(number, row, style=2) for number, row in enumerate(rows, 2)]
    rules = "".join(
        f'<dataValidation type="list" allowBlank="1" showErrorMessage="1" '
        f'sqref="{letters[name]}2:{letters[name]}{len(rows) + 1}">'
        f"<formula1>{escape(chr(34) + ','.join(choices) + chr(34))}</formula1></dataValidation>"
        for name, choices in lists.items()
    )
    validations = f'<dataValidations count="{len(lists)}">{rules}</dataValidations>'
    return (
        f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
        f"</sheetView></sheetViews><cols>{sizes}</cols><sheetData>{''.join(lines)}</sheetData>"
        f"{validations if rows and lists else ''}</worksheet>"
    )


def _row(number: int, cells: Sequence[str], style: int) -> str:
    made = "".join(
        f'<c r="{column_letters(at)}{number}" s="{style}" t="inlineStr"><is>'
        f'<t xml:space="preserve">{_xml_text(cell)}</t></is></c>'
        if cell
        else f'<c r="{column_letters(at)}{number}" s="{style}"/>'
        for at, cell in enumerate(cells, 1)
    )
    return f'<row r="{number}">{made}</row>'


def _xml_text(text: str) -> str:
    return escape(_CONTROL.sub("", text)[:LONGEST_CELL])


def column_letters(number: int) -> str:
    """1 is A, 27 is AA."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def xlsx_rows(raw: bytes) -> list[list[str]]:
    """The first sheet's cells as texts; row 1 comes first, empty rows are []. Whole numbers have
    no decimals. Raises UnreadableFile.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            shared = _shared_strings(packed)
            return _read_sheet(_part(packed, _first_sheet(packed)), shared)
    except (zipfile.BadZipFile, LookupError, ElementTree.ParseError, ValueError, OSError) as error:
        raise UnreadableFile(NOT_READABLE) from error
    except (RuntimeError, NotImplementedError) as error:  # encrypted, or an unknown compression
        raise UnreadableFile(f"{NOT_READABLE} Is it protected by a password?") from error


def _part(packed: zipfile.ZipFile, name: str) -> ElementTree.Element:
    if packed.getinfo(name).file_size > MOST_BYTES:
        raise UnreadableFile("It is too large to read.")
    text = packed.read(name)
    text.decode("utf-8")  # in another encoding the marks below would not be seen
    if any(mark in text for mark in (b"\x00", b"<!DOCTYPE", b"<!ENTITY")):
        raise UnreadableFile(NOT_READABLE)  # entities are no part of XLSX
    return ElementTree.fromstring(text)  # noqa: S314


def _first_sheet(packed: zipfile.ZipFile) -> str:
    """The path of the sheet that a spreadsheet shows first."""
    sheet = _part(packed, "xl/workbook.xml").find(f"{{{_MAIN}}}sheets/{{{_MAIN}}}sheet")
    wanted = "" if sheet is None else sheet.get(f"{{{_RELATIONS}}}id", "")
    for one in _part(packed, "xl/_rels/workbook.xml.rels"):
        if one.get("Id") == wanted:
            target = one.get("Target", "")
            return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
    raise KeyError("sheet")


def _shared_strings(packed: zipfile.ZipFile) -> list[str]:
    if "xl/sharedStrings.xml" not in packed.namelist():
        return []
    return [_rich_text(one) for one in _part(packed, "xl/sharedStrings.xml")]


def _rich_text(item: ElementTree.Element) -> str:
    """The text of an item, in pieces where it has formats; without the notes on pronunciation."""
    runs = [item, *item.findall(f"{{{_MAIN}}}r")]
    return "".join(run.findtext(f"{{{_MAIN}}}t") or "" for run in runs)


def _read_sheet(sheet: ElementTree.Element, shared: Sequence[str]) -> list[list[str]]:
    rows: list[list[str]] = []
    for row in sheet.iter(f"{{{_MAIN}}}row"):
        number = int(row.get("r", len(rows) + 1))
        cells = _read_row(row, shared)
        if number > MOST_ROWS and any(cells):
            raise UnreadableFile(f"It has more than {MOST_ROWS} rows.")
        if any(cells):
            rows += [[] for _ in range(number - len(rows))]
            rows[number - 1] = cells
    return rows


def _read_row(row: ElementTree.Element, shared: Sequence[str]) -> list[str]:
    cells: list[str] = []
    for cell in row.iter(f"{{{_MAIN}}}c"):
        at = _column_number(cell.get("r", ""), len(cells) + 1)
        if at <= MOST_COLUMNS:
            cells += [""] * (at - len(cells))
            cells[at - 1] = _cell_text(cell, shared)
    return cells


def _column_number(reference: str, following: int) -> int:
    found = _REFERENCE.fullmatch(reference)
    if found is None:
        return following
    number = 0
    for letter in found[1]:
        number = number * 26 + ord(letter) - 64
    return number


def _cell_text(cell: ElementTree.Element, shared: Sequence[str]) -> str:
    value = cell.findtext(f"{{{_MAIN}}}v") or ""
    kind = cell.get("t", "n")
    if kind == "s":
        return shared[int(value)]
    if kind == "inlineStr":
        inline = cell.find(f"{{{_MAIN}}}is")
        return "" if inline is None else _rich_text(inline)
    if kind == "n" and value:
        number = float(value)
        return str(int(number)) if number.is_integer() else value
    return value


def _relations(targets: Sequence[tuple[str, str]]) -> str:
    rows = "".join(
        f'<Relationship Id="r{number}" Type="{_RELATIONS}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, 1)
    )
    return f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{rows}</Relationships>'


_SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_CONTENT_TYPES = (
    f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_SHEET_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_SHEET_TYPE}.worksheet+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_SHEET_TYPE}.styles+xml"/></Types>'
)
_WORKBOOK = (
    f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>'
    '<sheet name="Emails" sheetId="1" r:id="r1"/></sheets></workbook>'
)
_FONT = '<sz val="11"/><name val="Calibri"/>'
# Style 1: the bold head. Style 2: text, wrapped, at the top.
_STYLES = (
    f'{_HEAD}<styleSheet xmlns="{_MAIN}"><fonts count="2"><font>{_FONT}</font>'
    f'<font><b/>{_FONT}</font></fonts><fills count="2"><fill><patternFill '
    'patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="3"><xf/><xf fontId="1" applyFont="1"/><xf applyAlignment="1">'
    '<alignment vertical="top" wrapText="1"/></xf></cellXfs><cellStyles count="1">'
    '<cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
