"""The word diff."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caio_project.lib.words.diff import TextDiff, diff_words
from tests.pace import is_done_within


def joined(diff: TextDiff, without: str) -> str:
    return "".join(change.text for change in diff.changes if change.kind != without)


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
    diff = diff_words(before, after)
    assert joined(diff, without="ins") == before and joined(diff, without="del") == after


WORDS = list("abcdefghij")


def unlike(count: int, mark: str, between: str = " ") -> str:
    return between.join(f"{mark}{n}" for n in range(count))


LONG = [
    (unlike(100_000, "a"), unlike(100_000, "b")),
    (unlike(50_000, "a", "\n"), unlike(50_000, "b", "\n")),
    (unlike(390, "a", " the "), unlike(390, "b", " the ")),
    (unlike(399, "a", " \n"), unlike(399, "b", " \n")),
    ("a b " * 50_000, "b a " * 50_001),
    ("a\n" * 100_000, "b\na\n" * 70_000),
    (" " * 1_000_000, "\n" * 1_000_000),
    ("x" * 1_000_000, "y" * 1_000_000),
    ("", unlike(100_000, "a")),
    (" ".join(WORDS * 40), " ".join(reversed(WORDS * 40))),
]


@pytest.mark.parametrize(("before", "after"), LONG)
def test_long_texts_take_under_two_seconds(before: str, after: str) -> None:
    diff = diff_words(before, after)
    assert is_done_within(2, lambda: diff_words(before, after))
    assert joined(diff, without="ins") == before and joined(diff, without="del") == after


def test_one_word_in_a_very_long_text_is_still_one_word() -> None:
    words = [f"w{n}" for n in range(100_000)]
    before, words[50_000] = " ".join(words), "other"
    assert diff_words(before, " ".join(words)).sentence == "1 word removed, 1 added"


def test_beyond_the_cap_whole_lines_are_compared() -> None:
    lines = [unlike(30, f"line{n}_") for n in range(30)]
    before = "\n".join(lines)
    lines[0], lines[15], lines[29] = "first", "middle", "last"
    diff = diff_words(before, "\n".join(lines))
    assert diff.sentence == "90 words removed, 3 added"
    kinds = "".join(change.kind[0] for change in diff.changes)
    assert kinds == "disdisdi"


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ("a b c", "a x c", [("same", "a "), ("del", "b "), ("ins", "x "), ("same", "c")]),
        ("a  b", "a b", [("same", "a"), ("del", "  "), ("ins", " "), ("same", "b")]),
        (" a", "a", [("del", " "), ("same", "a")]),
        ("a", "a\n", [("same", "a"), ("ins", "\n")]),
        ("a b", "a", [("same", "a"), ("del", " b")]),
        ("", "", []),
        ("one two", "two", [("del", "one "), ("same", "two")]),
    ],
)
def test_what_changed_is_marked(before: str, after: str, changes: list[tuple[str, str]]) -> None:
    assert [(one.kind, one.text) for one in diff_words(before, after).changes] == changes


SOME_TEXT = st.lists(st.sampled_from(["a", "b", "the", " ", "  ", "\n", "\n\n", "x"])).map("".join)


@given(before=SOME_TEXT | st.text(), after=SOME_TEXT | st.text())
def test_a_diff_of_anything_holds_both_texts(before: str, after: str) -> None:
    diff = diff_words(before, after)
    assert joined(diff, without="ins") == before and joined(diff, without="del") == after
    assert all(one.text for one in diff.changes)
    assert all(one.kind != other.kind for one, other in pairwise(diff.changes))
