"""In which language people of a country, or with a job title in it, are written to."""

import re
from functools import lru_cache
from pathlib import Path

DATA = Path(__file__).parent / "data" / "country_languages.txt"
ENGLISH = "en"
NAMES = {
    "en": "English", "de": "German", "fr": "French", "es": "Spanish", "it": "Italian",
    "pt": "Portuguese", "nl": "Dutch", "sv": "Swedish", "no": "Norwegian", "da": "Danish",
    "fi": "Finnish", "pl": "Polish", "cs": "Czech", "sk": "Slovak", "hu": "Hungarian",
    "ro": "Romanian", "bg": "Bulgarian", "el": "Greek", "tr": "Turkish", "ru": "Russian",
    "uk": "Ukrainian", "ar": "Arabic", "he": "Hebrew", "fa": "Persian", "ja": "Japanese",
    "zh": "Chinese", "ko": "Korean", "th": "Thai", "vi": "Vietnamese", "id": "Indonesian",
    "ms": "Malay", "hr": "Croatian", "sr": "Serbian", "sl": "Slovenian", "et": "Estonian",
    "lv": "Latvian", "lt": "Lithuanian", "is": "Icelandic", "ka": "Georgian", "hy": "Armenian",
    "az": "Azerbaijani", "kk": "Kazakh", "uz": "Uzbek", "sq": "Albanian", "mk": "Macedonian",
    "bs": "Bosnian", "mn": "Mongolian", "km": "Khmer", "lo": "Lao", "my": "Burmese",
    "am": "Amharic",
}  # fmt: skip
LANGUAGE_CHOICES = tuple(sorted(NAMES.items(), key=lambda one: one[1]))
# Words of a job title that stand in no other language's titles.
_TITLE_WORDS = {
    "de": r"geschäftsführ\w+|geschäftsleit\w+|\w*leiter(?:in)?|inhaber(?:in)?|vorstand\w*|"
    r"gesellschafter(?:in)?|vertrieb\w*|einkauf\w*|gründer(?:in)?|abteilungs\w+|für|und",
    "fr": r"directeur|directrice|responsable|gérant[e]?|président[e]?|fondat(?:eur|rice)|chargée?|"
    r"ventes|commerciale|achats|et",
    "es": r"gerente|propietari[oa]|dueñ[oa]|fundador(?:a)?|ventas|operaciones|jef[ea]|compras|"
    r"director(?:a)? (?:comercial|de|ejecutiv[oa])",
    "it": r"amministrat(?:ore|rice)|titolare|direttore|direttrice|responsabile|vendite|"
    r"fondat(?:ore|rice)|presso",
    "pt": r"diretor(?:a)?|sóci[oa]|vendas|operações|proprietári[oa]|coordenador(?:a)?",
    "nl": r"directeur-eigenaar|eigenaar|oprichter|hoofd|verkoop|inkoop|bestuurder",
    "sv": r"verkställande|försäljning\w*|ägare|grundare|\w{4,}chef",
    "da": r"direktør|ejer|indehaver|salgschef",
    "pl": r"prezes\w*|właściciel\w*|kierownik|dyrektor\w*|sprzedaży",
}
_BY_LANGUAGE = {code: re.compile(rf"\b(?:{words})\b") for code, words in _TITLE_WORDS.items()}


@lru_cache(maxsize=1)
def _by_country() -> dict[str, tuple[str, ...]]:
    rows = [line.split() for line in DATA.read_text("utf-8").splitlines() if line[:1] != "#"]
    return {row[0]: tuple(row[1:]) for row in rows if row}


def country_languages(country: str) -> tuple[str, ...]:
    return _by_country().get(country.upper(), ())


def title_language(title: str) -> str:
    """The language of a job title by its words; "" for English and where several fit or none."""
    low = title.casefold()
    found = [code for code, words in _BY_LANGUAGE.items() if words.search(low)]
    return found[0] if len(found) == 1 else ""


def reading_languages(country: str, title: str) -> tuple[str, ...]:
    """The languages that a person is written to in; the title's first. () if nothing is known."""
    own, there = title_language(title), country_languages(country)
    if not own:
        return there
    return (own, *(one for one in there if one not in (own, ENGLISH)))


def language_name(code: str) -> str:
    return NAMES.get(code, code)
