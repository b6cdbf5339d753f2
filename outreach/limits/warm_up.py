"""The warm-up of a sending domain: how many emails a day may leave from it, week by week. Pure.

Mailbox providers distrust a new domain that sends many emails from its first day. Weeks are counted
from the start in days of the team's calendar, whether or not emails were sent.
"""

from dataclasses import dataclass
from datetime import date

CAPS_BY_WEEK = (
    20,
    40,
    60,
    80,
    100,
)  # emails a day in week 1, 2 …; afterwards only the phase limits


@dataclass(frozen=True)
class WarmUp:
    """The warm-up of a domain on one day of the team's calendar."""

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
        weeks = len(CAPS_BY_WEEK)
        if self.since is None:
            return (
                f"New: its first email begins a warm-up of {weeks} weeks, "
                f"{self.daily} emails a day at first."
            )
        return (
            f"Warms up since {self.since}: week {self.week} of {weeks}, "
            f"at most {self.daily} emails a day."
        )


def warm_up_week(since: date | None, day: date) -> int:
    """Weeks are numbered from 1. A start in the future (the team's zone was changed) is week 1."""
    return 1 + max(0, (day - since).days) // 7 if since else 1


def warm_up_on(domain: str, since: date | None, day: date, used: int = 0) -> WarmUp | None:
    is_over = warm_up_week(since, day) > len(CAPS_BY_WEEK)
    return None if is_over else WarmUp(domain, since, day, used)


def moved_to_day(was: WarmUp | None, day: date) -> WarmUp | None:
    """The warm-up on a later day, before its first email. A new domain has begun by then."""
    return warm_up_on(was.domain, was.since or was.day, day) if was and was.day != day else was
