"""Moments as vendors, spreadsheets and people write them. None where no moment can be read."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import partial

from caio_project.lib.times import EARLIEST, LATEST

_EXCEL_ZERO = datetime(1899, 12, 30, tzinfo=UTC)
_DATE = re.compile(r"(\d{1,2})([/.-])(\d{1,2})[/.-](\d{4}|\d\d)\b[,]?\s*(.*)", re.DOTALL)
_CLOCK_FORMS = ("%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p", "%I %p", "%H:%M:%S.%f", "")
_WORD_FORMS = (
    "%b %d %Y", "%B %d %Y", "%d %b %Y", "%d %B %Y", "%d %b %y", "%d %B %y", "%a %d %b %Y",
    "%A %d %B %Y", "%a %b %d %Y", "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d",
)  # fmt: skip


class DayOrder(Enum):
    """Of dates such as 11/08/2026. A date with points has the day first in either."""

    DAY_FIRST = "the day first"
    MONTH_FIRST = "the month first"


def read_time(text: str, day_order: DayOrder | None = None) -> datetime | None:
    """The moment in UTC, between 2000 and 2100. Without a zone it is taken as UTC.

    Without `day_order` the month is first, unless it would be over 12.
    """
    typed = " ".join(text.split())
    written_time = partial(_written_time, day_order=day_order)
    readers: list[Callable[[str], datetime | None]] = [_number_time, _iso_time, written_time]
    for read in readers:
        try:
            at = read(typed)
        except (ValueError, OverflowError):
            continue
        if at is not None:
            return at if EARLIEST <= at < LATEST else None
    return None


def possible_orders(text: str) -> set[DayOrder]:
    """The orders in which `text` is a date; none where the order does not matter to it."""
    if not _DATE.match(" ".join(text.split())):
        return set()
    found = {order: read_time(text, order) for order in DayOrder}
    if len(set(found.values())) == 1:
        return set()
    return {order for order, at in found.items() if at is not None}


def _number_time(typed: str) -> datetime | None:
    """Seconds, milliseconds or microseconds since 1970, or the days of a spreadsheet."""
    if not re.fullmatch(r"\d{5,16}(?:\.\d+)?", typed) or re.fullmatch(r"\d{8}", typed):
        return None  # eight digits are a date: 20261124
    number = float(typed)
    if number < 100_000:
        return _EXCEL_ZERO + timedelta(days=number)
    for scale in (1, 1_000, 1_000_000):
        if EARLIEST.timestamp() <= number / scale < LATEST.timestamp():
            return datetime.fromtimestamp(number / scale, UTC)
    return None


def _iso_time(typed: str) -> datetime | None:
    # RB2B's own sample ends in "+00.00"; others in " UTC", " GMT" or " +0000"
    repaired = re.sub(r"([+-]\d\d)\.(\d\d)$", r"\1:\2", typed)
    repaired = re.sub(r"\s*(?:UTC|GMT|Z)$", "+00:00", repaired, flags=re.IGNORECASE)
    repaired = re.sub(r"\s+([+-]\d\d:?\d\d)$", r"\1", repaired)
    if not re.match(r"\d{4}-", repaired):
        return None
    at = datetime.fromisoformat(repaired)
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _written_time(typed: str, day_order: DayOrder | None) -> datetime | None:
    plain = re.sub(r"\s*(?:UTC|GMT|Z|\+00:?00)$", "", typed, flags=re.IGNORECASE)
    if found := _DATE.fullmatch(plain):
        return _read_date(found, day_order)
    day, clock = _split_clock(plain.replace(",", " ").replace(" at ", " "))
    day = re.sub(r"(?<=\d)-(?=[A-Za-z])|(?<=[A-Za-z])-(?=\d)", " ", day)  # 2-Nov-26
    for form in _WORD_FORMS:
        try:
            date = datetime.strptime(day, form).replace(tzinfo=UTC)
        except ValueError:
            continue
        return _with_clock(date, clock)
    return None


def _read_date(found: re.Match[str], day_order: DayOrder | None) -> datetime | None:
    one, sign, other, year, clock = found.groups()
    is_day_first = day_order is DayOrder.DAY_FIRST or (day_order is None and int(one) > 12)
    month, day = (other, one) if is_day_first or sign == "." else (one, other)
    return _with_clock(datetime(_full_year(year), int(month), int(day), tzinfo=UTC), clock)


def _full_year(year: str) -> int:
    return int(year) if len(year) == 4 else 2000 + int(year)


def _split_clock(text: str) -> tuple[str, str]:
    found = re.search(r"\s(\d{1,2}:\d\d.*|\d{1,2} ?[AaPp][Mm])$", text)
    day = text[: found.start()] if found else text
    return " ".join(day.split()), found[1] if found else ""


def _with_clock(day: datetime, clock: str) -> datetime | None:
    typed = re.sub(r"\s*([AaPp])\.?[Mm]\.?$", r" \1M", clock.strip())
    for form in _CLOCK_FORMS:
        try:
            at = datetime.strptime(typed, form).replace(tzinfo=UTC)
        except ValueError:
            continue
        return datetime.combine(day.date(), at.timetz())
    return None
