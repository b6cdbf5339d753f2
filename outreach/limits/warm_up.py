"""The warm-up of a sending domain: how many emails a day may leave from it, week by week. Pure.

Mailbox providers distrust a domain that sends much from its first day on. Weeks are counted in days of the team's
calendar from the start, whether anything left or not.
"""

from dataclasses import dataclass
from datetime import date

CAPS_BY_WEEK = (
    20,
    40,
    60,
    80,
    100,
)  # emails a day in week 1, 2 …; after the last the phase alone says


@dataclass(frozen=True)
class WarmUp:
    """A domain that warms up, on one day of the team's calendar."""

    domain: str
    since: date | None  # None: it begins with the first email
    day: date
    used: int = 0  # emails that left from it this day, or may have

    @property
    def week(self) -> int:
        return warm_up_week(self.since, self.day)

    @property
    def daily(self) -> int:
        return CAPS_BY_WEEK[self.week - 1]

    @property
    def sentence(self) -> str:
        if self.since is None:
            return f"New: its first email begins a warm-up of {len(CAPS_BY_WEEK)} weeks, {self.daily} emails a day at first."
        return f"Warms up since {self.since}: week {self.week} of {len(CAPS_BY_WEEK)}, at most {self.daily} emails a day."


def warm_up_week(since: date | None, day: date) -> int:
    """1 in the first seven days. A start that lies ahead (the team's zone was changed) is the first week."""
    return 1 + max(0, (day - since).days) // 7 if since else 1


def warm_up_on(domain: str, since: date | None, day: date, used: int = 0) -> WarmUp | None:
    """The warm-up as it is on `day`; None once the last week is over."""
    return (
        WarmUp(domain, since, day, used) if warm_up_week(since, day) <= len(CAPS_BY_WEEK) else None
    )


def moved_to_day(was: WarmUp | None, day: date) -> WarmUp | None:
    """As it will be on another day on which nothing has left yet; what is new today will have begun."""
    return warm_up_on(was.domain, was.since or was.day, day) if was and was.day != day else was
