"""Whose matter a blocked draft is, from the code that the check left."""

import pytest

from outreach.choices import BlockedBy
from outreach.content.check_results import FINDINGS
from outreach.lifecycle.block_causes import BLOCK_CAUSES, TEXT_CHECKS, block_cause


@pytest.mark.parametrize(
    ("code", "by_template", "who"),
    [
        ("sender_identity", True, BlockedBy.US),
        ("sender_identity", False, BlockedBy.US),
        ("postal_address", True, BlockedBy.US),
        ("unsubscribe_link", True, BlockedBy.US),
        ("template", True, BlockedBy.US),
        ("draft", False, BlockedBy.US),
        ("placeholder", True, BlockedBy.US),
        ("placeholder", False, BlockedBy.PERSON),
        ("subject", True, BlockedBy.US),
        ("opener", False, BlockedBy.PERSON),
        ("missing_field", True, BlockedBy.PERSON),
        ("person_data", True, BlockedBy.PERSON),
        ("country", True, BlockedBy.PERSON),
        ("one_per_company", True, BlockedBy.EARLIER),
        ("colleague_first", True, BlockedBy.EARLIER),
        ("near_copy", False, BlockedBy.EARLIER),
        ("learned", True, BlockedBy.EARLIER),
    ],
)
def test_cause_follows_from_the_code(code: str, by_template: bool, who: BlockedBy) -> None:
    assert block_cause(code, by_template=by_template).who == who


@pytest.mark.parametrize(("code", "words"), [("new_check", "new check"), ("", "a check")])
def test_unknown_code_is_the_persons_and_said(code: str, words: str) -> None:
    found = block_cause(code, by_template=True)
    assert found.who == BlockedBy.PERSON and found.words.startswith(words) and found.clear


@pytest.mark.parametrize("code", sorted({one.guard for one in FINDINGS.values() if not one.passed}))
def test_causes_name_nobody_and_say_what_to_do(code: str) -> None:
    found = block_cause(code, by_template=True)
    assert found.clear.endswith(".") and not found.words.endswith(".") and "{" not in found.words


def test_texts_are_judged_by_who_wrote_them_only() -> None:
    assert not TEXT_CHECKS.keys() & BLOCK_CAUSES.keys()
