"""Imported files, read with line numbers so that every error names its line."""

import codecs
import csv
import io
import itertools
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

NO_ROWS = "Nothing in it can be read by this command: it is empty, or the wrong file."
DOUBLED = "{name}: it is there twice, with “{one}” and with “{other}”."
EMPTY_VALUES: tuple[Any, ...] = (None, "", [], {})  # of JSON
MOST_ERRORS = 100  # more are counted, not kept
MOST_NOTES = 50  # lines above the head
SEPARATOR_HINT = re.compile(r"sep=([,;|\t]|\\t|)", re.IGNORECASE)  # as Excel reads it
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins with the mark of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
LONGEST_CELL = 131_072  # characters; mostly a quote that is never closed
csv.field_size_limit(
    sys.maxsize
)  # at its own limit the reader ends in the middle of the file, without the row's line


@dataclass
class FileReport:
    """What a file held. `errors` and `notes` are (line, sentence); a note stops nothing."""

    read: int = 0
    new: int = 0
    known: int = 0
    nobody: int = 0  # rows that name nobody, where a file has such
    errors: list[tuple[int, str]] = field(default_factory=list)
    more_errors: int = 0
    notes: list[tuple[int, str]] = field(default_factory=list)
    more_notes: int = 0
    left_out: Counter[str] = field(default_factory=Counter)  # what was not taken: how often

    def note(self, line: int, text: str) -> None:
        if len(self.notes) < MOST_ERRORS:
            self.notes.append((line, text))
        else:
            self.more_notes += 1

    def wrong(self, line: int, text: str) -> None:
        if len(self.errors) < MOST_ERRORS:
            self.errors.append((line, text))
        else:
            self.more_errors += 1

    def require_rows(self) -> None:
        """Raises UnreadableFile where the file has nothing under its head: it is a wrong one."""
        if not self.read:
            raise UnreadableFile(NO_ROWS)


class UnreadableFile(Exception):
    pass


def uploaded_bytes(given: Any, most_bytes: int, wanted: str) -> bytes:
    """Of a file field of a page. Raises UnreadableFile where it is empty or too large."""
    if given is None or given.size is None:
        raise UnreadableFile(f"Choose {wanted}.")
    if given.size > most_bytes:
        raise UnreadableFile(f"It is larger than {most_bytes // 1_000_000} MB.")
    found: bytes = given.read()
    return found


def decode_file(raw: bytes) -> str:
    """The text of a file: by its byte order mark, else UTF-8, else UTF-16 as Windows writes it,
    else cp1252.
    """
    for mark, encoding in BYTE_ORDER_MARKS:
        if raw.startswith(mark):
            return raw.decode(encoding, "replace").removeprefix("\ufeff")
    for encoding, zeros in (("utf-16-le", raw[1:400:2]), ("utf-16-be", raw[0:400:2])):
        if zeros and zeros.count(0) > len(zeros) * 0.7:
            return raw.decode(encoding, "replace")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def csv_rows(
    raw: bytes,
    required: tuple[str, ...],
    *,
    is_head: Callable[[set[str]], bool] | None = None,
    missing: str = "",
    plain_name: Callable[[str], str] = str,
) -> Iterator[tuple[int, dict[str, str] | str]]:
    """Yield (line, row by column), or (line, sentence) for a row that cannot be read.

    Columns whose `plain_name` is the same are one: an empty cell never hides a filled one, and two
    different values are an error. For the rest see `csv_cells`. Raises UnreadableFile.
    """
    for line, cells in csv_cells(raw, required, is_head=is_head, missing=missing):
        yield line, cells if isinstance(cells, str) else _row_of_cells(cells, plain_name)


def _row_of_cells(
    cells: list[tuple[str, str]], plain_name: Callable[[str], str]
) -> dict[str, str] | str:
    row: dict[str, str] = {}
    for column, cell in cells:
        name = plain_name(column)
        known = row.setdefault(name, cell)
        if name and known and cell and known.casefold() != cell.casefold():
            return DOUBLED.format(name=column[:60], one=known[:40], other=cell[:40])
        row[name] = known or cell
    return row


def csv_cells(
    raw: bytes,
    required: tuple[str, ...],
    *,
    is_head: Callable[[set[str]], bool] | None = None,
    missing: str = "",
) -> Iterator[tuple[int, list[tuple[str, str]] | str]]:
    """Yield (line, [(column, cell)]), or (line, sentence) for a row that cannot be read.

    A quoted cell may span lines. Notes may stand above the head, and a line `sep=;`: the head is
    the first line that has every required column, or for which `is_head` holds (it gets the names
    in lower case), by any delimiter. Raises UnreadableFile without a usable head; `missing` then
    says what it lacks.
    """
    text = decode_file(raw)
    if "\x00" in text:
        raise UnreadableFile("It has NUL bytes: it is not a CSV file.")
    fits = is_head or (lambda names: bool(names - {""}) and set(required) <= names)
    reader, names = _find_head(text, fits, missing or _missing_columns(text, required))
    if required:
        names = [name.lower() for name in names]
    start = reader.line_num + 1
    for cells in reader:
        line, start = start, reader.line_num + 1
        if any(len(cell) > LONGEST_CELL for cell in cells):
            yield (
                line,
                f"A cell has more than {LONGEST_CELL} characters: is a closing quote missing?",
            )
        elif any(cell.strip() for cell in cells):
            yield line, list(zip(names, (cell.strip() for cell in cells), strict=False))


def csv_delimiter(raw: bytes, is_head: Callable[[set[str]], bool]) -> str:
    """What stands between the columns of the head that `csv_cells` finds; "" without one."""
    try:
        reader, _ = _find_head(decode_file(raw), is_head, "")
    except UnreadableFile:
        return ""
    delimiter: str = reader.dialect.delimiter
    return delimiter


def _find_head(text: str, fits: Callable[[set[str]], bool], missing: str) -> tuple[Any, list[str]]:
    """The reader behind the head, and the names of the columns as they are written."""
    for delimiter in _delimiters(text):

        class Dialect(csv.excel):
            pass

        Dialect.delimiter = delimiter
        reader = csv.reader(io.StringIO(text, newline=""), dialect=Dialect)
        for cells in itertools.islice(reader, 1 + MOST_NOTES):
            names = [name.strip() for name in cells]
            is_hint = bool(names) and SEPARATOR_HINT.fullmatch(names[0]) is not None
            if not is_hint and fits({name.lower() for name in names}):
                return reader, names
    raise UnreadableFile(missing)


def _missing_columns(text: str, required: tuple[str, ...]) -> str:
    first = re.split(r"[\r\n]", text, maxsplit=1)[0]
    cells = next(csv.reader([first], delimiter=_delimiters(text)[0]), [])
    names = {name.strip().lower() for name in cells}
    if missing := [name for name in required if name not in names]:
        return f"The first line has no column {', '.join(missing)}."
    return "The first line names no columns."


def _delimiters(text: str) -> list[str]:
    """The delimiters to try; first the one that the file names or its first line has most."""
    first = re.split(r"[\r\n]", text, maxsplit=1)[0].strip().strip('"')
    if hint := SEPARATOR_HINT.fullmatch(first):
        wanted = "\t" if hint[1] in ("", "\\t") else hint[1]
    else:
        wanted = ";" if first.count(";") > first.count(",") else "\t" if "\t" in first else ","
    return list(dict.fromkeys([wanted, ",", ";", "\t", "|"]))


def json_rows(text: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Yield (line, object) for each line of JSON, or (line, sentence) where it cannot be read.

    Lines end at a line feed alone: U+2028 and the like may be part of a JSON text.
    """
    for line, content in enumerate(text.split("\n"), 1):
        if content.strip():
            yield line, parse_json_object(content)


def json_list(text: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Yield (number, object) for each entry of a JSON list. Raises UnreadableFile."""
    try:
        rows = load_json(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableFile(f"It is not JSON: {str(error)[:80]}.") from error
    for number, row in enumerate(rows, 1):
        yield number, object_or_sentence(row)


def parse_json_object(text: str) -> dict[str, Any] | str:
    """The object, or a sentence on why the text is none."""
    try:
        return object_or_sentence(load_json(text))
    except RecursionError:
        return "It is nested too deeply."
    except ValueError as error:
        return f"It is not JSON: {str(error)[:80]}."


def object_or_sentence(loaded: Any) -> dict[str, Any] | str:
    """What `load_json` gave where it is one object, or a sentence on why it cannot be used."""
    if isinstance(loaded, DoubledObject):
        return loaded.sentence
    return loaded if isinstance(loaded, dict) else "It is not a JSON object."


class DoubledObject(dict[str, Any]):
    """A JSON object with two different values under one name; it keeps the first."""

    sentence: str = ""


def load_json(text: str | bytes) -> Any:
    """As json.loads, but of two values under one name the last does not hide the first: an empty
    one is left out, and where they differ the object is a DoubledObject.
    """
    return json.loads(text, object_pairs_hook=_object_of_pairs)


def _object_of_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    found, sentence = {}, ""
    for name, value in pairs:
        known = found.setdefault(name, value)
        if known in EMPTY_VALUES:
            found[name] = value
        elif value not in EMPTY_VALUES and value != known and not sentence:
            one, other = str(known)[:40], str(value)[:40]
            sentence = DOUBLED.format(name=name[:60], one=one, other=other)
    if sentence:
        found = DoubledObject(found)
        found.sentence = sentence
    return found
