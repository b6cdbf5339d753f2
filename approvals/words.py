"""What changed between two texts, word by word, and which words of a text are facts. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

_TOKEN = re.compile(r"\n+|[^\S\n]+|\S+")
_URL = re.compile(r"https?://[^\s<>\"]+")


@dataclass(frozen=True)
class Change:
    kind: Literal["same", "ins", "del"]
    text: str


@dataclass(frozen=True)
class Diff:
    changes: tuple[Change, ...]
    removed: int  # words
    added: int

    @property
    def sentence(self) -> str:
        """ "4 words removed, 6 added", or that nothing changed."""
        if not self.removed and not self.added:
            return "No words changed"
        return f"{self.removed} word{'' if self.removed == 1 else 's'} removed, {self.added} added"


def diff(before: str, after: str) -> Diff:
    """The words taken away and put in on the way from `before` to `after`."""
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    changes: list[Change] = []
    removed = added = 0
    for code, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone, come = old[a:b], new[c:d]
        if code == "equal":
            changes.append(Change("same", "".join(gone)))
            continue
        if gone:
            changes.append(Change("del", "".join(gone)))
        if come:
            changes.append(Change("ins", "".join(come)))
        removed += sum(1 for token in gone if token.strip())
        added += sum(1 for token in come if token.strip())
    return Diff(tuple(changes), removed, added)


@dataclass(frozen=True)
class Piece:
    """A stretch of a text: plain, a link, or fact number `fact` of the list it was marked by."""

    text: str
    fact: int | None = None
    url: bool = False
    sourced: bool = True


def marked(text: str, phrases: Sequence[dict[str, str]]) -> list[Piece]:
    """`text` cut into pieces so that every occurrence of a phrase is known by its place in `phrases`."""
    longest_first = sorted((n for n, p in enumerate(phrases) if p["text"]), key=lambda n: -len(phrases[n]["text"]))
    words = [rf"(?P<f{n}>(?<!\w){re.escape(phrases[n]['text'])}(?!\w))" for n in longest_first]
    pattern = re.compile("|".join([rf"(?P<url>{_URL.pattern})", *words]))
    pieces, at = [], 0
    for found in pattern.finditer(text):
        if found.start() > at:
            pieces.append(Piece(text[at : found.start()]))
        name = found.lastgroup or ""
        fact = None if name == "url" else int(name[1:])
        sourced = fact is None or bool(phrases[fact].get("source"))
        pieces.append(Piece(found.group(), fact, name == "url", sourced))
        at = found.end()
    return [*pieces, Piece(text[at:])] if at < len(text) else pieces
