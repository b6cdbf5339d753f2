"""One-way marks of people, and finding whom they mark in any text.

A text is searched for addresses and LinkedIn profiles, and these are compared as hashes: so an
erasure can be repeated after a restore by whoever has the marks alone.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from urllib.parse import unquote

from leads import normal
from leads.suppression import suppression

REPLACED = "[erased]"
ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(?:\.[\w-]+)+")
BEFORE_ADDRESS = re.compile(r"[!#$%&'*/=?^`{|}~]")  # as in a URL
PROFILE = re.compile(
    r"(?:https?:)?(?://)?(?:[\w-]+\.)*linkedin\.com/[^\s\"'<>)\]},]+", re.IGNORECASE
)
ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")


def marks_of(identifiers: Iterable[str]) -> set[str]:
    """The marks of normalised addresses and LinkedIn keys; of an address with a plus also those of
    its mailbox.
    """
    known = {one for one in identifiers if one}
    known |= {normal.mailbox_address(one) for one in known if "@" in one}
    return {suppression.erased_hash(one) for one in known}


def names_marked(text: str, marks: set[str] | frozenset[str]) -> bool:
    """Whether an address or a profile in `text` is one of `marks`, in any spelling."""
    return any(_is_marked(key, marks) for key, _, _ in _identifiers_in(text))


def body_names_marked(raw: bytes, marks: set[str] | frozenset[str]) -> bool:
    """The same of a stored body, whose JSON or URL encoding may hide the address."""
    text = raw.decode("utf-8", "replace").replace("\\/", "/")
    text = ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    decoded = unquote(text) if "%" in text else text
    return names_marked(text, marks) or (decoded != text and names_marked(decoded, marks))


def replace_marked(text: str, marks: set[str] | frozenset[str]) -> str:
    """`text` with each address and profile of `marks` replaced."""
    places = {(start, end) for key, start, end in _identifiers_in(text) if _is_marked(key, marks)}
    for start, end in sorted(places, reverse=True):
        text = f"{text[:start]}{REPLACED}{text[end:]}"
    return text


def _is_marked(key: str, marks: set[str] | frozenset[str]) -> bool:
    return not marks.isdisjoint(_hashes(key))


@lru_cache(maxsize=20_000)
def _hashes(key: str) -> frozenset[str]:
    return frozenset(marks_of([key]))


def _identifiers_in(text: str) -> Iterator[tuple[str, int, int]]:
    """Normalised identifiers, and where they stand. One place may be read in several ways, the
    widest first; only one of them is marked.
    """
    if "@" in text:
        for found in ADDRESS.finditer(text):
            yield from _addresses_at(found[0], found.start(), found.end())
    if "linkedin.com/" in text.lower():
        for found in PROFILE.finditer(text):
            if key := normal.linkedin_key(found[0]):
                yield key, found.start(), found.end()


def _addresses_at(written: str, start: int, end: int) -> Iterator[tuple[str, int, int]]:
    local = written.rpartition("@")[0]
    begins = [0, *(found.end() for found in BEFORE_ADDRESS.finditer(local))]
    for begin in begins:
        if address := _normal_address(written[begin:].lstrip(".-")):
            yield address, start + begin, end


def _normal_address(written: str) -> str:
    if written.isascii():
        return written.lower() if written[:1] != "@" else ""
    return normal.clean_email(written)
