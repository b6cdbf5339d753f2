"""The day's last slots are kept for more urgent emails whose offices open later that day. Pure.

In the team's morning only offices further east are open. Without the reserve, the least urgent
emails to the east would use up the daily limit before the most urgent ones to the west could leave.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from outreach.limits.limit_rules import HOUR, BindingLimit, CurrentLimits
from outreach.limits.limit_texts import LimitCode


@dataclass(frozen=True)
class LaterGroup:
    """More urgent approved emails to one place and domain that may leave later this day."""

    zone: str
    opens: datetime
    closes: datetime  # there, or the team's day
    domain: str  # "" where its limit cannot bind
    count: int


def reserve_limit(at: CurrentLimits, later: Iterable[LaterGroup]) -> BindingLimit | None:
    """The reserve that holds a less urgent email back; None where slots remain beside `later`."""
    found = list(later)
    wanted = sendable_later(at, found)
    if not found or wanted < at.of_day.left:
        return None
    first = min(found, key=lambda one: one.opens)
    at_once = len({one.opens for one in found}) == 1
    arguments = {"kept": wanted, "at_once": at_once, "opens": first.opens, "zone": first.zone}
    return BindingLimit(LimitCode.KEPT, first.opens, arguments, everything=False)


def sendable_later(at: CurrentLimits, later: list[LaterGroup]) -> int:
    if not later:
        return 0
    each = sum(
        min(one.count, _sendable_between(at, one.opens, one.closes), _domain_allowance(at, one))
        for one in later
    )
    first, last = min(one.opens for one in later), max(one.closes for one in later)
    return min(each, _sendable_between(at, first, last))


def _sendable_between(at: CurrentLimits, start: datetime, end: datetime) -> int:
    """How many emails may leave from `start` to `end` if none left in the hour before."""
    full, rest = divmod(max(timedelta(0), end - start), HOUR)
    return full * _sendable_within(at, HOUR) + _sendable_within(at, rest)


def _sendable_within(at: CurrentLimits, duration: timedelta) -> int:
    if duration <= timedelta(0):
        return 0
    by_gap = math.ceil(duration / at.gap) if at.gap else at.hourly
    return min(at.hourly, by_gap)


def _domain_allowance(at: CurrentLimits, one: LaterGroup) -> int:
    hours = math.ceil(max(timedelta(0), one.closes - one.opens) / HOUR)
    return at.domain_hourly * hours if one.domain else one.count
