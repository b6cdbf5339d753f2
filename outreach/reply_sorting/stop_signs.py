"""Finds a request to stop by what it is made of, in any order of words: words/signs.toml. Pure.

Phrases know idioms; this knows that "not", "write" and "again" of one language in one part of a
sentence are a request, however they are said. A part about customers, meetings or a date is none.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
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

BUSINESS, FILLER, ENGLISH = "business", "filler", "en"
ABOUT_OTHERS = frozenset([BUSINESS, "who"])  # no request, but by a combination that names it
# tables of combinations
TABLES = COMBINED, ACROSS, TOGETHER, BRIEF, WEAK = (
    "combinations",
    "across",
    "together",
    "brief",
    "weak",
)
MAX_PART_WORDS = 40  # more are read in pieces
MAX_TOGETHER_LETTERS = 240  # a longer text is read by sentences only
MAX_BRIEF_WORDS = 5
MAX_BRIEF_LETTERS = 10  # without blanks
MAX_WORD_LENGTH = 40
_SENTENCE = re.compile(rf"[^{ENDS}\n]++[?？؟]?")
_PART = re.compile(rf"[^{ENDS}\n,;，、；]++[?？؟]?")
_WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")
_JOINT = re.compile(r"['-]")
_DOUBLED = re.compile(r"(\w)\1+")
_UNSPACED = re.compile(r"[\u3000-\u9fff]")
_KANA = re.compile(r"[\u3041-\u30ff]")  # which Chinese does not have
CHINESE = "zh"
_UNSPACED_LANGUAGES = (CHINESE, "ja")
_SAME_SOUND = (("æ", "a"), ("ae", "a"), ("oe", "o"), ("ue", "u"), ("aa", "a"), ("ß", "ss"))

Signs = frozenset[tuple[str, str]]  # the language, and the sign
NO_SIGNS: Signs = frozenset()


def find_stop_signs(reading: PhraseSearch, table: str = COMBINED) -> list[str]:
    """The sentences, or parts of them, that ask to stop, as written; by the table WEAK also those
    that only may, for a text of which nothing else is understood.
    """
    languages = _likely_languages(reading.text, strictly=table == WEAK)
    found: list[tuple[int, int]] = []
    for sentence in _SENTENCE.finditer(reading.rest):
        if _has_signs(sentence[0], ACROSS, languages=languages):
            found.append(sentence.span())
        elif not is_question_about_others(sentence[0]):
            found += [
                (sentence.start() + part.start(), sentence.start() + part.end())
                for part in _PART.finditer(sentence[0])
                if _asks_to_stop(part[0], table, languages=languages)
            ]
    if not found and len(reading.text) <= MAX_TOGETHER_LETTERS:
        if _has_signs(reading.rest, TOGETHER, languages=languages):
            found.append((0, len(reading.text)))
    return [reading.text[start:end].strip(PUNCTUATION) for start, end in found]


def is_question_about_others(sentence: str) -> bool:
    """Asked without a word about whoever asks, or about their customers and staff."""
    return bool(QUESTION_MARK.search(sentence)) and (
        not PhraseSearch(sentence).take("stop.self")
        or bool(PhraseSearch(sentence).take("stop.staff"))
    )


def _asks_to_stop(part: str, table: str, *, languages: frozenset[str]) -> bool:
    return (
        bool(list_pattern("alone.stop").fullmatch(part.strip(PUNCTUATION)))
        or _has_signs(part, table, languages=languages)
        or _is_brief_stop(part, languages=languages)
    )


def _has_signs(part: str, table: str, *, languages: frozenset[str]) -> bool:
    return any(
        _combine(signs, table)
        for piece in _signs_of_pieces(part)
        for language, signs in _by_language(frozenset().union(*piece)).items()
        if language in languages
    )


def _is_brief_stop(part: str, *, languages: frozenset[str]) -> bool:
    """Nothing but the request: "slet den", "papirkurven og blokeret"."""
    plain = simplify_spelling(part)
    words = [*_words_of(plain)]
    if _UNSPACED.search(plain):
        is_brief = len(plain.strip(PUNCTUATION)) <= MAX_BRIEF_LETTERS
        return is_brief and any(
            _combine(signs, BRIEF) for signs in _by_language(_signs_within(plain)).values()
        )
    if not words or len(words) > MAX_BRIEF_WORDS:
        return False
    each = [_by_language(signs) for signs in _signs_of_words(words)]
    return any(
        all(language in signs for signs in each)
        and _combine(set().union(*(signs[language] for signs in each)), BRIEF)
        for language in each[0]
        if language in languages
    )


def _combine(signs: set[str], table: str) -> bool:
    others = signs & ABOUT_OTHERS
    return any(
        wanted <= signs and others <= wanted and not unwanted & signs
        for wanted, unwanted in _combinations(table)
    )


def _by_language(signs: Signs) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for language, sign in signs:
        found[language].add(sign)
    return dict(found)


def _signs_of_pieces(part: str) -> Iterator[list[Signs]]:
    plain = simplify_spelling(part)
    if _UNSPACED.search(plain):
        yield [_signs_within(plain)]
    words = [*_words_of(plain)]
    for start in range(0, len(words), MAX_PART_WORDS):
        yield _signs_of_words(words[start : start + MAX_PART_WORDS])


def _words_of(plain: str) -> Iterator[str]:
    """Each word; "poupem-me" also as two."""
    for word in _WORD.findall(plain):
        yield word[:MAX_WORD_LENGTH]
        if len(_JOINT.findall(word)) == 1:  # "bel-me-niet-register" is a name
            yield from _JOINT.split(word[:MAX_WORD_LENGTH])


def _signs_of_words(words: Sequence[str]) -> list[Signs]:
    whole, beginnings = _spaced_signs()
    found = [
        whole.get(word, NO_SIGNS).union(
            *(beginnings.get(word[:end], NO_SIGNS) for end in range(2, len(word) + 1))
        )
        for word in words
    ]
    for at in range(len(words) - 1):
        both = whole.get(f"{words[at]}_{words[at + 1]}", NO_SIGNS)
        found[at], found[at + 1] = found[at] | both, found[at + 1] | both
    return found


def _signs_within(plain: str) -> Signs:
    is_japanese = bool(_KANA.search(plain))
    return frozenset(
        (language, sign)
        for written, language, sign in _unspaced_signs()
        if written in plain and not (is_japanese and language == CHINESE)
    )


@cache
def _all_languages() -> frozenset[str]:
    return frozenset(language for _, language, _ in _listed_words())


def _likely_languages(text: str, *, strictly: bool) -> frozenset[str]:
    """English only where a text is more English than anything else: signs of the others are then
    chance. `strictly` also leaves out what has fewer small words than another language.
    """
    counts = count_languages(text)
    most = max(counts.values())
    likely = {name for name, count in counts.items() if count == most}
    near = {name for name, count in counts.items() if count >= most - 1}
    if likely == {ENGLISH} and (most > 1 or text.isascii()):
        return frozenset(likely)
    everything = _all_languages()
    return everything if not strictly else frozenset(near | (everything - counts.keys()))


def simplify_spelling(text: str) -> str:
    """Without accents, doubled letters, and the ways to write one letter as two."""
    text = fold_text(text)
    for written, simple in _SAME_SOUND:
        text = text.replace(written, simple)
    return _DOUBLED.sub(r"\1", text)


@cache
def _combinations(table: str) -> list[tuple[frozenset[str], frozenset[str]]]:
    """Which signs are wanted, and which ("-business") must not be there."""
    lines = [line.split() for line in WORD_LISTS["signs"][table]["any"].split("\n") if line]
    return [
        (
            frozenset(sign for sign in line if not sign.startswith("-")),
            frozenset(sign[1:] for sign in line if sign.startswith("-")),
        )
        for line in lines
    ]


def _listed_words() -> Iterator[tuple[str, str, str]]:
    for sign, languages in WORD_LISTS["signs"].items():
        if sign not in TABLES:
            for language, words in languages.items():
                for word in words.split():
                    yield simplify_spelling(word), language, sign


@cache
def _unspaced_signs() -> list[tuple[str, str, str]]:
    return [row for row in _listed_words() if row[1] in _UNSPACED_LANGUAGES]


@cache
def _spaced_signs() -> tuple[dict[str, Signs], dict[str, Signs]]:
    """By whole words, and by how words begin."""
    whole: dict[str, Signs] = {}
    beginnings: dict[str, Signs] = {}
    for word, language, sign in _listed_words():
        known = beginnings if word.endswith("*") else whole
        known[word.rstrip("*")] = known.get(word.rstrip("*"), NO_SIGNS) | {(language, sign)}
    return whole, beginnings
