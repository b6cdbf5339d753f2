"""The word diff."""

import pytest

from caio_project.lib.diff import diff_words


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ("one two", "one two", "No words changed"),
        ("one two", "one three", "1 word removed, 1 added"),
        ("one two three", "one", "2 words removed, 0 added"),
        ("", "a b", "0 words removed, 2 added"),
        ("a\n\nb", "a\nb", "No words changed"),
    ],
)
def test_a_diff_counts_words(before: str, after: str, sentence: str) -> None:
    assert diff_words(before, after).sentence == sentence


@pytest.mark.parametrize(
    ("before", "after"), [("a b c", "a x c d"), ("", "x"), ("x\n\ny z", "y z\n"), ("a  b", "a b")]
)
def test_a_diff_holds_both_texts(before: str, after: str) -> None:
    changes = diff_words(before, after).changes
    assert "".join(c.text for c in changes if c.kind != "ins") == before
    assert "".join(c.text for c in changes if c.kind != "del") == after
