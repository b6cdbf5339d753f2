"""The day's last slots are kept for more urgent emails whose offices open later that day. Pure.

In the morning of the team's day only those further east are at work. Without this the least urgent of them would use up
the cap before the most urgent further west could leave.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from outreach.limits.limit_rules import HOUR, BindingLimit, CurrentLimits


@dataclass(frozen=True)
class LaterGroup:
    """Approved emails to one place and domain, more urgent than the one that asks, that may leave later this day."""

    zone: str
    opens: datetime
    closes: datetime  # there, or the team's day
    domain: str  # "" where its limit cannot bind
    count: int


def reserve_limit(at: CurrentLimits, later: Iterable[LaterGroup]) -> BindingLimit | None:
    """Why a less urgent email may not leave now: those `later` will use up what is left of the day; None where not."""
    found = list(later)
    wanted = sendable_later(at, found)
    if not found or wanted < at.of_day.left:
        return None
    first = min(found, key=lambda one: one.opens)
    there = first.opens.astimezone(ZoneInfo(first.zone))
    city = first.zone.rpartition("/")[2].replace("_", " ")
    together = len({one.opens for one in found}) == 1
    which = (
        "one that opens"
        if wanted == 1
        else "ones that open"
        if together
        else "ones, the first of which opens"
    )
    text = f"kept for {wanted} more urgent {which} at {there:%H:%M} in {city}"
    return BindingLimit("kept", first.opens, text, everything=False)


def sendable_later(at: CurrentLimits, later: list[LaterGroup]) -> int:
    """How many of them the hourly limits and the gap let leave before their offices or the day close."""
    if not later:
        return 0
    each = sum(
        min(one.count, _sendable_between(at, one.opens, one.closes), _domain_allowance(at, one))
        for one in later
    )
    return min(
        each,
        _sendable_between(at, min(one.opens for one in later), max(one.closes for one in later)),
    )


def _sendable_between(at: CurrentLimits, start: datetime, end: datetime) -> int:
    """How many may leave in a stretch of time that begins with a free hour."""
    stretch = max(timedelta(0), end - start)
    full, rest = divmod(stretch, HOUR)
    return full * _sendable_within(at, HOUR) + _sendable_within(at, rest)


def _sendable_within(at: CurrentLimits, stretch: timedelta) -> int:
    if stretch <= timedelta(0):
        return 0
    by_gap = math.ceil(stretch / at.gap) if at.gap else at.hourly
    return min(at.hourly, by_gap)


def _domain_allowance(at: CurrentLimits, one: LaterGroup) -> int:
    hours = math.ceil(max(timedelta(0), one.closes - one.opens) / HOUR)
    return at.domain_hourly * hours if one.domain else one.count
