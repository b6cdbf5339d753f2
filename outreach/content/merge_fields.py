"""Filling a template, so that every fact in the text is known by its field and source. Pure.

`{{ field }}` is required. A tag on a line of its own governs the paragraph below it: `[if a and
b]`, `[unless a]`, `[title ceo]` (one of ceo, cro, cto, coo, other).
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from leads.field_values import titles
from outreach.content import greeting

TITLE_FAMILIES = (
    ("cro", r"\b(cro|revenue|sales|commercial|business development|growth)\b"),
    (
        "other",
        r"\b(cmo|marketing|partnerships)\b",
    ),  # they have no reps, and what is digital there is no technology
    (
        "cto",
        r"\b(cto|cio|ciso|technology|technical|engineering|information|data|software|it|product|"
        r"digital)\b",
    ),
    (
        "coo",
        r"\b(coo|operations|operating|supply chain|logistics|"
        r"procurement|fulfil?lment|service delivery)\b",
    ),
    (
        "ceo",
        r"\b(ceo|chief executive|founder|co-founder|owner|president|"
        r"managing director|managing partner)\b",
    ),
)
TITLE_ABBREVIATIONS = (
    ("ceo", r"\bceo\b"),
    ("cro", r"\bcro\b"),
    ("cto", r"\b(cto|cio)\b"),
    ("coo", r"\bcoo\b"),
)
LOWER_CASE_FIELDS = ("industry", "page_topic")  # whose words are no names
_FIELD = re.compile(r"\{\{\s*([a-z_]+)\s*\}\}")
_TAG = re.compile(r"^\[(if|unless|title)\s+([a-z_ ]+)\]$")


class MissingField(Exception):
    """A required field has no value."""

    def __init__(self, field: str):
        super().__init__(f"The template needs {field}, and it is not known.")
        self.field = field


class BadTemplate(Exception):
    """The template's own grammar is broken."""


@dataclass(frozen=True)
class FieldValue:
    text: str
    source: str  # such as "rb2b" or "clay, 2026-11-02"
    is_sure: bool = True  # False where it was left as written, for nobody can tell how one says it


@dataclass(frozen=True)
class Phrase:
    """A fact as it stands in the text."""

    text: str
    field: str
    source: str


@dataclass(frozen=True)
class FilledText:
    text: str
    phrases: tuple[Phrase, ...]


def title_family(title: str) -> str:
    """Return the family of titles whose problems to speak of; C-level words win.

    "VP of Sales Operations" is cro: the first family that matches. Only the person's own role of
    now counts.
    """
    low = titles.own_role(title)
    for family, abbreviation in TITLE_ABBREVIATIONS:
        if re.search(abbreviation, low):
            return family
    # "vice president" is no president
    plain = re.sub(r"\b(senior |executive )?vice president\b", "vp", low)
    return next(
        (family for family, pattern in TITLE_FAMILIES if re.search(pattern, plain)), "other"
    )


def fill_template(
    template: str, fields: Mapping[str, FieldValue], family: str, language: str = "en"
) -> FilledText:
    """Fill `template`. Raises MissingField for a required field without value, and BadTemplate.

    Without a first name, its greeting is the language's to somebody whose name is not known.
    """
    known = {name for name, value in fields.items() if value.text}
    kept = [
        paragraph
        for paragraph in split_paragraphs(template)
        if paragraph_applies(paragraph, known, family)
    ]
    phrases: list[Phrase] = []

    def put(found: re.Match[str]) -> str:
        value = fields.get(found[1])
        if value is None or not value.text:
            raise MissingField(found[1])
        words = _fitted_words(found, value.text)
        phrases.append(Phrase(words, found[1], value.source))
        return words

    texts = [paragraph.text for paragraph in kept]
    if "first_name" not in known:
        texts = [greeting.without_name(text, language) for text in texts]
    text = "\n\n".join(_FIELD.sub(put, text) for text in texts)
    return FilledText(text, tuple(dict.fromkeys(phrases)))


def _fitted_words(place: re.Match[str], words: str) -> str:
    """The words as they stand there: no second full stop, and a sentence begins with a capital."""
    after, before = place.string[place.end() :], place.string[: place.start()].rstrip()
    if words.endswith(".") and re.match(r"[.?!:]|['’]s\b", after):
        words = words.rstrip(".")
    begins = not before or before[-1] in ".?!:"
    if place[1] in LOWER_CASE_FIELDS and begins and words[:2] == words[:2].lower():
        return words[0].upper() + words[1:]
    return words


@dataclass(frozen=True)
class Paragraph:
    """`tag` is if, unless, title or ""; `names` are the fields or families of the tag."""

    tag: str
    names: tuple[str, ...]
    text: str


def fields_in(text: str) -> set[str]:
    return set(_FIELD.findall(text))


def without_fields(text: str) -> str:
    return _FIELD.sub("", text)


def split_paragraphs(template: str) -> list[Paragraph]:
    """Split the template into paragraphs with their tags. Raises BadTemplate."""
    found = []
    for block in re.split(r"\n\s*\n", template.strip()):
        first, _, rest = block.strip().partition("\n")
        tag = _TAG.match(first.strip())
        if tag and not rest.strip():
            raise BadTemplate(f"{first.strip()} has no paragraph under it.")
        if first.strip().startswith("[") and not tag:
            raise BadTemplate(
                f"{first.strip()} is not a tag: use [if field], [unless field] or [title ceo]."
            )
        names = tuple(name.strip() for name in tag[2].split(" and ")) if tag else ()
        found.append(Paragraph(tag[1] if tag else "", names, (rest if tag else block).strip()))
    return found


def paragraph_applies(paragraph: Paragraph, known: Collection[str], family: str) -> bool:
    if paragraph.tag == "title":
        return family in paragraph.names
    all_known = all(name in known for name in paragraph.names)
    return not all_known if paragraph.tag == "unless" else all_known
