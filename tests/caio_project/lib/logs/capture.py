"""Everything that is logged meanwhile, as production and as development write it."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from caio_project.lib.logs.forms import JSON, PLAIN
from caio_project.lib.logs.lines import LineFormatter


@dataclass
class LogText:
    as_json: io.StringIO = field(default_factory=io.StringIO)
    as_plain: io.StringIO = field(default_factory=io.StringIO)

    @property
    def text(self) -> str:
        return self.as_json.getvalue() + self.as_plain.getvalue()

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.as_json.getvalue().splitlines()]

    def rows_saying(self, part: str) -> list[dict[str, Any]]:
        return [row for row in self.rows if part in row["message"]]


@contextmanager
def captured_logs(level: int = logging.INFO) -> Iterator[LogText]:
    found, root = LogText(), logging.getLogger()
    before, handlers = root.level, []
    for stream, form in ((found.as_json, JSON), (found.as_plain, PLAIN)):
        handler = logging.StreamHandler(stream)
        handler.setFormatter(LineFormatter(form))
        handlers.append(handler)
        root.addHandler(handler)
    root.setLevel(level)
    try:
        yield found
    finally:
        root.setLevel(before)
        for handler in handlers:
            root.removeHandler(handler)
