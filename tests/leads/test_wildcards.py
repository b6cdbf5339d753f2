"""Patterns of paths:

`*` is any text and nothing else is anything else, whatever the pattern and the path cost.
"""

from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.scoring_rules import DEFAULT_RULES, PageTrigger, parse_rules
from leads.wildcards import comparable_path, pattern_fits
from tests.pace import is_done_within

ALPHABET = "ab/*"


@given(st.text(ALPHABET, max_size=8), st.text("ab/", max_size=10))
def test_it_fits_what_a_shell_pattern_fits(pattern: str, text: str) -> None:
    assert pattern_fits(pattern, text) == fnmatchcase(text, pattern)


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("/a?c", "/abc", False),
        ("/a[b]c", "/abc", False),
        ("/a.c", "/abc", False),
        ("/a[b]c", "/a[b]c", True),
        ("ab*ba", "aba", False),
        ("ab*ba", "abba", True),
        ("*", "", True),
        ("", "", True),
    ],
)
def test_only_the_star_stands_for_anything_else(pattern: str, text: str, expected: bool) -> None:
    assert pattern_fits(pattern, text) is expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/Pricing/", "/pricing"), ("/", "/"), ("", "/"), ("//", "/"), ("/a/*", "/a/*")],
)
def test_case_and_the_last_slash_do_not_count(path: str, expected: str) -> None:
    assert comparable_path(path) == expected


@given(st.text(ALPHABET, max_size=6), st.text(ALPHABET, max_size=6), st.text("ab/", max_size=8))
def test_covered_pattern_never_fits_alone(above: str, below: str, text: str) -> None:
    if pattern_fits(above, below) and pattern_fits(below, text):
        assert pattern_fits(above, text)


def test_page_below_catch_all_is_named() -> None:
    blog, story = PageTrigger("Blog", "/blog*", 5), PageTrigger("Story", "/blog/*price*", 9)
    pages = (
        PageTrigger("Off", "*", 1, active=False),
        blog,
        story,
        PageTrigger("Demo", "/demo*", 40),
    )
    rules = parse_rules({**DEFAULT_RULES.as_dict(), "pages": [vars(page) for page in pages]})
    assert rules.shadowed_triggers() == [(story, blog)]


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("/" + "*a" * 99 + "b", "/" + "a" * 499),
        ("/" + "*a" * 99 + "b", "/" + "a" * 498 + "b"),
        ("*" * 200, "/" + "a" * 499),
        ("/*" + "a" * 99 + "b" + "*" + "a" * 97, "/" + "a" * 499),
    ],
)
def test_no_pattern_can_take_the_worker_down(pattern: str, path: str) -> None:
    page = {"label": "Awful", "points": 5, "pattern": pattern}
    rules = parse_rules({**DEFAULT_RULES.as_dict(), "pages": [page] * 100})
    paths = [f"{path[:-3]}{n:03}" for n in range(20)]
    assert is_done_within(2, lambda: [rules.page_trigger(one) for one in paths])
