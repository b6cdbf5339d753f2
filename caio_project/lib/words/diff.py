"""The difference between two texts, word by word. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby
from typing import Literal

MOST_COMPARED = 400  # words or lines between the common ends: the comparison can be cubic
_WORDS = re.compile(r"(\S*)(\s*)")
_LINES = re.compile(r"([^\n]*)(\n*)")

Kind = Literal["same", "ins", "del"]
Piece = tuple[str, str]  # a word or line, and the space after it


@dataclass(frozen=True)
class TextChange:
    kind: Kind
    text: str


@dataclass(frozen=True)
class TextDiff:
    changes: tuple[TextChange, ...]
    removed: int  # words
    added: int

    @property
    def sentence(self) -> str:
        """ "4 words removed, 6 added", or that nothing changed."""
        if not self.removed and not self.added:
            return "No words changed"
        return f"{self.removed} word{'' if self.removed == 1 else 's'} removed, {self.added} added"


def diff_words(before: str, after: str) -> TextDiff:
    """Lines are compared instead of words where more than MOST_COMPARED words lie between the
    common ends.
    """
    old, new = _split(_WORDS, before), _split(_WORDS, after)
    head, tail = _common_ends(old, new)
    old_middle, new_middle = old[head : len(old) - tail], new[head : len(new) - tail]
    if max(len(old_middle), len(new_middle)) > MOST_COMPARED:
        old_middle = _split(_LINES, _join(old_middle))
        new_middle = _split(_LINES, _join(new_middle))
    found = [
        *_same(old[:head], new[:head]),
        *_compare(old_middle, new_middle),
        *_same(old[len(old) - tail :], new[len(new) - tail :]),
    ]
    changes = tuple(
        TextChange(kind, "".join(text for _, text in run))
        for kind, run in groupby(_order(found), key=lambda change: change[0])
    )
    return TextDiff(changes, _count_words(changes, "del"), _count_words(changes, "ins"))


def _split(pattern: re.Pattern[str], text: str) -> list[Piece]:
    pieces = ((match[1], match[2]) for match in pattern.finditer(text))
    return [(word, space) for word, space in pieces if word or space]


def _join(pieces: list[Piece]) -> str:
    return "".join(word + space for word, space in pieces)


def _common_ends(old: list[Piece], new: list[Piece]) -> tuple[int, int]:
    """How many words are the same at the start, and how many of the rest at the end."""
    most = min(len(old), len(new))
    head = next((n for n in range(most) if old[n][0] != new[n][0]), most)
    most -= head
    tail = next((n for n in range(most) if old[-1 - n][0] != new[-1 - n][0]), most)
    return head, tail


def _compare(old: list[Piece], new: list[Piece]) -> Iterator[tuple[Kind, str]]:
    if max(len(old), len(new)) > MOST_COMPARED:
        yield "del", _join(old)
        yield "ins", _join(new)
        return
    words = [piece[0] for piece in old], [piece[0] for piece in new]
    for code, a, b, c, d in SequenceMatcher(None, *words, autojunk=False).get_opcodes():
        if code == "equal":
            yield from _same(old[a:b], new[c:d])
        else:
            yield "del", _join(old[a:b])
            yield "ins", _join(new[c:d])


def _same(old: list[Piece], new: list[Piece]) -> Iterator[tuple[Kind, str]]:
    for (word, gone), (_, come) in zip(old, new, strict=True):
        yield "same", word
        if gone == come:
            yield "same", gone
        else:
            yield "del", gone
            yield "ins", come


def _order(found: list[tuple[Kind, str]]) -> Iterator[tuple[Kind, str]]:
    """Without empty texts, and what was removed before what was added, as they meet."""
    for is_same, run in groupby(
        (change for change in found if change[1]), key=lambda change: change[0] == "same"
    ):
        changes = list(run)
        yield from changes if is_same else sorted(changes, key=lambda change: change[0])


def _count_words(changes: tuple[TextChange, ...], kind: Kind) -> int:
    return sum(len(change.text.split()) for change in changes if change.kind == kind)
