"""The marked phrases."""

from approvals import fact_words

PHRASES = [
    {"text": "Bright", "field": "x", "source": "rb2b"},
    {"text": "Bright Mill", "field": "company", "source": "rb2b"},
    {"text": "Ops (EU)", "field": "title", "source": ""},
]


def test_the_longest_phrase_is_marked_and_nothing_is_lost() -> None:
    text = "Bright Mill is Bright, not Brightest. Ops (EU)? https://a.test/x"
    pieces = fact_words.mark_phrases(text, PHRASES)
    assert "".join(piece.text for piece in pieces) == text
    assert [(p.text, p.fact, p.sourced) for p in pieces if p.fact is not None] == [
        ("Bright Mill", 1, True), ("Bright", 0, True), ("Ops (EU)", 2, False),
    ]  # fmt: skip
    assert [p.text for p in pieces if p.url] == ["https://a.test/x"]
