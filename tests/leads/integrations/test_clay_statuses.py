"""Callbacks of the field in which a vendor's status stands where a fact belongs."""

import json
from pathlib import Path
from typing import Any

import pytest

from leads.integrations import clay

CASES = Path(__file__).parent / "clay_cases.jsonl"
ROWS = [json.loads(line) for line in CASES.read_text().splitlines()]
STATUSES = [row for row in ROWS if "unknown" in row["right"]]
READ = {"job_title": "title", "company_name": "company_name", "industry": "industry"}
IN_WORDS = {"✅ CEO": "CEO"}  # a tick before what was found


@pytest.mark.parametrize("case", STATUSES, ids=str)
def test_a_status_is_no_fact(case: dict[str, Any]) -> None:
    answer = clay.parse_answer(case["body"])
    for theirs, ours in READ.items():
        if theirs in case["body"]:
            assert getattr(answer, ours) == IN_WORDS.get(case["body"][theirs], "")


@pytest.mark.parametrize(
    ("status", "verified"),
    [
        ("catch_all", False), ("catch-all", False), ("accept_all", False), ("ok for all", False),
        ("risky", False), ("deliverable", True), ("Valid", True), ("verified", True),
    ],
)  # fmt: skip
def test_what_a_verifier_says(status: str, verified: bool) -> None:
    body = {"work_email": "dana@kite.test", "email_status": status}
    assert clay.parse_answer(body).email_verified is verified
    if not verified:
        assert not clay.parse_answer({**body, "email_verified": "true"}).email_verified


@pytest.mark.parametrize(
    "value",
    [["dana@kite.test"], "dana@kite.test, d@kite.test", "dana@kite.test; x", [1, "Dana@kite.test"]],
)
def test_the_first_of_several_addresses_is_taken(value: Any) -> None:
    assert clay.parse_answer({"work_email": value}).email == "dana@kite.test"


def test_three_or_more_roles_are_three() -> None:
    assert clay.parse_answer({"open_roles": "3+"}).open_roles == 3
