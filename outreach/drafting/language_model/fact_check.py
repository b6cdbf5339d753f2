"""Trace each fact in a language model's text to the field it came from. Pure.

Names, numbers, titles, industries and tools must stand in a given field or in the template's own
text; claims about us or them only in the template's. What looks like a fact and cannot be traced
sends the email back to the template.
"""

import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from leads.normal import fold_text
from outreach.content import merge_fields

_WORD_LISTS = tomllib.loads((Path(__file__).parent / "fact_check_words.toml").read_text())
SENTENCE_STARTERS, NUMBER_WORDS = (
    frozenset(_WORD_LISTS["starters"].split()),
    frozenset(_WORD_LISTS["numbers"].split()),
)
ODD_CHARACTER = re.compile(r"[^\w\s.,;:?!'\"()&’‘“”–—…-]|_")
LINK_PATTERN = re.compile(r"\bwww\b|\w@|\b[\w-]+\.[^\W\d_]{2,}", re.IGNORECASE)
TELEPHONE_PATTERN = re.compile(r"(?:\d[\s().–-]{0,2}){7,}")
_WORD = re.compile(r"\w+(?:['’-]\w+)*")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_SENTENCE_END = re.compile(r"[.?!:;…][\"'”’)]*\s*$|^[\s\"'“‘(–—-]*$|\n\s*$")


class UntracedFact(Exception):
    """A fact without a source; the message is a sentence that says which."""


@dataclass(frozen=True)
class ClaimedFact:
    """A phrase that the model says is from a field."""

    phrase: str
    field: str


@dataclass(frozen=True)
class ModelText:
    """A model's text: a subject and paragraphs, and the facts that it says stand in them."""

    subject: str
    paragraphs: tuple[str, ...]
    facts: tuple[ClaimedFact, ...]


@dataclass(frozen=True)
class AllowedFacts:
    """What a text may say: fields with their values, and the template's own text."""

    fields: Mapping[str, merge_fields.FieldValue]
    basis: str

    def field_of(self, words: Sequence[str]) -> str:
        """The first field whose value has these words in a row; "" for none."""
        return next(
            (
                name
                for name, value in self.fields.items()
                if stands_among(words, words_of(value.text))
            ),
            "",
        )


def trace_facts(said: ModelText, known: AllowedFacts) -> tuple[merge_fields.Phrase, ...]:
    """Every fact in the text with its field and source, in no order.

    Raises UntracedFact for the first that has none.
    """
    texts = (said.subject, *said.paragraphs)
    for text in texts:
        _require_plain_text(text, known)
    found = [_claimed_phrase(fact, texts, known) for fact in said.facts]
    for text in texts:
        _refuse_new_claims(text, known)
        found += [
            *_kind_phrases(text, known),
            *_number_phrases(text, known),
            *_name_phrases(text, known),
            *_value_phrases(text, known),
        ]
    return tuple(dict.fromkeys(one for one in found if not _is_part(one, found)))


def _is_part(phrase: merge_fields.Phrase, others: Iterable[merge_fields.Phrase]) -> bool:
    words = words_of(phrase.text)
    longer = (words_of(one.text) for one in others if one.field == phrase.field)
    return any(len(other) > len(words) and stands_among(words, other) for other in longer)


def words_of(text: str) -> list[str]:
    """The words of a text as they are compared: no case, no accents, no possessive s."""
    return re.findall(r"\w+", fold_text(re.sub(r"['’]s\b", "", text)))


def stands_among(words: Sequence[str], others: Sequence[str]) -> bool:
    """Whether `words` stand in a row among `others`; no words stand nowhere."""
    size = len(words)
    return size > 0 and any(
        list(others[n : n + size]) == list(words) for n in range(len(others) - size + 1)
    )


def _require_plain_text(text: str, known: AllowedFacts) -> None:
    if odd := ODD_CHARACTER.search(text):
        raise UntracedFact(f"{odd.group()!r} has no place in an email of ours.")
    if link := LINK_PATTERN.search(text):
        raise UntracedFact(f"“{link.group()}” looks like a link or an address.")
    if TELEPHONE_PATTERN.search(text):
        raise UntracedFact("It names a telephone number.")
    ours = {letter for value in known.fields.values() for letter in value.text} | set(known.basis)
    strange = next((c for c in text if c.isalpha() and not c.isascii() and c not in ours), "")
    if strange:
        raise UntracedFact(f"The letter {strange!r} stands in nothing that we know.")


def _claimed_phrase(
    fact: ClaimedFact, texts: Sequence[str], known: AllowedFacts
) -> merge_fields.Phrase:
    value = known.fields.get(fact.field)
    if value is None:
        raise UntracedFact(
            f"It says that “{fact.phrase[:60]}” is from {fact.field[:40]}, which it was not given."
        )
    if not stands_among(words_of(fact.phrase), words_of(value.text)):
        raise UntracedFact(
            f"“{fact.phrase[:60]}” does not stand in {fact.field.replace('_', ' ')}."
        )
    if not any(fact.phrase in text for text in texts):
        raise UntracedFact(f"It lists “{fact.phrase[:60]}” and does not say it.")
    return merge_fields.Phrase(fact.phrase, fact.field, value.source)


def _refuse_new_claims(text: str, known: AllowedFacts) -> None:
    said, ours = words_of(text), words_of(known.basis)
    for claim in _WORD_LISTS["claims"]:
        if stands_among(words_of(claim), said) and not stands_among(words_of(claim), ours):
            raise UntracedFact(f"“{claim}” says what no field holds.")


def _kind_phrases(text: str, known: AllowedFacts) -> Iterator[merge_fields.Phrase]:
    said = words_of(text)
    for kind in _WORD_LISTS["kinds"]:
        words = words_of(kind)
        if stands_among(words, said):
            yield from _trace_words(kind, words, text, known)


def _number_phrases(text: str, known: AllowedFacts) -> Iterator[merge_fields.Phrase]:
    for found in _NUMBER.finditer(text):
        field = next(
            (n for n, v in known.fields.items() if found.group() in _NUMBER.findall(v.text)), ""
        )
        if field:
            yield merge_fields.Phrase(found.group(), field, known.fields[field].source)
        elif found.group() not in _NUMBER.findall(known.basis):
            raise UntracedFact(f"The number {found.group()} stands in nothing that we know.")
    for word in words_of(text):
        if word in NUMBER_WORDS:
            yield from _trace_words(word, [word], text, known)


def _name_phrases(text: str, known: AllowedFacts) -> Iterator[merge_fields.Phrase]:
    ours = {word for word in _WORD.findall(known.basis) if word == word.lower()}
    for run in _capitalised_runs(text, SENTENCE_STARTERS | ours):
        yield from _trace_words(run, words_of(run), text, known, exactly=True)


def _capitalised_runs(text: str, ordinary: Collection[str]) -> Iterator[str]:
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
    first = re.split(r"['’-]", fold_text(word.group()))[0]
    return not (begins and word.group()[1:] == word.group()[1:].lower() and first in ordinary)


def _trace_words(
    said: str, words: Sequence[str], text: str, known: AllowedFacts, exactly: bool = False
) -> Iterator[merge_fields.Phrase]:
    if field := known.field_of(words):
        for phrase in _as_it_stands(words, text):
            yield merge_fields.Phrase(phrase, field, known.fields[field].source)
    elif not (
        _is_spelt_in(said, known.basis) if exactly else stands_among(words, words_of(known.basis))
    ):
        raise UntracedFact(f"“{said}” stands in nothing that we know.")


def _is_spelt_in(said: str, basis: str) -> bool:
    bare = re.sub(r"['’]s$", "", said)
    return re.search(rf"(?<!\w){re.escape(bare)}(?!\w)", basis) is not None


def _value_phrases(text: str, known: AllowedFacts) -> Iterator[merge_fields.Phrase]:
    for name, value in known.fields.items():
        for phrase in _as_it_stands(words_of(value.text), text):
            yield merge_fields.Phrase(phrase, name, value.source)


def _as_it_stands(words: Sequence[str], text: str) -> Iterable[str]:
    """How `words` are written in `text`, each way once."""
    spans = [(found, fold_text(found.group())) for found in re.finditer(r"\w+", text)]
    runs = (spans[n : n + len(words)] for n in range(len(spans) - len(words) + 1) if words)
    same = (run for run in runs if [folded for _, folded in run] == list(words))
    return dict.fromkeys(text[run[0][0].start() : run[-1][0].end()] for run in same)
