"""Names of companies as people say them."""

import re
import unicodedata

from leads.field_values.texts import repaired_text

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
    "and",
    "of",
    "the",
    "for",
    "in",
    "at",
    "on",
    "by",
    "to",
    "und",
    "de",
    "la",
    "y",
    "et",
}
_FORM = re.compile(
    r"[\s,]+(" + "|".join(re.escape(form) for form in LEGAL_FORMS) + r")\.?$", re.IGNORECASE
)
_TICKER = re.compile(
    r"\s*[(\[](?:[A-Za-z ]{2,12}:\s?[A-Z0-9.]{1,8}|(?:formerly|fka|f/k/a|dba|d/b/a|a |an |part of)"
    r"[^()\[\]]*|[A-Z]{2,6}\s?:\s?[A-Z.]{1,6})[)\]]",
    re.IGNORECASE,
)
_SLOGAN = re.compile(r"\s+[|•·–—]\s+.*$|\s*\|.*$|\s+-\s+.*$|\s+::\s+.*$")
_MARKS = re.compile(r"[®™©℠]|\((?:r|tm|c)\)", re.IGNORECASE)


def spoken_company(name: str) -> str:
    """ "BLUEFIELD FREIGHT LLC" as "Bluefield Freight"; never "" for a name that has a letter."""
    whole = repaired_text(name)
    text = _MARKS.sub("", whole)
    text = "".join(c if unicodedata.category(c) not in ("So", "Cf") else " " for c in text)
    text = _SLOGAN.sub("", _TICKER.sub("", " ".join(text.split())))
    text = _without_legal_form(text.strip(" ,;|-"))
    return _cased_name(text).strip() or whole


def _without_legal_form(text: str) -> str:
    """Without the legal form at the end, unless nothing else would be left."""
    for _ in range(3):
        found = _FORM.search(text)
        if found is None or (found[1].lower() in AMBIGUOUS_FORMS and not found[1].isupper()):
            return text
        text = text[: found.start()].rstrip(" ,&")
    return text


def _cased_name(text: str) -> str:
    """A name in capitals as a name; abbreviations such as IBM stay."""
    words = text.split()
    letters = "".join(c for c in text if c.isalpha())
    if not letters.isupper() or (len(words) < 3 and max(map(len, words)) < 5):
        return text
    return " ".join(_cased_word(word, first=n == 0) for n, word in enumerate(words))


def _cased_word(word: str, *, first: bool) -> str:
    low = word.lower()
    if low in SMALL_WORDS:
        return low.capitalize() if first else low
    if len(word) <= 3 or not re.search("[AEIOUYÄÖÜ]", word) or any(c.isdigit() for c in word):
        return word
    return re.sub(r"[^\W\d_]+", lambda part: part[0].capitalize(), low)
