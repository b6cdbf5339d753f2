"""The difference between two texts, word by word. Pure."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

_TOKEN = re.compile(r"\n+|[^\S\n]+|\S+")


@dataclass(frozen=True)
class TextChange:
    kind: Literal["same", "ins", "del"]
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
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    changes: list[TextChange] = []
    removed = added = 0
    for code, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone, come = old[a:b], new[c:d]
        if code == "equal":
            changes.append(TextChange("same", "".join(gone)))
            continue
        if gone:
            changes.append(TextChange("del", "".join(gone)))
        if come:
            changes.append(TextChange("ins", "".join(come)))
        removed += sum(1 for token in gone if token.strip())
        added += sum(1 for token in come if token.strip())
    return TextDiff(tuple(changes), removed, added)
