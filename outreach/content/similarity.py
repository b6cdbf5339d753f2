"""How alike two emails are. Pure."""

import re
from difflib import SequenceMatcher

WORD_PATTERN = re.compile(r"[\w']+")
WORDS_COMPARED = (
    600  # words of each that are compared; an email has 60 to 150, and the comparison is quadratic
)


def text_similarity(one: str, other: str) -> float:
    """Compare words in order, from 0 (none in common) to 1; case and punctuation do not count."""
    a, b = _compared_words(one), _compared_words(other)
    return SequenceMatcher(None, a, b, autojunk=False).ratio() if a and b else 0.0


def _compared_words(text: str) -> list[str]:
    return WORD_PATTERN.findall(text.lower())[:WORDS_COMPARED]
