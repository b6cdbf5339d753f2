"""Inputs of the field, kept in tests/cases as they came; each has an id and what is right."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "cases"


def cases(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (FOLDER / f"{name}.jsonl").read_text("utf-8").splitlines()]


def case(name: str, start: str) -> dict[str, Any]:
    """The case whose id starts with this word."""
    return next(one for one in cases(name) if one["id"].split()[0] == start)


FIELD_TITLES = [(one["t"], one["right"]) for one in cases("titles")]
