"""Whether what a language model wrote says only what we know: each fact is traced to the field it came from. Pure.

Names, numbers, titles, industries and tools must stand in a field that was given, or in the template's own text; claims
about us or them only in the template's. It is held up rather than believed: what looks like a fact and cannot be traced
sends the email back to the template.
"""

import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from leads.normal import plain
from outreach.content import merge_fields

_LISTS = tomllib.loads((Path(__file__).parent / "fact_check_words.toml").read_text())
STARTERS, NUMBERS = frozenset(_LISTS["starters"].split()), frozenset(_LISTS["numbers"].split())
ODD = re.compile(r"[^\w\s.,;:?!'\"()&’‘“”–—…-]|_")
LINK = re.compile(r"\bwww\b|\w@|\b[\w-]+\.[^\W\d_]{2,}", re.IGNORECASE)
TELEPHONE = re.compile(r"(?:\d[\s().–-]{0,2}){7,}")
_WORD = re.compile(r"\w+(?:['’-]\w+)*")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_SENTENCE_END = re.compile(r"[.?!:;…][\"'”’)]*\s*$|^[\s\"'“‘(–—-]*$|\n\s*$")


class Untraced(Exception):
    """Something in the text is known from nowhere; the message is a sentence that says what."""


@dataclass(frozen=True)
class Claimed:
    """A phrase that the model says is from a field."""

    phrase: str
    field: str


@dataclass(frozen=True)
class Said:
    """A model's text: a subject and paragraphs, and the facts that it says stand in them."""

    subject: str
    paragraphs: tuple[str, ...]
    facts: tuple[Claimed, ...]


@dataclass(frozen=True)
class Known:
    """What may be said: fields with their values, and a template's text in words of our own."""

    fields: Mapping[str, merge_fields.Value]
    basis: str

    def field_of(self, words: Sequence[str]) -> str:
        """The first field whose value has these words in a row; "" for none."""
        return next(
            (name for name, value in self.fields.items() if within(words, words_of(value.text))), ""
        )


def trace(said: Said, known: Known) -> tuple[merge_fields.Phrase, ...]:
    """Every fact in the text with its field and source, in no order. Raises Untraced for the first that has none."""
    texts = (said.subject, *said.paragraphs)
    for text in texts:
        _only_plain(text, known)
    found = [_claimed(fact, texts, known) for fact in said.facts]
    for text in texts:
        _no_claims(text, known)
        found += [
            *_kinds(text, known),
            *_numbers(text, known),
            *_names(text, known),
            *_values(text, known),
        ]
    return tuple(dict.fromkeys(one for one in found if not _is_part(one, found)))


def _is_part(phrase: merge_fields.Phrase, others: Iterable[merge_fields.Phrase]) -> bool:
    """Whether it stands in a longer phrase from the same field."""
    words = words_of(phrase.text)
    longer = (words_of(one.text) for one in others if one.field == phrase.field)
    return any(len(other) > len(words) and within(words, other) for other in longer)


def words_of(text: str) -> list[str]:
    """The words of a text as they are compared: no case, no accents, no possessive s."""
    return re.findall(r"\w+", plain(re.sub(r"['’]s\b", "", text)))


def within(words: Sequence[str], others: Sequence[str]) -> bool:
    """Whether `words` stand in a row among `others`; no words stand nowhere."""
    size = len(words)
    return size > 0 and any(
        list(others[n : n + size]) == list(words) for n in range(len(others) - size + 1)
    )


def _only_plain(text: str, known: Known) -> None:
    if odd := ODD.search(text):
        raise Untraced(f"{odd.group()!r} has no place in an email of ours.")
    if LINK.search(text):
        raise Untraced(f"“{LINK.search(text).group()}” looks like a link or an address.")  # type: ignore[union-attr]
    if TELEPHONE.search(text):
        raise Untraced("It names a telephone number.")
    ours = {letter for value in known.fields.values() for letter in value.text} | set(known.basis)
    strange = next((c for c in text if c.isalpha() and not c.isascii() and c not in ours), "")
    if strange:
        raise Untraced(f"The letter {strange!r} stands in nothing that we know.")


def _claimed(fact: Claimed, texts: Sequence[str], known: Known) -> merge_fields.Phrase:
    value = known.fields.get(fact.field)
    if value is None:
        raise Untraced(
            f"It says that “{fact.phrase[:60]}” is from {fact.field[:40]}, which it was not given."
        )
    if not within(words_of(fact.phrase), words_of(value.text)):
        raise Untraced(f"“{fact.phrase[:60]}” does not stand in {fact.field.replace('_', ' ')}.")
    if not any(fact.phrase in text for text in texts):
        raise Untraced(f"It lists “{fact.phrase[:60]}” and does not say it.")
    return merge_fields.Phrase(fact.phrase, fact.field, value.source)


def _no_claims(text: str, known: Known) -> None:
    said, ours = words_of(text), words_of(known.basis)
    for claim in _LISTS["claims"]:
        if within(words_of(claim), said) and not within(words_of(claim), ours):
            raise Untraced(f"“{claim}” says what no field holds.")


def _kinds(text: str, known: Known) -> Iterator[merge_fields.Phrase]:
    """Titles, industries and tools, which need no capital letter."""
    said = words_of(text)
    for kind in _LISTS["kinds"]:
        words = words_of(kind)
        if within(words, said):
            yield from _traced(kind, words, text, known)


def _numbers(text: str, known: Known) -> Iterator[merge_fields.Phrase]:
    for found in _NUMBER.finditer(text):
        field = next(
            (n for n, v in known.fields.items() if found.group() in _NUMBER.findall(v.text)), ""
        )
        if field:
            yield merge_fields.Phrase(found.group(), field, known.fields[field].source)
        elif found.group() not in _NUMBER.findall(known.basis):
            raise Untraced(f"The number {found.group()} stands in nothing that we know.")
    for word in words_of(text):
        if word in NUMBERS:
            yield from _traced(word, [word], text, known)


def _names(text: str, known: Known) -> Iterator[merge_fields.Phrase]:
    """Whatever is written with a capital letter, but for ordinary words that begin a sentence."""
    ours = {word for word in _WORD.findall(known.basis) if word == word.lower()}
    for run in _capitalised(text, STARTERS | ours):
        if words := words_of(run):
            yield from _traced(run, words, text, known, exactly=True)


def _capitalised(text: str, ordinary: Collection[str]) -> Iterator[str]:
    """Runs of words with a capital letter that stand side by side; "I" and a sentence's first word are left out."""
    run: list[re.Match[str]] = []
    for word in [*_WORD.finditer(text), None]:
        is_name = word is not None and _is_name(word, text, ordinary)
        if run and (not is_name or text[run[-1].end() : word.start()].strip(" &")):  # type: ignore[union-attr]
            yield text[run[0].start() : run[-1].end()]
            run = []
        if word is not None and is_name:
            run.append(word)


def _is_name(word: re.Match[str], text: str, ordinary: Collection[str]) -> bool:
    if word.group() == word.group().lower() or re.split(r"['’]", word.group())[0] == "I":
        return False
    begins = bool(_SENTENCE_END.search(text[: word.start()]))
    first = re.split(r"['’-]", plain(word.group()))[0]
    return not (begins and word.group()[1:] == word.group()[1:].lower() and first in ordinary)


def _traced(
    said: str, words: Sequence[str], text: str, known: Known, exactly: bool = False
) -> Iterator[merge_fields.Phrase]:
    """The phrase for `words`; none where the template says them, spelt so where it must be `exactly`."""
    if field := known.field_of(words):
        for phrase in _as_it_stands(words, text):
            yield merge_fields.Phrase(phrase, field, known.fields[field].source)
    elif not (_spelt(said, known.basis) if exactly else within(words, words_of(known.basis))):
        raise Untraced(f"“{said}” stands in nothing that we know.")


def _spelt(said: str, basis: str) -> bool:
    bare = re.sub(r"['’]s$", "", said)
    return re.search(rf"(?<!\w){re.escape(bare)}(?!\w)", basis) is not None


def _values(text: str, known: Known) -> Iterator[merge_fields.Phrase]:
    """What was given and stands there whole."""
    for name, value in known.fields.items():
        for phrase in _as_it_stands(words_of(value.text), text):
            yield merge_fields.Phrase(phrase, name, value.source)


def _as_it_stands(words: Sequence[str], text: str) -> Iterable[str]:
    """How `words` are written in `text`, each way once."""
    spans = [(found, plain(found.group())) for found in re.finditer(r"\w+", text)]
    runs = (spans[n : n + len(words)] for n in range(len(spans) - len(words) + 1) if words)
    same = (run for run in runs if [folded for _, folded in run] == list(words))
    return dict.fromkeys(text[run[0][0].start() : run[-1][0].end()] for run in same)
