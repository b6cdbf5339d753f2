"""Which words of a text are facts. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_URL = re.compile(r"https?://[^\s<>\"]+")


@dataclass(frozen=True)
class TextPiece:
    """A stretch of a text: plain, a link, or fact number `fact` of the list it was marked by."""

    text: str
    fact: int | None = None
    url: bool = False
    sourced: bool = True


def mark_phrases(text: str, phrases: Sequence[dict[str, str]]) -> list[TextPiece]:
    """`text` in pieces, so that every occurrence of a phrase has its index in `phrases`."""
    longest_first = sorted(
        (n for n, p in enumerate(phrases) if p["text"]), key=lambda n: -len(phrases[n]["text"])
    )
    words = [rf"(?P<f{n}>(?<!\w){re.escape(phrases[n]['text'])}(?!\w))" for n in longest_first]
    pattern = re.compile("|".join([rf"(?P<url>{_URL.pattern})", *words]))
    pieces, at = [], 0
    for found in pattern.finditer(text):
        if found.start() > at:
            pieces.append(TextPiece(text[at : found.start()]))
        name = found.lastgroup or ""
        fact = None if name == "url" else int(name[1:])
        sourced = fact is None or bool(phrases[fact].get("source"))
        pieces.append(TextPiece(found.group(), fact, name == "url", sourced))
        at = found.end()
    return [*pieces, TextPiece(text[at:])] if at < len(text) else pieces
