"""The phrases of reply_words.toml as expressions, and text folded so that they find it. Pure; read once, at import."""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from pathlib import Path

SPACE = r"[^\w.!?\x00]{1,4}"  # between two words of one sentence
SENTENCE = re.compile(r"[^.!?\n]++(?!\?)")
PUNCTUATION = " \t,;:-–—*\"'()"
TAKEN = "\x00"  # stands where something was taken out; no phrase reaches across it

_ODD = {"’": "'", "‘": "'", "`": "'", "´": "'", "\xa0": " ", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l", "ı": "i"}
_FOLDED = {
    **{code: unicodedata.normalize("NFD", chr(code))[0].lower() for code in range(0xC0, 0x250)},
    **{ord(odd): plain for odd, plain in _ODD.items()},
}


def fold(text: str) -> str:
    """`text` in small letters without accents; every character stays where it was."""
    return text.translate(_FOLDED).lower()


def _compiled(phrases: str, also: Mapping[str, str]) -> re.Pattern[str]:
    """One expression that finds any of `phrases`, one a line, as whole words."""
    spaced: list[str] = []
    unspaced: list[str] = []
    for phrase in filter(None, (line.strip() for line in fold(phrases).splitlines())):
        is_japanese = any("\u3000" < letter < "\ua000" for letter in phrase)  # written without spaces
        (unspaced if is_japanese else spaced).append(_expression(phrase, also))
    whole_words = rf"(?<!\w)(?:{'|'.join(spaced)})(?!\w)" if spaced else "(?!)"
    return re.compile("|".join([whole_words, *unspaced]))


def _expression(phrase: str, also: Mapping[str, str]) -> str:
    while named := re.search(r"\{([a-z]+)\}", phrase):
        phrase = phrase.replace(named[0], f"({also[named[1]]})")
    phrase = re.sub(r"\((?!\?)", "(?:", phrase)
    phrase = re.sub(r"(?<=[a-z])\*", r"\\w*", phrase).replace("#", r"\d(?:[\d.:/]{0,9}\w{1,2})?")
    phrase = re.sub(r" ?(?:~ ?)+", lambda gap: _gap(4 * gap[0].count("~")), phrase.rstrip(" ~"))
    return phrase.replace(" ", SPACE)


def _gap(words: int) -> str:
    return rf"(?:{SPACE}[\w'-]{{1,40}}){{0,{words}}}?{SPACE}"


def _read() -> tuple[dict[str, re.Pattern[str]], dict[str, frozenset[str]]]:
    lists = tomllib.loads(Path(__file__).with_name("reply_words.toml").read_text(encoding="utf-8"))
    also = {name: fold(phrases) for name, phrases in lists.pop("also").items()}
    languages = {name: frozenset(words.split()) for name, words in lists.pop("languages").items()}
    phrases = {
        f"{group}.{name}": _compiled("\n".join(by_language.values()), also)
        for group, named in lists.items()
        for name, by_language in named.items()
    }
    return phrases, languages


PHRASES, LANGUAGES = _read()


class Reading:
    """A text in which phrases are looked for; what was taken once is not found again."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.rest = fold(text)

    def take(self, name: str) -> list[str]:
        """What the list `name` finds, as it stands in the text."""
        found = [self.text[slice(*match.span())] for match in PHRASES[name].finditer(self.rest)]
        self.rest = PHRASES[name].sub(lambda match: TAKEN * len(match[0]), self.rest)
        return found

    def sentences(self, name: str) -> list[str]:
        """The sentences that are one phrase of the list `name` and nothing else, and do not ask."""
        parts = [part.strip(PUNCTUATION) for part in SENTENCE.findall(self.text)]
        return [part for part in parts if part and PHRASES[name].fullmatch(fold(part))]


def language(text: str) -> str:
    """The language most of the small words are of; "" where none is."""
    words = re.findall(r"[\w']+", fold(text))
    counts = {name: sum(word in small for word in words) for name, small in LANGUAGES.items()}
    best = max(counts, key=lambda name: counts[name])
    return best if counts[best] else ""
