"""Names of companies as people say them."""

import re
import unicodedata

from leads.field_values import vendor_words
from leads.field_values.texts import (
    SpokenText,
    cased_word,
    has_vowel,
    is_latin_word,
    plain_letters,
    repaired_text,
)

LEGAL_FORMS = (
    "incorporated", "inc", "llc", "l.l.c", "llp", "l.l.p", "lllp", "lp", "l.p", "pllc", "p.c", "pc",
    "ltd", "limited", "ltda", "corp", "corporation", "plc", "p.l.c", "gmbh & co. kg",
    "gmbh & co kg", "gmbh", "mbh", "ag", "kg", "ohg", "ug", "e.v", "s.a", "s.a.s", "sas", "sarl",
    "s.a.r.l", "s.r.l", "srl", "s.p.a", "spa", "b.v", "bv", "n.v", "nv", "oy", "oyj", "ab", "aps",
    "a/s", "as", "asa", "pty ltd", "pty. ltd", "pty", "pvt ltd", "pvt. ltd", "private limited",
    "pte ltd", "pte. ltd", "sp. z o.o", "s.r.o", "d.o.o", "kft", "k.k", "s.l", "sl", "s.l.u",
    "s.a. de c.v", "sa de cv", "s. de r.l", "sdn bhd", "se", "& co. kg", "& co",
)  # fmt: skip
AMBIGUOUS_FORMS = {"as", "spa", "ab", "se", "sl", "ag", "pc", "sas"}  # only in capitals
SMALL_WORDS = {
    "and", "of", "the", "for", "in", "at", "on", "by", "to", "und", "de", "la", "y", "et", "von",
    "van", "der", "del", "e", "des", "du", "les", "le",
}  # fmt: skip
# Short words that are no abbreviation, though they are written in capitals.
SHORT_WORDS = {
    "ace", "air", "all", "art", "ash", "bay", "big", "box", "car", "day", "dog", "cat", "ear",
    "elm", "eye", "fit", "fox", "fun", "gas", "ice", "ink", "inn", "jet", "joe", "key", "kid",
    "lab", "law", "mac", "max", "new", "oak", "oil", "old", "one", "our", "pet", "pro", "red",
    "sam", "sea", "sky", "son", "spa", "sun", "tax", "tea", "tom", "top", "toy", "two", "van",
    "way", "web", "win", "zoo", "st", "mt", "ft", "go", "my", "up", "we",
}  # fmt: skip
ABBREVIATIONS = {
    "ai", "it", "hr", "pr", "us", "usa", "uk", "eu", "uae", "tv", "vr", "ar", "ip", "rv", "ev",
    "hvac", "ibm", "sap", "nyc", "la", "dc", "ii", "iii", "iv", "b2b", "b2c",
}  # fmt: skip
LETTERS_OF_NO_ABBREVIATION = 7  # a word of so many in capitals is a name, such as BLUEFIELD
LONGEST_SURE_NAME = 60  # characters; a longer one has more than a name in it
_FORM = re.compile(
    r"[\s,]+(" + "|".join(re.escape(form) for form in LEGAL_FORMS) + r")\.?$", re.IGNORECASE
)
_TICKER = re.compile(
    r"\s*[(\[](?:[A-Za-z ]{2,12}:\s?[A-Z0-9.]{1,8}|(?:formerly|fka|f/k/a|dba|d/b/a|a |an |part of)"
    r"[^()\[\]]*|[A-Z]{2,6}\s?:\s?[A-Z.]{1,6})[)\]]",
    re.IGNORECASE,
)
_SLOGAN = re.compile(r"\s+[|•·–—]\s+.*$|\s*\|.*$|\s+-\s+.*$|\s+::\s+.*$")
_TRADES_AS = re.compile(
    r"^.*?[\s,(]+(?:d\.?/?b\.?/?a\.?|trading as|doing business as|t/a)[\s:]+(?=\w)", re.IGNORECASE
)
_QUOTED = re.compile(r"""^[“"«'](?P<name>[^“”"«»]+)[”"»']$""")
_MARKS = re.compile(r"[®™©℠]|\((?:r|tm|c)\)", re.IGNORECASE)


def spoken_company_name(name: str) -> SpokenText:
    """As `spoken_company`, and whether it can be told; "" for a text that names no company."""
    said = spoken_company(name)
    if vendor_words.is_unknown(said):
        return SpokenText("")
    return SpokenText(said, _is_sure_name(said))


def spoken_company(name: str) -> str:
    """ "BLUEFIELD FREIGHT LLC" as "Bluefield Freight"; never "" for a name that has a letter."""
    whole = re.sub(r"\.{2,}$", ".", repaired_text(name))
    text = plain_letters(_TRADES_AS.sub("", _MARKS.sub("", whole)))
    text = "".join(c if unicodedata.category(c) not in ("So", "Cf") else " " for c in text)
    text = text.replace("\ufe0f", "")
    text = _SLOGAN.sub("", _TICKER.sub("", " ".join(text.split())))
    text = _QUOTED.sub(r"\g<name>", text.strip(" ,;|-"))
    return _cased_name(_without_legal_form(text.strip(" ,;|-"))).strip() or whole


def _without_legal_form(text: str) -> str:
    """Without the legal form at the end, unless nothing else would be left."""
    for _ in range(3):
        found = _FORM.search(text)
        if found is None or (found[1].lower() in AMBIGUOUS_FORMS and not found[1].isupper()):
            return text
        text = text[: found.start()].rstrip(" ,&")
    return text


def _cased_name(text: str) -> str:
    """A name in capitals, or of several small words, as a name; abbreviations such as IBM stay."""
    words = text.split()
    letters = "".join(c for c in text if c.isalpha())
    if letters.islower() and len(words) > 1 and not any("." in word for word in words):
        return " ".join(_cased_small_word(word, first=n == 0) for n, word in enumerate(words))
    is_short = len(words) == 1 and len(letters) < LETTERS_OF_NO_ABBREVIATION
    if is_short or not letters.isupper():
        return text
    return " ".join(_cased_word(word, first=n == 0) for n, word in enumerate(words))


def _cased_small_word(word: str, *, first: bool) -> str:
    if word in SMALL_WORDS and not first:
        return word
    if word in ABBREVIATIONS or (is_latin_word(word) and word.isalpha() and not has_vowel(word)):
        return word.upper()
    return word if any(c.isdigit() for c in word) else _named_word(word)


def _cased_word(word: str, *, first: bool) -> str:
    low = word.lower()
    if low in SMALL_WORDS:
        return low.capitalize() if first else low
    if low in ABBREVIATIONS:
        return word
    if low.strip(".") in SHORT_WORDS:
        return _named_word(low)
    if len(word) <= 3 or not has_vowel(word) or any(c.isdigit() for c in word):
        return word
    return word if re.fullmatch(r"(?:\w[.&])+\w?", word) else _named_word(word)


def _named_word(word: str) -> str:
    cased = re.sub(r"(?<=\w['’])S\b", "s", cased_word(word))
    return re.sub(r"^Mc([a-z])", lambda found: f"Mc{found[1].upper()}", cased)


def _is_sure_name(said: str) -> bool:
    letters = "".join(c for c in said if c.isalpha())
    if not letters or len(said) > LONGEST_SURE_NAME or re.search(r"@|://|www\.", said):
        return False
    if not is_latin_word(letters) or letters.islower():
        return False
    return not letters.isupper() or all(
        len(word) <= 3 or not word.isalpha() or not has_vowel(word) for word in said.split()
    )
