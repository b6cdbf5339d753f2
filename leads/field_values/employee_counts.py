"""How many people a company has, as vendors and spreadsheets write it."""

import re

MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan", "feb", "mar mär mrz", "apr avr", "may mai", "jun", "jul", "aug", "sep", "oct okt",
         "nov", "dec dez"), 1
    )
    for name in names.split()
}  # fmt: skip
UNITS = {
    "k": 1_000, "thousand": 1_000, "tsd": 1_000, "mil": 1_000, "m": 1_000_000, "mio": 1_000_000,
    "mm": 1_000_000, "million": 1_000_000,
}  # fmt: skip
_BELOW = re.compile(
    r"\s*(?:<|≤|under\b|up to\b|below\b|(?:less|fewer) than\b|weniger als\b|bis zu\b)"
)
_MONEY = re.compile(r"[$€£¥₹%]|\b(?:usd|eur|gbp|chf|revenue|umsatz|dollars?)\b")
_ALONE = re.compile(r"\s*(?:self[- ]?employed|myself only|just me|solo|sole proprietor)\s*")
_SPACES = "\u00a0\u2009\u202f\u2007'’"  # between thousands
_NUMBER = re.compile(r"(\d[\d.,]*)\s*([a-z]+)?")
# A spreadsheet makes a date of a band: of 11-50 Nov-50, of 2-10 02-Oct or 10-Feb.
_MONTH_FIRST = re.compile(r"([a-zä]{3,9})\.?[\s./-]+(\d{1,4})")
_DAY_FIRST = re.compile(r"(\d{1,4})[\s./-]+([a-zä]{3,9})\.?")
_ISO_DATE = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)(?:[t ][\d:.z+-]*)?")
_OTHER_DATE = re.compile(r"(\d\d?)[/.](\d\d?)[/.](\d{4})(?: [\d:.]+)?(?: ?[ap]m)?")


def lower_end(text: str) -> int | None:
    """Of "51-200" 51, of "10K+" 10,000, of "under 50" 0; None where it is unknown."""
    low = text.strip().lower()
    if _MONEY.search(low) or re.match(r"[-−–]\s*\d+$", low):
        return None
    if _ALONE.fullmatch(low):
        return 1
    if _BELOW.match(low) and re.search(r"\d", low):
        return 0
    dated = _band_of_date(low)
    return _first_number(low) if dated is None else dated


def _band_of_date(low: str) -> int | None:
    if found := _MONTH_FIRST.fullmatch(low) or _DAY_FIRST.fullmatch(low):
        word, number = sorted(found.groups(), key=str.isdigit)
        month = MONTHS.get(word[:3])
        return None if month is None else min(month, int(number))
    if found := _ISO_DATE.fullmatch(low):
        year, *parts = map(int, found.groups())
    elif found := _OTHER_DATE.fullmatch(low):
        *parts, year = map(int, found.groups())
    else:
        return None
    # 11-50 becomes the first of November 1950, 2-10 a day of this year
    return max(parts) if year < 2000 else min(parts)


def _first_number(low: str) -> int | None:
    for space in _SPACES:
        low = low.replace(space, " ")
    low = re.sub(r"(?<=\d) (?=\d{3}(?!\d))", "", low)
    found = _NUMBER.search(low)
    if found is None:
        return None
    unit = UNITS.get(found[2] or "", 1)
    number = _plain_number(found[1].rstrip(".,"), unit > 1)
    if number * unit >= 100_000_000:
        return None
    return int(number * unit + 0.5) if unit > 1 else int(number)


def _plain_number(digits: str, has_unit: bool) -> float:
    """ "1,001", "1.001" and "1.2" each as meant: three digits behind a sign are thousands."""
    if re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+(?:[.,]\d{1,2})?", digits) and not (
        has_unit and len(digits) < 6
    ):
        parts = re.split(r"[.,]", digits)
        kept = parts if len(parts[-1]) == 3 else parts[:-1]
        return float("".join(kept))
    whole, _, rest = re.sub(",", ".", digits).partition(".")
    return float(f"{whole}.{rest.split('.')[0] or '0'}")
