"""Monthly targets: where the month stands, where it may end, and what the cap allows. Pure.

A projection is an interval, or none where too few days or events say something.
"""

from dataclasses import dataclass

from caio_project.lib import statistics

LEAST_DAYS = 5  # working days of the month behind us, for a projection
LEAST_EVENTS = 5


@dataclass(frozen=True)
class MonthDays:
    """Working days of the month: those over, and those left with today.

    `sent_today` is what left already on today; None where it is no working day.
    """

    over: int
    left: int
    sent_today: int | None = None

    def emails_left(self, a_day: float) -> float:
        """How many still leave at so many a day; what left today is part of today's."""
        if self.sent_today is None:
            return self.left * a_day
        return max(0.0, a_day - self.sent_today) + (self.left - 1) * a_day


@dataclass(frozen=True)
class Target:
    """`projected` is the interval of the month's end; None: not enough yet.

    `most` is what the cap allows by then, from `left` days at `cap`; None where no cap holds.
    """

    code: str
    goal: float
    current: float | None
    projected: tuple[float, float] | None = None
    most: int | None = None
    cap: int = 0
    left: int = 0

    @property
    def is_reachable(self) -> bool:
        return self.most is None or self.most >= self.goal


def sent_target(goal: int, by_day: list[int], current: int, days: MonthDays, cap: int) -> Target:
    """`by_day` are the sends of each working day that is over; `current` is with today."""
    most = current + int(days.emails_left(cap))
    projected = None
    if len(by_day) >= LEAST_DAYS:
        squares = sum(one * one for one in by_day)
        pace = statistics.mean_interval(sum(by_day), squares, len(by_day)) or (0.0, 0.0)
        low, high = (min(current + days.emails_left(max(0.0, rate)), most) for rate in pace)
        projected = low, high
    return Target("sent", goal, current, projected, most, cap, days.left)


def count_target(code: str, goal: float, current: int, days: MonthDays) -> Target:
    """Of events that come by chance: the exact Poisson interval of the pace, for what is left."""
    projected = None
    if days.over >= LEAST_DAYS and current >= LEAST_EVENTS:
        from scipy.special import gammaincinv

        share = days.left / days.over
        low = float(gammaincinv(current, 0.025)) * share
        high = float(gammaincinv(current + 1, 0.975)) * share
        projected = current + low, current + high
    return Target(code, goal, current, projected)
