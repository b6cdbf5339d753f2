"""Finds a request to stop by what it is made of, in any order of words: words/signs.toml. Pure.

Phrases know idioms; this knows that "not", "write" and "again" of one language in one sentence are
a request, however they are said. A sentence about customers, meetings or a date is none.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache

from outreach.reply_sorting.phrases import (
    ENDS,
    PUNCTUATION,
    QUESTION_MARK,
    WORD_LISTS,
    PhraseSearch,
    fold_text,
)

_PART = re.compile(rf"[^{ENDS}\n,;，、；]++[?？؟]?")
_WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")
_DOUBLED = re.compile(r"(\w)\1+")
_UNSPACED_LANGUAGES = ("zh", "ja")
_CJK = re.compile(r"[\u3000-\u9fff]")
LONGEST_WORD = 40
LONGEST_SENTENCE = 40  # words; more are read in parts
BUSINESS = "business"
_SAME_SOUND = (("æ", "a"), ("ae", "a"), ("oe", "o"), ("ue", "u"), ("aa", "a"), ("ß", "ss"))

Signs = set[tuple[str, str]]  # of a language: its code, and the sign


def find_stop_signs(reading: PhraseSearch) -> list[str]:
    """The parts of sentences, as written, that ask to stop."""
    found = [part for part in _PART.finditer(reading.rest) if asks_to_stop(part[0])]
    return [reading.text[slice(*part.span())].strip(PUNCTUATION) for part in found]


def asks_to_stop(part: str) -> bool:
    is_question = bool(QUESTION_MARK.search(part))
    if is_question and not PhraseSearch(part).take("stop.self"):
        return False
    return any(_combines(signs) for signs in _signs_of_parts(part))


def _combines(signs: Signs) -> bool:
    found: dict[str, set[str]] = defaultdict(set)
    for language, sign in signs:
        found[language].add(sign)
    return any(
        BUSINESS not in names and any(wanted <= names for wanted in _combinations())
        for names in found.values()
    )


def _signs_of_parts(part: str) -> Iterator[Signs]:
    plain = simplify_spelling(part)
    if _CJK.search(plain):
        yield {(language, sign) for written, language, sign in _unspaced_signs() if written in plain}
    words = [word[:LONGEST_WORD] for word in _WORD.findall(plain)]
    for start in range(0, len(words), LONGEST_SENTENCE):
        yield _signs_of_words(words[start : start + LONGEST_SENTENCE])


def _signs_of_words(words: list[str]) -> Signs:
    whole, beginnings = _spaced_signs()
    signs: Signs = set()
    for at, word in enumerate(words):
        signs |= whole.get(word, set())
        signs |= whole.get("_".join(words[at : at + 2]), set())
        for length in range(2, len(word) + 1):
            signs |= beginnings.get(word[:length], set())
    return signs


def simplify_spelling(text: str) -> str:
    """Without accents, doubled letters, and the ways to write one letter as two."""
    text = fold_text(text)
    for written, simple in _SAME_SOUND:
        text = text.replace(written, simple)
    return _DOUBLED.sub(r"\1", text)


@cache
def _combinations() -> list[frozenset[str]]:
    lines = WORD_LISTS["signs"]["combinations"]["any"].split("\n")
    return [frozenset(line.split()) for line in lines if line]


def _listed_words() -> Iterator[tuple[str, str, str]]:
    for sign, languages in WORD_LISTS["signs"].items():
        if sign != "combinations":
            for language, words in languages.items():
                for word in words.split():
                    yield simplify_spelling(word), language, sign


@cache
def _unspaced_signs() -> list[tuple[str, str, str]]:
    return [row for row in _listed_words() if row[1] in _UNSPACED_LANGUAGES]


@cache
def _spaced_signs() -> tuple[dict[str, Signs], dict[str, Signs]]:
    """By whole words, and by how words begin."""
    whole: dict[str, Signs] = defaultdict(set)
    beginnings: dict[str, Signs] = defaultdict(set)
    for word, language, sign in _listed_words():
        (beginnings if word.endswith("*") else whole)[word.rstrip("*")].add((language, sign))
    return dict(whole), dict(beginnings)
