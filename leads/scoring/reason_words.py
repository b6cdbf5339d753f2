"""The reasons of a score as sentences, and why a lead is HOT. Pure.

Reads the rows that an assessment stores; those of older versions have no page facts.
"""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo
from typing import Any

from leads.scoring import calculation

ReasonRow = dict[str, Any]
NO_SENTENCE = ("fit", "most", "pages_most")  # they stand in the sum
MOST_LABELS = 2
_BAND = re.compile(r"(\d[\d,.]*)\s*(?:-|–|—|to)\s*(\d[\d,.]*)")


def why_now(rows: Iterable[ReasonRow], now: datetime) -> list[str]:
    """What speaks for writing now, strongest first: "Pricing page twice, last 20 min ago"."""
    return [_sentence(row, now) for row in rows if row["code"] not in NO_SENTENCE]


def _sentence(row: ReasonRow, now: datetime) -> str:
    if not row.get("label"):
        return str(row["text"])
    visits, at = row.get("visits", 1), _time_of(row)
    who = " by a colleague" if row.get("by_colleague") else ""
    parts = [f"{_page_name(row['label'])}{who}{_times(visits)}"]
    if at is not None:
        parts.append(f"{'last ' if visits > 1 else ''}{_ago(now - at)}")
    if source := row.get("source"):
        parts.append(f"from {source}")
    return ", ".join(parts)


def _page_name(label: str) -> str:
    return label if label.lower().endswith(("page", "pages")) else f"{label} page"


def _times(count: int) -> str:
    return {0: "", 1: "", 2: " twice"}.get(count, f" {count} times")


def _ago(age: timedelta) -> str:
    seconds = max(0, int(age.total_seconds()))
    for size, one, many in ((86400, "day", "days"), (3600, "hour", "hours"), (60, "min", "min")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {one if count == 1 else many} ago"
    return "just now"


def why_band(
    intent: int, tier: str, employees: str, employees_from: int | None, *, pages: str
) -> str:
    """Why an email has its band: "77: demo and pricing today", "tier 1, 201 to 500 people"."""
    by_score = intent >= calculation.HOT_MIN_INTENT
    if not by_score and calculation.is_hot(intent, tier, employees_from):
        size = people_count(employees, employees_from)
        return ", ".join(part for part in (tier.replace("_", " "), size) if part)
    return f"{intent}: {pages}" if pages else f"score {intent}"


def main_pages(rows: Iterable[ReasonRow], now: datetime, zone: tzinfo) -> str:
    """The pages with the most points and the day of the newest: "demo and pricing today"."""
    found = [row for row in rows if row.get("label")][:MOST_LABELS]
    if not found:
        return ""
    times = [at for row in found if (at := _time_of(row))]
    day = f" {_day(max(times), now, zone)}" if times else ""
    return " and ".join(_in_a_sentence(row["label"]) for row in found) + day


def _in_a_sentence(label: str) -> str:
    first = label.split(" ")[0]
    return label if first.isupper() and len(first) > 1 else label[:1].lower() + label[1:]


def _day(at: datetime, now: datetime, zone: tzinfo) -> str:
    days = (now.astimezone(zone).date() - at.astimezone(zone).date()).days
    return {0: "today", 1: "yesterday"}.get(days, f"{max(days, 0)} days ago")


def people_count(employees: str, employees_from: int | None) -> str:
    """How many people a company has, as one says it: "201 to 500 people", "501+ people"."""
    if found := _BAND.search(employees):
        return f"{found[1]} to {found[2]} people"
    if employees.strip().isdigit():
        return f"{employees.strip()} people"
    return f"{employees_from}+ people" if employees_from is not None else ""


def _time_of(row: ReasonRow) -> datetime | None:
    try:
        at = datetime.fromisoformat(row.get("last_at") or "")
    except ValueError:
        return None
    return at if at.tzinfo else None
