"""The word diff and the marked phrases."""

import pytest

from approvals import words


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
    assert words.diff(before, after).sentence == sentence


@pytest.mark.parametrize(("before", "after"), [("a b c", "a x c d"), ("", "x"), ("x\n\ny z", "y z\n"), ("a  b", "a b")])
def test_a_diff_holds_both_texts(before: str, after: str) -> None:
    changes = words.diff(before, after).changes
    assert "".join(c.text for c in changes if c.kind != "ins") == before
    assert "".join(c.text for c in changes if c.kind != "del") == after


PHRASES = [
    {"text": "Bright", "field": "x", "source": "rb2b"},
    {"text": "Bright Mill", "field": "company", "source": "rb2b"},
    {"text": "Ops (EU)", "field": "title", "source": ""},
]


def test_the_longest_phrase_is_marked_and_nothing_is_lost() -> None:
    text = "Bright Mill is Bright, not Brightest. Ops (EU)? https://a.test/x"
    pieces = words.marked(text, PHRASES)
    assert "".join(piece.text for piece in pieces) == text
    assert [(p.text, p.fact, p.sourced) for p in pieces if p.fact is not None] == [
        ("Bright Mill", 1, True), ("Bright", 0, True), ("Ops (EU)", 2, False),
    ]  # fmt: skip
    assert [p.text for p in pieces if p.url] == ["https://a.test/x"]
