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

ENDS = ".!?。！？؟…"  # of a sentence
WORD_GAP = rf"[^\w{ENDS}\x00]{{1,4}}"  # between two words of one sentence
# Each part is taken whole: "a-a-a-…" can be read in one way, not in a thousand.
ANY_WORD = r"\w{1,40}+(?:['-]\w{1,40}+)?"
SENTENCE = re.compile(rf"[^{ENDS}\n]++(?![?？؟])")
QUESTION_MARK = re.compile(r"[?？؟]")
QUESTION_SENTENCE = re.compile(rf"[^{ENDS}\n]++[?？؟]")
SENTENCE_START = rf"(?:(?<=[{ENDS}\n,;:，、])|^)[^\w\n{ENDS}\x00]{{0,4}}"
SENTENCE_END = rf"(?=[^\w\n{ENDS}]{{0,4}}(?:[{ENDS}\n]|$))"
PUNCTUATION = " \t,;:-–—*\"'()，、；：~"
ORDINAL = re.compile(r"(?<=\d)\.(?=\s[a-zåäöæø])")  # "6. tammikuuta" is one sentence
TAKEN_MARK = "\x00"  # stands where something was taken out; no phrase reaches across it


def _read_lists() -> dict[str, dict[str, Any]]:
    """The tables of words/*.toml; `stop.more.toml` adds languages to those of `stop.toml`."""
    lists: dict[str, dict[str, Any]] = {}
    for path in sorted(Path(__file__).with_name("words").glob("*.toml")):
        tables = lists.setdefault(path.stem.split(".")[0], {})
        for table, words in tomllib.loads(path.read_text(encoding="utf-8")).items():
            if isinstance(words, dict):
                kept = tables.setdefault(table, {})
                for language, phrases in words.items():
                    kept[language] = kept.get(language, "") + phrases
            else:
                tables[table] = words
    return lists


WORD_LISTS = _read_lists()
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
    **{
        code: unicodedata.normalize("NFD", chr(code))[0].lower()
        for block in (range(0xC0, 0x250), range(0x370, 0x530), range(0x1E00, 0x1F00))
        for code in block
    },
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
        (unspaced if _is_unspaced(phrase) else spaced).append(_phrase_regex(phrase))
    whole_words = rf"(?<!\w)(?:{'|'.join(spaced)})(?!\w)" if spaced else "(?!)"
    return re.compile("|".join([whole_words, *unspaced]))


def _is_unspaced(phrase: str) -> bool:
    """Chinese and Japanese, which are written without blanks."""
    return any("\u3000" < letter < "\ua000" for letter in phrase)


def _phrase_regex(phrase: str) -> str:
    starts, ends = phrase.startswith("<"), phrase.endswith(">")
    phrase = expand_names(phrase.strip("<> "))
    phrase = phrase.replace("(", "(?:")
    if _is_unspaced(phrase):
        regex = phrase.replace("~", rf"[^{ENDS}\n\x00]{{0,8}}?")
    else:
        phrase = re.sub(r"(?<=[^\W\d_])\*", r"\\w*", phrase)
        phrase = phrase.replace("#", r"\d(?:[\d.:/]{0,9}\w{1,2})?")
        phrase = re.sub(
            r" ?(?:~ ?)+", lambda gap: _gap_regex(4 * gap[0].count("~")), phrase.rstrip(" ~")
        )
        regex = phrase.replace(" ", WORD_GAP)
    return (SENTENCE_START if starts else "") + regex + (SENTENCE_END if ends else "")


def expand_names(phrase: str) -> str:
    while named := re.search(r"\{([a-z]+)\}", phrase):
        phrase = phrase.replace(named[0], f"({fold_text(WORD_LISTS['also'][named[1]])})")
    return phrase


def _gap_regex(words: int) -> str:
    return rf"(?:{WORD_GAP}{ANY_WORD}){{0,{words}}}?{WORD_GAP}"


class PhraseSearch:
    """A text in which phrases are searched; what was taken once is not found again."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.rest = fold_text(ORDINAL.sub(" ", text))

    def take(self, name: str) -> list[str]:
        """What the list `name` matches, as written in the text."""
        found = [
            self.text[slice(*match.span())].strip(PUNCTUATION)
            for match in list_pattern(name).finditer(self.rest)
        ]
        self.rest = list_pattern(name).sub(lambda match: TAKEN_MARK * len(match[0]), self.rest)
        return found

    def sentences(self, name: str) -> list[str]:
        """Whole sentences that are one phrase of the list `name`, and no question."""
        parts = [part.strip(PUNCTUATION) for part in SENTENCE.findall(self.text)]
        return [part for part in parts if part and list_pattern(name).fullmatch(fold_text(part))]

    def without_questions(self) -> "PhraseSearch":
        """The same search in what is no question."""
        other = PhraseSearch(self.text)
        other.rest = QUESTION_SENTENCE.sub(lambda asked: TAKEN_MARK * len(asked[0]), self.rest)
        return other


def count_languages(text: str) -> dict[str, int]:
    """How many of the small words of each language stand in the text."""
    words = Counter(re.findall(r"[\w']+", fold_text(text)))
    return {
        name: sum(words[small] for small in line.split())
        for name, line in WORD_LISTS["languages"].items()
    }


def detect_language(text: str) -> str:
    """By the most frequent small words; "" where there are none."""
    counts = count_languages(text)
    best = max(counts, key=lambda name: counts[name])
    return best if counts[best] else ""
