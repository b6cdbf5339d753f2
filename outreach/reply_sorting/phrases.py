"""Turns the phrases of words/*.toml into regular expressions, and folds text to match. Pure.

Each expression is compiled once.
"""

import re
import tomllib
import unicodedata
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

WORD_GAP = r"[^\w.!?\x00]{1,4}"  # between two words of one sentence
SENTENCE = re.compile(r"[^.!?\n]++(?!\?)")
PUNCTUATION = " \t,;:-–—*\"'()"
TAKEN_MARK = "\x00"  # stands where something was taken out; no phrase reaches across it

WORD_LISTS: dict[str, Any] = {
    path.stem: tomllib.loads(path.read_text(encoding="utf-8"))
    for path in Path(__file__).with_name("words").glob("*.toml")
}
_ODD = {
    "’": "'",
    "‘": "'",
    "`": "'",
    "´": "'",
    "\xa0": " ",
    "ø": "o",
    "Ø": "o",
    "ł": "l",
    "Ł": "l",
    "ı": "i",
}
_FOLDED = {
    **{code: unicodedata.normalize("NFD", chr(code))[0].lower() for code in range(0xC0, 0x250)},
    **{ord(odd): plain for odd, plain in _ODD.items()},
}


def fold_text(text: str) -> str:
    """Lower case without accents; every character keeps its position."""
    return text.translate(_FOLDED).lower()


def phrase_list(name: str) -> list[str]:
    """The phrases of one list, such as "stop.asks": that table of stop.toml, all languages."""
    file, table = name.split(".")
    return fold_text("".join(WORD_LISTS[file][table].values())).split("\n")[:-1]


@cache
def list_pattern(name: str) -> re.Pattern[str]:
    spaced: list[str] = []
    unspaced: list[str] = []
    for phrase in phrase_list(name):
        is_japanese = any(
            "\u3000" < letter < "\ua000" for letter in phrase
        )  # written without spaces
        (unspaced if is_japanese else spaced).append(_phrase_regex(phrase))
    whole_words = rf"(?<!\w)(?:{'|'.join(spaced)})(?!\w)" if spaced else "(?!)"
    return re.compile("|".join([whole_words, *unspaced]))


def _phrase_regex(phrase: str) -> str:
    phrase = expand_names(phrase)
    phrase = phrase.replace("(", "(?:")
    phrase = re.sub(r"(?<=[a-z])\*", r"\\w*", phrase).replace("#", r"\d(?:[\d.:/]{0,9}\w{1,2})?")
    phrase = re.sub(
        r" ?(?:~ ?)+", lambda gap: _gap_regex(4 * gap[0].count("~")), phrase.rstrip(" ~")
    )
    return phrase.replace(" ", WORD_GAP)


def expand_names(phrase: str) -> str:
    while named := re.search(r"\{([a-z]+)\}", phrase):
        phrase = phrase.replace(named[0], f"({fold_text(WORD_LISTS['also'][named[1]])})")
    return phrase


def _gap_regex(words: int) -> str:
    return rf"(?:{WORD_GAP}[\w'-]{{1,40}}){{0,{words}}}?{WORD_GAP}"


class PhraseSearch:
    """A text in which phrases are searched; what was taken once is not found again."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.rest = fold_text(text)

    def take(self, name: str) -> list[str]:
        """What the list `name` matches, as written in the text."""
        found = [
            self.text[slice(*match.span())] for match in list_pattern(name).finditer(self.rest)
        ]
        self.rest = list_pattern(name).sub(lambda match: TAKEN_MARK * len(match[0]), self.rest)
        return found

    def sentences(self, name: str) -> list[str]:
        """Whole sentences that are one phrase of the list `name`, and no question."""
        parts = [part.strip(PUNCTUATION) for part in SENTENCE.findall(self.text)]
        return [part for part in parts if part and list_pattern(name).fullmatch(fold_text(part))]


def detect_language(text: str) -> str:
    """By the most frequent small words; "" where there are none."""
    words = Counter(re.findall(r"[\w']+", fold_text(text)))
    counts = {
        name: sum(words[small] for small in line.split())
        for name, line in WORD_LISTS["languages"].items()
    }
    best = max(counts, key=lambda name: counts[name])
    return best if counts[best] else ""
