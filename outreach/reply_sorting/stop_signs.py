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
    count_languages,
    fold_text,
    list_pattern,
)

_SENTENCE = re.compile(rf"[^{ENDS}\n]++[?？؟]?")
_PART = re.compile(rf"[^{ENDS}\n,;，、；]++[?？؟]?")
_WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")
_JOINT = re.compile(r"['-]")
_DOUBLED = re.compile(r"(\w)\1+")
_UNSPACED_LANGUAGES = ("zh", "ja")
_CJK = re.compile(r"[\u3000-\u9fff]")
LONGEST_WORD = 40
LONGEST_SENTENCE = 40  # words; more are read in parts
BUSINESS, ENGLISH = "business", "en"
_SAME_SOUND = (("æ", "a"), ("ae", "a"), ("oe", "o"), ("ue", "u"), ("aa", "a"), ("ß", "ss"))

Signs = set[tuple[str, str]]  # of a language: its code, and the sign


def find_stop_signs(reading: PhraseSearch) -> list[str]:
    """The sentences, or parts of them, that ask to stop, as written."""
    only_english = _is_english(reading.text)
    found: list[tuple[int, int]] = []
    for sentence in _SENTENCE.finditer(reading.rest):
        if _asks(sentence[0], "across", only_english=only_english):
            found.append(sentence.span())
        elif not _is_question_about_others(sentence[0]):
            found += [
                (sentence.start() + part.start(), sentence.start() + part.end())
                for part in _PART.finditer(sentence[0])
                if _asks(part[0], "combinations", only_english=only_english)
            ]
    return [reading.text[start:end].strip(PUNCTUATION) for start, end in found]


def _is_question_about_others(sentence: str) -> bool:
    return bool(QUESTION_MARK.search(sentence)) and (
        not PhraseSearch(sentence).take("stop.self")
        or bool(PhraseSearch(sentence).take("stop.staff"))
    )


def _asks(part: str, table: str, *, only_english: bool) -> bool:
    return any(
        BUSINESS not in signs and any(wanted <= signs for wanted in _combinations(table))
        for signs in _signs_by_language(part, only_english=only_english)
    ) or bool(list_pattern("alone.stop").fullmatch(part.strip(PUNCTUATION)))


def _signs_by_language(part: str, *, only_english: bool) -> Iterator[set[str]]:
    for signs in _signs_of_parts(part):
        found: dict[str, set[str]] = defaultdict(set)
        for language, sign in signs:
            found[language].add(sign)
        yield from [found[ENGLISH]] if only_english else found.values()


def _signs_of_parts(part: str) -> Iterator[Signs]:
    plain = simplify_spelling(part)
    if _CJK.search(plain):
        yield {(language, sign) for written, language, sign in _unspaced_signs() if written in plain}
    words = [word[:LONGEST_WORD] for word in _words_of(plain)]
    for start in range(0, len(words), LONGEST_SENTENCE):
        yield _signs_of_words(words[start : start + LONGEST_SENTENCE])


def _words_of(plain: str) -> Iterator[str]:
    """Each word; "m'ecrire" and "poupem-me" also as two."""
    for word in _WORD.findall(plain):
        yield word
        if not word.isalpha():
            yield from _JOINT.split(word)


def _signs_of_words(words: list[str]) -> Signs:
    whole, beginnings = _spaced_signs()
    signs: Signs = set()
    for at, word in enumerate(words):
        signs |= whole.get(word, set())
        signs |= whole.get("_".join(words[at : at + 2]), set())
        for length in range(2, len(word) + 1):
            signs |= beginnings.get(word[:length], set())
    return signs


def _is_english(text: str) -> bool:
    """More than any other language: signs of the others are then chance."""
    counts = count_languages(text)
    return counts[ENGLISH] > max(count for name, count in counts.items() if name != ENGLISH)


def simplify_spelling(text: str) -> str:
    """Without accents, doubled letters, and the ways to write one letter as two."""
    text = fold_text(text)
    for written, simple in _SAME_SOUND:
        text = text.replace(written, simple)
    return _DOUBLED.sub(r"\1", text)


@cache
def _combinations(table: str) -> list[frozenset[str]]:
    lines = WORD_LISTS["signs"][table]["any"].split("\n")
    return [frozenset(line.split()) for line in lines if line]


def _listed_words() -> Iterator[tuple[str, str, str]]:
    for sign, languages in WORD_LISTS["signs"].items():
        if sign not in ("combinations", "across"):
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
