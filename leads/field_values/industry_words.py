"""Industries as a phrase that follows "in": "logistics and supply chain"."""

import re
from functools import lru_cache
from pathlib import Path

from caio_project.lib.words.lists import and_list
from leads.field_values import vendor_words
from leads.field_values.texts import SpokenText, is_latin_word, phrase_of_list, repaired_text

DATA = Path(__file__).parent / "data" / "industries.txt"
ABBREVIATIONS = {
    "ai", "it", "hr", "pr", "us", "uk", "eu", "tv", "vr", "ar", "b2b", "b2c", "d2c", "cpg", "fmcg",
    "hvac", "ev", "oem", "bpo", "crm", "erp", "iot", "3pl", "ngo", "edi", "ml", "r&d", "m&a",
}  # fmt: skip
MIXED_CASE = {"saas": "SaaS", "paas": "PaaS", "iaas": "IaaS", "ecommerce": "e-commerce"}
NO_INDUSTRY = {
    "other", "others", "misc", "miscellaneous", "general", "various", "services", "service",
    "industry", "business", "company", "private", "public", "multiple", "diversified", "all",
    "private company", "self employed", "none of the above", "not classified", "test",
}  # fmt: skip
MOST_PARTS, MOST_WORDS, LONGEST_PHRASE = 3, 7, 60
_CODE = re.compile(r"^(?:(?:naics|sic|nace|gics|isic)\b[\s:#-]*)?\d{2,8}[\d.]*[\s:–—-]*", re.I)
_SYSTEM = re.compile(r"^(?:naics|sic|nace|gics|isic)\b[\s:#-]*", re.I)
_BETWEEN_PARTS = re.compile(r"\s*[/,;|•·\n]\s*|\s+(?:and|&|\+)\s+|\s*&\s*|\s*,\s*and\s+")
_ABOVE = re.compile(r"\s*(?:>|»|→|::)\s*")
_ENDING = re.compile(r"\s+(?:industry|industries|sector|vertical|space)$", re.I)
_BRACKETED = re.compile(r"\s*\([^()]*\)")
_PROSE = re.compile(r"[!?@{}<>]|://|\b(?:we|our|their|they|is|are|help|provide[s]?|which)\b", re.I)


def spoken_industry(industry: str) -> SpokenText:
    """The phrase; "" for a code, a sentence, or what names no industry."""
    text = vendor_words.without_pictures(repaired_text(phrase_of_list(industry)))
    text = _ABOVE.split(text)[-1]
    text = _SYSTEM.sub("", _CODE.sub("", text)).strip(" .,;:-–—/&|")
    text = _ENDING.sub("", _BRACKETED.sub("", text)).strip()
    if vendor_words.is_unknown(text) or _is_no_industry(text):
        return SpokenText("")
    if known := _phrases().get(industry_key(text)):
        return SpokenText(known)
    parts = [part for part in _BETWEEN_PARTS.split(text) if part]
    kept = [part for part in dict.fromkeys(map(_in_prose, parts)) if part not in NO_INDUSTRY]
    phrase = and_list(kept[:MOST_PARTS])
    if len(phrase) > LONGEST_PHRASE or len(phrase.split()) > MOST_WORDS:
        return SpokenText("")
    return SpokenText(phrase, is_latin_word(re.sub(r"[\d,&]", "", phrase)))


def industry_key(text: str) -> str:
    """ "Transportation/Trucking/Railroad" as "transportation trucking railroad"."""
    return " ".join(word for word in re.findall(r"\w+", text.casefold()) if word != "and")


@lru_cache(maxsize=1)
def _phrases() -> dict[str, str]:
    lines = DATA.read_text("utf-8").splitlines()
    rows = [line.split(" = ") for line in lines if line and not line.startswith("#")]
    return {industry_key(name): phrase for name, phrase in rows}


def _is_no_industry(text: str) -> bool:
    return bool(_PROSE.search(text)) or industry_key(text) in NO_INDUSTRY


def _in_prose(part: str) -> str:
    shouts = part.isupper() and len(part) > 4
    return " ".join(_word_in_prose(word, shouts=shouts) for word in part.split())


def _word_in_prose(word: str, *, shouts: bool) -> str:
    low = word.lower()
    if low in MIXED_CASE:
        return MIXED_CASE[low]
    if low in ABBREVIATIONS:
        return low.upper()
    is_abbreviation = word.isupper() and len(word) > 1 and not shouts
    is_mixed = word[1:] != word[1:].lower() and not word.isupper() and "-" not in word
    return word if is_abbreviation or is_mixed else low
