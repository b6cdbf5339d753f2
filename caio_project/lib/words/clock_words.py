"""Times as people here say them: a 12-hour clock with the zone's abbreviation.

The zone is the reader's while a page is made for one, and else the team's.
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

# Without summer and winter: "ET" is what a US team says for EST and EDT.
SPOKEN_ZONES = {
    "EST": "ET", "EDT": "ET", "CST": "CT", "CDT": "CT", "MST": "MT", "MDT": "MT", "PST": "PT",
    "PDT": "PT", "AKST": "AKT", "AKDT": "AKT", "HST": "HT",
}  # fmt: skip
SHARED_ABBREVIATIONS = {"CST": "America", "CDT": "America"}  # also China's and Cuba's
NBSP = "\u00a0"


def clock_words(at: datetime, zone: ZoneInfo | None = None) -> str:
    """ "2:39 PM ET"."""
    local = timezone.localtime(at, zone)
    return f"{local:%-I:%M}{NBSP}{local:%p}{NBSP}{zone_abbreviation(local)}"


def day_clock_words(at: datetime) -> str:
    """ "2:39 PM ET" today, "Nov 28, 2:39 PM ET" on another day, with the year of another year."""
    return clock_words(at) if _is_today(at) else stamp_words(at)


def moment_words(at: datetime) -> str:
    """ "at 2:39 PM ET" today, "on Nov 28 at 2:39 PM ET" on another day."""
    return f"at {clock_words(at)}" if _is_today(at) else f"on {day_words(at)} at {clock_words(at)}"


def _is_today(at: datetime) -> bool:
    return timezone.localdate(at) == timezone.localdate()


def day_words(at: datetime) -> str:
    """ "Nov 28"; "Nov 28, 2025" in another year."""
    return date_words(timezone.localdate(at))


def date_words(day: date) -> str:
    year = "" if day.year == timezone.localdate().year else f", {day.year}"
    return f"{day:%b}{NBSP}{day.day}{year}"


def stamp_words(at: datetime) -> str:
    """ "Nov 28, 2:39 PM ET": with the day always, for what is stored and read later."""
    return f"{day_words(at)}, {clock_words(at)}"


def zone_abbreviation(local: datetime) -> str:
    """ "ET", "GMT"; "UTC+3" for a zone without a name of its own."""
    name, key = local.tzname() or "", getattr(local.tzinfo, "key", "")
    is_shared = name in SHARED_ABBREVIATIONS and not key.startswith(SHARED_ABBREVIATIONS[name])
    if name and name[0] not in "+-" and not is_shared:
        return SPOKEN_ZONES.get(name, name)
    offset = local.utcoffset() or timedelta()
    sign, minutes = "-" if offset < timedelta() else "+", abs(int(offset.total_seconds())) // 60
    return f"UTC{sign}{minutes // 60}" + (f":{minutes % 60:02}" if minutes % 60 else "")


def span_words(amount: timedelta, units: int = 2) -> str:
    """ "18 min", "1 h 40 min", "2 d 3 h": at most `units` of days and hours, or hours and minutes.

    Never negative; seconds only below a minute.
    """
    seconds = abs(int(amount.total_seconds()))
    if seconds < 60:
        return f"{seconds}{NBSP}s"
    days, hours, minutes = seconds // 86400, seconds // 3600 % 24, seconds // 60 % 60
    pairs = ((days, "d"), (hours, "h")) if days else ((hours, "h"), (minutes, "min"))
    said = [f"{count}{NBSP}{unit}" for count, unit in pairs if count]
    return " ".join(said[:units])
