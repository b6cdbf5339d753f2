"""Cells that are no formulas, and workbooks as other programs write them."""

import io
import zipfile

import pytest

from caio_project.lib.files import UnreadableFile
from caio_project.lib.spreadsheets import cells as plain
from caio_project.lib.spreadsheets import xlsx

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def saved_by_excel(cells: str, strings: str = "", **parts: str) -> bytes:
    """A workbook as Excel saves one: a shared table of texts, and its sheet not called sheet1."""
    types = "".join(
        f'<Override PartName="/xl/{path}.xml" ContentType="{TYPE}.{kind}+xml"/>'
        for path, kind in (
            ("workbook", "sheet.main"),
            ("worksheets/other", "worksheet"),
            ("sharedStrings", "sharedStrings"),
        )
    )
    relations = "".join(
        f'<Relationship Id="{key}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for key, kind, target in (
            ("rId3", "styles", "styles.xml"), ("rId7", "worksheet", "worksheets/other.xml")
        )
    )  # fmt: skip
    written = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">{types}</Types>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
        '<sheet name="A" sheetId="1" r:id="rId7"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
        f"{relations}</Relationships>",
        "xl/worksheets/other.xml": f'<worksheet xmlns="{MAIN}"><sheetData>{cells}</sheetData>'
        "</worksheet>",
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{strings}</sst>',
        **parts,
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for name, text in written.items():
            packed.writestr(name, text)
    return out.getvalue()


@pytest.mark.parametrize(
    "text", ["=1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", " =1", "＝1", "＋1", "－1", "＠x"]
)
def test_what_a_spreadsheet_would_calculate_gets_an_apostrophe(text: str) -> None:
    assert plain.safe_cell(text) == f"'{text}"
    assert plain.plain_cell(plain.safe_cell(text)) == text


@pytest.mark.parametrize("text", ["", "Hi Dana,", "'quoted'", "a=b", "5"])
def test_other_text_stays(text: str) -> None:
    assert plain.safe_cell(text) == plain.plain_cell(text) == text


def test_what_is_written_is_read_again() -> None:
    rows = [["=1+1", "a\nb <c> & “d”", ""], ["", " spaces ", "5"]]
    raw = xlsx.xlsx_file(["x", "y", "z"], rows, widths={"y": 80}, lists={"z": ["1", "2"]})
    assert xlsx.xlsx_rows(raw) == [["x", "y", "z"], *rows]


def test_what_xml_cannot_hold_is_left_out() -> None:
    raw = xlsx.xlsx_file(["x"], [["a\x00b\x1f"]], widths={}, lists={})
    assert xlsx.xlsx_rows(raw) == [["x"], ["ab"]]


def test_a_workbook_saved_by_excel() -> None:
    cells = (
        '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="C1" t="s"><v>1</v></c></row>'
        '<row r="3"><c r="A3"><v>4</v></c><c r="B3"><v>4.0</v></c><c r="C3"><v>3.5</v></c>'
        '<c r="D3" t="str"><f>1&amp;2</f><v>12</v></c><c r="E3" t="b"><v>1</v></c></row>'
        '<row r="1048576"><c r="A1048576" s="1"/></row>'
    )
    strings = "<si><t>head</t></si><si><r><t>ri</t></r><r><t>ch</t></r></si>"
    raw = saved_by_excel(cells, strings)
    assert xlsx.xlsx_rows(raw) == [
        ["head", "", "rich"], [], ["4", "4", "3.5", "12", "1"]
    ]  # fmt: skip


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"PK\x03\x04",
        xlsx.xlsx_file(["x"], [["y"]], widths={}, lists={})[:-40],
        saved_by_excel("<row><c t='s'><v>7</v></c></row>"),
        saved_by_excel("<row r='x'/>"),
        saved_by_excel("<row><c><v>abc</v></c></row>"),
        saved_by_excel("", **{"xl/workbook.xml": "<workbook/>"}),
        saved_by_excel("", **{"xl/workbook.xml": '<!DOCTYPE x [<!ENTITY a "b">]><w>&a;</w>'}),
        saved_by_excel("<row r='20000'><c r='A20000'><v>1</v></c></row>"),
        saved_by_excel("<row r='99999999999'><c><v>1</v></c></row>"),
        saved_by_excel("", '<!DOCTYPE x SYSTEM "file:///etc/hostname"><si><t>a</t></si>'),
        saved_by_excel("", **{"xl/styles2.xml": "<a/>".encode("utf-16").decode("latin-1")}),
    ],
)
def test_what_cannot_be_read_is_refused(raw: bytes) -> None:
    with pytest.raises(UnreadableFile):
        xlsx.xlsx_rows(raw)


def test_a_part_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "MOST_BYTES", 100)
    with pytest.raises(UnreadableFile, match="too large"):
        xlsx.xlsx_rows(saved_by_excel("<row><c><v>1</v></c></row>"))


def test_a_saved_workbook_may_have_parts_that_hold_no_cells() -> None:
    parts = {"xl/styles.xml": "<broken", "docProps/core.xml": "<!DOCTYPE x>", "xl/a.bin": "\x00"}
    raw = saved_by_excel("<row><c><v>1</v></c></row>", **parts)
    assert xlsx.xlsx_rows(raw) == [["1"]]


def test_a_wrong_size_of_the_sheet_hides_no_cells() -> None:
    raw = saved_by_excel(
        "<row><c><v>1</v></c><c><v>2</v></c></row><row><c><v>3</v></c></row>",
        **{
            "xl/worksheets/other.xml": f'<worksheet xmlns="{MAIN}"><dimension ref="A1"/>'
            "<sheetData><row><c><v>1</v></c><c><v>2</v></c></row><row><c><v>3</v></c></row>"
            "</sheetData></worksheet>"
        },
    )
    assert xlsx.xlsx_rows(raw) == [["1", "2"], ["3", ""]]


def test_a_formula_is_read_as_the_value_saved_with_it_and_written_as_text() -> None:
    cells = '<row><c><f>1+1</f><v>2</v></c><c t="str"><f>A1</f></c><c><v>3</v></c></row>'
    assert xlsx.xlsx_rows(saved_by_excel(cells)) == [["2", "", "3"]]
    raw = xlsx.xlsx_file(["=x"], [["=1+1"], ["{=1}"], ["http://a.test"]], widths={}, lists={})
    with zipfile.ZipFile(io.BytesIO(raw)) as packed:
        sheet = packed.read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in sheet
    assert b"hyperlink" not in sheet


def test_numbers_are_written_as_numbers() -> None:
    raw = xlsx.xlsx_file(["x"], [[0.085], [12]], widths={}, lists={})
    with zipfile.ZipFile(io.BytesIO(raw)) as packed:
        assert b"<v>0.085</v>" in packed.read("xl/worksheets/sheet1.xml")
    assert xlsx.xlsx_rows(raw) == [["x"], ["0.085"], ["12"]]
