"""How alike two texts are: symmetric enough, bounded, and blind to case and punctuation."""

from hypothesis import given
from hypothesis import strategies as st

from outreach.content.similarity import text_similarity


def test_case_and_punctuation_do_not_change_similarity() -> None:
    assert text_similarity("Hi Dana, one question.", "hi dana one QUESTION!") == 1.0


def test_one_word_in_ten_changed_is_still_nearly_the_same() -> None:
    words = "a b c d e f g h i j"
    assert text_similarity(words, words.replace("j", "z")) == 0.9


def test_nothing_in_common_is_zero_and_so_is_an_empty_text() -> None:
    assert text_similarity("alpha beta", "gamma delta") == 0.0
    assert text_similarity("", "alpha") == text_similarity("", "") == 0.0


def test_only_the_first_words_of_a_very_long_text_are_compared() -> None:
    assert text_similarity("word " * 600 + "end", "word " * 100_000) == 1.0
    assert text_similarity("word " * 599 + "end", "word " * 100_000) < 1.0


def test_words_that_come_often_count_too() -> None:
    assert text_similarity("Dear Dana " + "word " * 300, "word " * 300) > 0.99


@given(st.text(max_size=300), st.text(max_size=300))
def test_it_is_a_share(one: str, other: str) -> None:
    assert 0.0 <= text_similarity(one, other) <= 1.0
