"""Texts as they are meant: entities, broken encodings, letters that only look like letters."""

import ast
import html
import json
import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from leads.normal import storable_text

_BROKEN = re.compile("[ÃÂâÅÄÐÑ][\u0080-\u00bf\u2010-\u203a€™œ]")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]")

_LIGATURE = re.compile("[\ufb00-\ufb06]")
_GEORGIAN = re.compile("[\u10a0-\u10ff\u1c90-\u1cbf]")
_TURKISH = re.compile("[İıĞğ]")
_BESIDE_LETTERS = set("'’ʻʼ.-· ")
_VOWELS = set("aeiouy")


@dataclass(frozen=True)
class SpokenText:
    """A text as one says it. Where that cannot be told it stays as written, and is not sure."""

    text: str
    is_sure: bool = True


def repaired_text(text: str) -> str:
    """One line without entities, invisible letters and UTF-8 that was read as cp1252."""
    text = storable_text(_INVISIBLE.sub("", html.unescape(text)))
    if _BROKEN.search(text):
        for encoding in ("cp1252", "latin-1"):
            try:
                text = text.encode(encoding).decode("utf-8")
                break
            except UnicodeError:
                continue
    return " ".join(storable_text(unicodedata.normalize("NFC", text)).split())


def plain_letters(text: str) -> str:
    """Mathematical and full-width letters as ordinary ones: "𝐃𝐚𝐧𝐚" as "Dana"."""
    return "".join(
        unicodedata.normalize("NFKC", c) if ord(c) >= 0xFF00 or 0x2100 <= ord(c) < 0x2500 else c
        for c in text
    )


def listed_values(text: str) -> list[Any] | None:
    """The values of a list that is written in a text, as JSON or Python do; else None."""
    typed = text.strip()
    if not (typed.startswith("[") and typed.endswith("]")) or len(typed) > 100_000:
        return None
    for read in (json.loads, ast.literal_eval):
        try:
            found = read(typed)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        if isinstance(found, list):
            return found
    return None


def phrase_of_list(text: str) -> str:
    """ "['Software', 'Internet']" as "Software & Internet"; a text that is no list as it is."""
    values = listed_values(text)
    if values is None:
        return text
    words = [str(one).strip() for one in values if isinstance(one, str) and one.strip()]
    return " & ".join(words[:2])


def is_one_case(text: str) -> bool:
    return text.isupper() or text.islower()


def cased_word(word: str) -> str:
    """ "MARIE-LOUISE" as "Marie-Louise", in any script that has two cases."""
    if _GEORGIAN.search(word):
        return word  # its capitals are for headings only
    is_turkish = bool(_TURKISH.search(word))
    word = _LIGATURE.sub(lambda found: unicodedata.normalize("NFKC", found[0]), word)
    return re.sub(r"[^\W\d_]+", lambda part: _cased_part(part[0], is_turkish), word)


def _cased_part(part: str, is_turkish: bool) -> str:
    if not is_turkish:
        low = part.lower()
        return low[0].title() + low[1:]
    low = part.replace("I", "ı").replace("İ", "i").lower()
    return ("İ" if low[0] == "i" else low[0].upper()) + low[1:]


def is_latin_word(text: str) -> bool:
    return all(c in _BESIDE_LETTERS or "LATIN" in unicodedata.name(c, "") for c in text)


def has_latin_letters(text: str) -> bool:
    return any("LATIN" in unicodedata.name(c, "") for c in text)


def has_vowel(word: str) -> bool:
    return not _VOWELS.isdisjoint(unicodedata.normalize("NFKD", word.casefold()))
