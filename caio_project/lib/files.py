"""Imported files, read with line numbers so that every error names its line."""

import csv
import io
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

NO_ROWS = "Nothing in it can be read by this command: it is empty, or the wrong file."
MOST_ERRORS = 100  # more are counted, not kept
LONGEST_CELL = 131_072  # characters; mostly a quote that is never closed
csv.field_size_limit(
    sys.maxsize
)  # at its own limit the reader ends in the middle of the file, without the row's line


@dataclass
class FileReport:
    """What a file held. `errors` are (line, sentence)."""

    read: int = 0
    new: int = 0
    known: int = 0
    nobody: int = 0  # rows that name nobody, where a file has such
    errors: list[tuple[int, str]] = field(default_factory=list)
    more_errors: int = 0

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


def decode_file(raw: bytes) -> str:
    """The text of a file: UTF-8 with or without a byte order mark, else Windows' cp1252."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def csv_rows(
    raw: bytes, required: tuple[str, ...], *, notes_before_head: int = 0
) -> Iterator[tuple[int, dict[str, str] | str]]:
    """Yield (line, row by column), or (line, sentence) for a row that cannot be read.

    A quoted cell may span lines. The head is the first line, or one of the `notes_before_head`
    lines after it that has every required column. Raises UnreadableFile without a usable head.
    """
    text = decode_file(raw)
    if "\x00" in text:
        raise UnreadableFile("It has NUL bytes: it is not a CSV file.")
    reader = csv.reader(io.StringIO(text, newline=""), dialect=_csv_dialect(text))
    for _ in range(1 + notes_before_head):
        head = [name.strip() for name in next(reader, [])]
        names = [name.lower() for name in head] if required else head
        if set(required) <= set(names):
            break
    if missing := [name for name in required if name not in names]:
        raise UnreadableFile(f"The first line has no column {', '.join(missing)}.")
    if not any(names):
        raise UnreadableFile("The first line names no columns.")
    start = reader.line_num + 1
    for cells in reader:
        line, start = start, reader.line_num + 1
        if any(len(cell) > LONGEST_CELL for cell in cells):
            yield (
                line,
                f"A cell has more than {LONGEST_CELL} characters: is a closing quote missing?",
            )
        elif any(cell.strip() for cell in cells):
            yield line, dict(zip(names, (cell.strip() for cell in cells), strict=False))


def json_rows(text: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Yield (line, object) for each line of JSON, or (line, sentence) where it cannot be read.

    Lines end at a line feed alone: U+2028 and the like may be part of a JSON text.
    """
    for line, content in enumerate(text.split("\n"), 1):
        if content.strip():
            yield line, parse_json_object(content)


def parse_json_object(text: str) -> dict[str, Any] | str:
    """The object, or a sentence on why the text is none."""
    try:
        row = json.loads(text)
    except RecursionError:
        return "It is nested too deeply."
    except ValueError as error:
        return f"It is not JSON: {str(error)[:80]}."
    return row if isinstance(row, dict) else "It is not a JSON object."


def _csv_dialect(text: str) -> type[csv.Dialect]:
    first = re.split(r"[\r\n]", text, maxsplit=1)[0]

    class Found(csv.excel):
        delimiter = ";" if first.count(";") > first.count(",") else "\t" if "\t" in first else ","

    return Found
