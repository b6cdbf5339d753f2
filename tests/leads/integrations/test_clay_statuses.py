"""Callbacks of the field in which a vendor's status stands where a fact belongs."""

import json
from pathlib import Path
from typing import Any

import pytest

from leads.integrations import clay

CASES = Path(__file__).parent / "clay_cases.jsonl"
ROWS = [json.loads(line) for line in CASES.read_text().splitlines()]
STATUSES = [row for row in ROWS if "unknown" in row["right"] or row["right"] == "verified"]
READ = {"job_title": "title", "company_name": "company_name", "industry": "industry"}
IN_WORDS = {"✅ CEO": "CEO"}  # a tick before what was found


@pytest.mark.parametrize("case", [r for r in STATUSES if "unknown" in r["right"]], ids=str)
def test_a_status_is_no_fact(case: dict[str, Any]) -> None:
    answer = clay.parse_answer(case["body"])
    for theirs, ours in READ.items():
        if theirs in case["body"]:
            assert getattr(answer, ours) == IN_WORDS.get(case["body"][theirs], "")
