"""How alike two emails are. Pure."""

import re
from difflib import SequenceMatcher

WORDS = re.compile(r"[\w']+")
LONGEST = (
    600  # words of each that are compared; an email has 60 to 150, and the comparison is quadratic
)


def likeness(one: str, other: str) -> float:
    """From 0 (no word in common) to 1 (the same words in the same order); case and punctuation do not count."""
    a, b = _words(one), _words(other)
    return SequenceMatcher(None, a, b, autojunk=False).ratio() if a and b else 0.0


def _words(text: str) -> list[str]:
    return WORDS.findall(text.lower())[:LONGEST]
