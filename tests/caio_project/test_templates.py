"""Templates can be read: no line is longer than 120 columns."""

import re
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR) / "templates"
LONGEST = 120
# Pieces of an email's text: a line break would put a space into it.
SPACES_COUNT = {"_diff.html", "_pieces.html", "_marked.html"}
ONE_TAG = re.compile(r"\s*{%.*?%}\s*")


def pages() -> list[Path]:
    return [path for path in sorted(ROOT.rglob("*.html")) if path.name not in SPACES_COUNT]


@pytest.mark.parametrize("path", pages(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_line_is_too_long(path: Path) -> None:
    long = [line for line in path.read_text().splitlines() if len(line) > LONGEST]

    # Django reads a template tag only where it stands on one line.
    assert [line for line in long if not ONE_TAG.fullmatch(line)] == []
