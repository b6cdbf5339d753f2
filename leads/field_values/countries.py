"""Countries as ISO 3166 codes, from names in any language and from texts about a location.

Where a text may mean several countries the answer is "": then a person decides.
"""

import re
import unicodedata
from functools import lru_cache
from pathlib import Path

from leads import normal

DATA = Path(__file__).parent / "data"
CODE_ALIASES = {"UK": "GB", "EL": "GR"}
OTHER_NAMES = {
    "US": "u s|u s a|america|united states of america|the states|vereinigte staaten von amerika|"
    "etats unis d amerique|stati uniti d america|estados unidos de america|"
    "estados unidos da america|ee uu|eeuu|e e u u|eua|сша|"
    "соединенные штаты америки|美利坚合众国|アメリカ|미합중국|verenigde staten van amerika|"
    "stany zjednoczone ameryki|usa united states",
    "GB": "u k|great britain|britain|england|scotland|wales|northern ireland|grossbritannien|"
    "grande bretagne|gran bretagna|gran bretana|gra bretanha|groot brittannie|angleterre|"
    "inglaterra|inghilterra|england uk|schottland|ecosse|escocia|united kingdom of great britain",
    "IE": "eire|republic of ireland",
    "NL": "holland|the netherlands",
    "CZ": "czech republic|tschechische republik|republique tcheque|ceska republika",
    "RU": "russian federation|рф|российская федерация",
    "KR": "korea|republic of korea|korea republic of|s korea",
    "KP": "dprk|democratic people s republic of korea",
    "CN": "prc|people s republic of china|p r china|p r c|中华人民共和国|mainland china",
    "TW": "taiwan roc|republic of china|taiwan province of china",
    "AE": "uae|u a e|emirates|the emirates",
    "CI": "ivory coast",
    "MM": "burma",
    "SZ": "swaziland",
    "MK": "macedonia|fyrom",
    "BA": "bosnia",
    "PS": "palestine",
    "VA": "vatican|holy see",
    "CD": "drc|dr congo|democratic republic of the congo",
    "CG": "republic of the congo",
    "VN": "viet nam",
    "CV": "cape verde",
    "TL": "east timor",
    "MO": "macao|macau",
    "HK": "hongkong",
    "TR": "turkey|turkiye|tuerkei",
    "IR": "islamic republic of iran|persia",
    "LA": "lao pdr",
    "SY": "syrian arab republic",
    "DO": "dominican rep",
    "AT": "oesterreich",
    "DK": "daenemark",
    "ZA": "suedafrika",
    "PH": "philippines|the philippines",
}
OF_A_STATE = re.compile(
    r"(?:the |federal |federative |bolivarian |plurinational |united |islamic )*"
    r"(?:republic|kingdom|state|states|commonwealth|principality|grand duchy|sultanate) of "
    r"(?:the )?"
)
# Regions that name their country; US states are in `normal`.
REGIONS = {
    "CA": "ontario|quebec|british columbia|alberta|manitoba|saskatchewan|nova scotia|"
    "new brunswick|newfoundland|newfoundland and labrador|prince edward island|yukon|nunavut|"
    "northwest territories|ON|QC|BC|AB|MB|SK|NS|NB|NL|PE|YT|NU",
    "AU": "new south wales|victoria|queensland|western australia|south australia|tasmania|"
    "australian capital territory|NSW|VIC|QLD|TAS|ACT|WA",
    "DE": "bavaria|bayern|hesse|hessen|baden wurttemberg|north rhine westphalia|"
    "nordrhein westfalen|saxony|sachsen|lower saxony|niedersachsen|brandenburg|thuringen|"
    "rheinland pfalz|schleswig holstein|saarland",
    "FR": "ile de france|auvergne rhone alpes|provence alpes cote d azur|occitanie|bretagne|"
    "normandie|hauts de france|nouvelle aquitaine|grand est|pays de la loire",
    "ES": "catalonia|cataluna|catalunya|andalusia|andalucia|comunidad de madrid|basque country",
    "IT": "lombardy|lombardia|lazio|piedmont|piemonte|veneto|tuscany|toscana|campania|sicilia",
    "IN": "maharashtra|karnataka|tamil nadu|telangana|gujarat|kerala|west bengal|haryana|"
    "uttar pradesh|punjab india|rajasthan|andhra pradesh",
    "BR": "sao paulo|rio de janeiro|minas gerais|parana|santa catarina|rio grande do sul|bahia",
    "MX": "jalisco|nuevo leon|ciudad de mexico|cdmx|guanajuato|puebla",
    "GB": "greater london",
    "CH": "zug|vaud|ticino|aargau",
    "BE": "flanders|vlaanderen|wallonia|brussels capital",
    "NL": "north holland|noord holland|south holland|zuid holland|randstad",
}
_METRO_WORDS = re.compile(
    r"\b(?:greater|metropolitan|metro|metroplex|metropolregion|area|region|bay|city|e regiao|"
    r"et peripherie|und umgebung|y alrededores)\b"
)
_BETWEEN_PARTS = re.compile(r"[,;|/\n·•–—()]+|\s-\s")
_FLAG = re.compile("([\U0001f1e6-\U0001f1ff])([\U0001f1e6-\U0001f1ff])")


def place_key(text: str) -> str:
    """Without case, accents and punctuation, in any script: "Côte d’Ivoire" -> "cote d ivoire"."""
    kept = (c if unicodedata.category(c)[0] in "LMN" else " " for c in normal.fold_text(text))
    return " ".join("".join(kept).split())


@lru_cache(maxsize=1)
def _codes_by_name() -> dict[str, str]:
    lines = (DATA / "countries.txt").read_text("utf-8").splitlines()
    rows = [line.split(" ", 1) for line in lines if not line.startswith("#")]
    known = {name: code for code, names in rows for name in names.split("|")}
    return known | {name: code for code, names in OTHER_NAMES.items() for name in names.split("|")}


@lru_cache(maxsize=1)
def _names_by_code() -> dict[str, str]:
    return {code: name for name, code in reversed(_codes_by_name().items())}


def country_name(code: str) -> str:
    name = _names_by_code().get(code, "")
    small = ("and", "of", "the")
    return " ".join(one if one in small else one.title() for one in name.split()) or code


@lru_cache(maxsize=1)
def _country_codes() -> frozenset[str]:
    return frozenset(_codes_by_name().values())


@lru_cache(maxsize=1)
def _codes_by_region() -> dict[str, str]:
    found = {name: code for code, names in REGIONS.items() for name in names.split("|")}
    return {(name if name.isupper() else place_key(name)): code for name, code in found.items()}


@lru_cache(maxsize=1)
def _codes_by_city() -> dict[str, set[str]]:
    """{city: {"DE"}} or, in the United States, {city: {"US-CA"}}."""
    found: dict[str, set[str]] = {}
    for line in (DATA / "cities.txt").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            code, names = line.split(" ", 1)
            for name in names.split("|"):
                found.setdefault(name, set()).add(code)
    return found


def country_code(text: str) -> str:
    """The code for a code, a name in any language or a flag; "" where it is none or unclear."""
    typed = text.strip()
    if flag := _FLAG.search(typed):
        typed = "".join(chr(ord(sign) - 0x1F1E6 + ord("A")) for sign in flag.groups())
    if len(typed) == 2 and typed.isascii():
        code = CODE_ALIASES.get(typed.upper(), typed.upper())
        return code if code in _country_codes() else ""
    key = place_key(typed)
    found = _codes_by_name().get(key) or _codes_by_name().get(OF_A_STATE.sub("", key, count=1))
    if found:
        return found
    parts = [part.strip() for part in _BETWEEN_PARTS.split(typed) if part.strip()]
    if len(parts) < 2:
        return ""
    if parts[1].lower().endswith(" of"):  # "Tanzania, United Republic of"
        return country_code(parts[0])
    codes = {country_code(part) for part in parts}
    return codes.pop() if len(codes) == 1 else location_country(typed)


def location_country(text: str) -> str:
    """The country of "Berlin, Germany", "Columbus, OH 43215" or "Greater Boston"; "" if unclear."""
    parts = [re.sub(r"\d[\d -]*", " ", part).strip() for part in _BETWEEN_PARTS.split(text)]
    parts = [part for part in parts if part]
    if not parts:
        return ""
    last, before = parts[-1], parts[:-1]
    if len(last) == 2 and last.isascii() and last.isalpha():
        return _country_of_two_letters(last.upper(), before)
    key = place_key(last)
    if normal.us_state(_METRO_WORDS.sub(" ", key).strip()):
        is_both = key in _codes_by_name()
        return "" if is_both and not _is_us_city(before, normal.us_state(key)) else "US"
    return (
        _codes_by_name().get(key)
        or country_code(last)
        or _codes_by_region().get(key)
        or (_codes_by_region().get(last) if last.isupper() else None)
        or _country_of_city(last)
    )


def _country_of_two_letters(code: str, before: list[str]) -> str:
    """ "CA" is California or Canada: what stands before it decides."""
    country, state = country_code(code), normal.us_state(code)
    region = CODE_ALIASES.get(code) or (_codes_by_region().get(code) if before else None)
    if not state:
        return country or region or ""
    if not country:
        return region if region and region in _city_codes(before[-1]) else "US"
    if not before:
        return ""
    inner = _codes_by_region().get(before[-1].upper()) or _codes_by_region().get(
        place_key(before[-1])
    )
    if inner == country or country in _city_codes(before[0]):
        return country
    return "US" if _is_us_city(before, state) else ""


def _city_codes(city: str) -> set[str]:
    plain = " ".join(_METRO_WORDS.sub(" ", place_key(city)).split())
    cities = _codes_by_city()
    return cities.get(place_key(city)) or cities.get(plain) or set()


def _is_us_city(before: list[str], state: str) -> bool:
    return bool(before) and f"US-{state}" in _city_codes(before[-1])


def _country_of_city(city: str) -> str:
    codes = {code.partition("-")[0] for code in _city_codes(city)}
    return codes.pop() if len(codes) == 1 else ""


def country_or_typed(text: str) -> str:
    """The code, or what was typed where it is none; for settings that are checked."""
    return country_code(text) or text.strip().upper()


def stricter_country(known: str, told: str, allowed: frozenset[str]) -> str:
    """Of two countries that were told of one person, the one that may not be written to."""
    return told if told and (not known or told not in allowed) else known
