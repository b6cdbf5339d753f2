"""How two versions of an email compare, and what a test could show before it begins. Pure."""

from dataclasses import dataclass
from math import ceil

from caio_project.lib import statistics

ASSUMED_RATE = 0.07  # where too little has left to say: the reply rate that the gate asks for
FEWEST_PEOPLE = 30  # people whose answers make a rate of our own
UNEVEN_SPLIT = 0.01  # a split less likely than this by chance is a fault, and its test says nothing
WANTED_POWER = 0.8


@dataclass(frozen=True)
class ExperimentPlan:
    """What a test over `size` emails can show."""

    size: int
    rate: float  # of answers, today
    is_assumed: bool
    hoped: float  # twice that
    power: float  # the chance to see such a rise
    seen: (
        float | None
    )  # the rate that would be seen eight times in ten; None where not even 100 % would
    needed: int  # emails for eight in ten at `hoped`
    days: int | None  # at today's cap, every email given to it; None where nothing may leave

    @property
    def sentence(self) -> str:
        source = "assumed" if self.is_assumed else "today"
        seen = f" Eight times in ten it would see a rise to {self.seen:.0%}." if self.seen else ""
        days = (
            "nothing leaves in this phase"
            if self.days is None
            else f"{self.days} days or more at today's cap"
        )
        return (
            f"With {self.size // 2} emails a side a rise from {self.rate:.0%} ({source}) to "
            f"{self.hoped:.0%} would be "
            f"seen {_chance_in_words(self.power)}.{seen} To see one to {self.hoped:.0%} it "
            f"takes {self.needed} emails. "
            f"These {self.size} take {days}."
        )


def _chance_in_words(power: float) -> str:
    times = round(power * 10)
    return f"{times} times in 10" if times > 1 else "once in 10" if times else "hardly ever"


def plan_experiment(size: int, people: int, answered: int, daily: int) -> ExperimentPlan:
    is_assumed = people < FEWEST_PEOPLE or not 0 < answered < people
    rate = ASSUMED_RATE if is_assumed else answered / people
    hoped, each = min(0.95, rate * 2), size // 2
    hoped = hoped if hoped > rate else (rate + 1) / 2
    chance = statistics.statistical_power(rate, hoped, each)
    needed = 2 * statistics.trials_needed(rate, hoped, WANTED_POWER)
    return ExperimentPlan(
        size,
        rate,
        is_assumed,
        hoped,
        chance,
        _lowest_rate_seen(rate, each),
        needed,
        ceil(size / daily) if daily else None,
    )


def _lowest_rate_seen(rate: float, each: int) -> float | None:
    """The lowest whole percentage above `rate` that would be told from it eight times in ten."""
    rates = (percent / 100 for percent in range(int(rate * 100) + 1, 100))
    return next(
        (one for one in rates if statistics.statistical_power(rate, one, each) >= WANTED_POWER),
        None,
    )


@dataclass(frozen=True)
class SideCounts:
    """One version's emails."""

    assigned: int
    left: int  # through GoHighLevel, to people
    ripe: int  # of those, at least three days ago
    answered: int  # of the ripe
    edited: int  # of those that left, changed by a person before

    @property
    def rate(self) -> float | None:
        return self.answered / self.ripe if self.ripe else None

    @property
    def interval(self) -> tuple[float, float] | None:
        return statistics.wilson_interval(self.answered, self.ripe)


@dataclass(frozen=True)
class Comparison:
    """Two sides, compared. `verdict` is "" while it is too early for one."""

    a: SideCounts
    b: SideCounts
    difference: tuple[float, float] | None  # of B's rate less A's, 95 %
    assigned_by_chance: float  # how likely a split this uneven is
    left_by_chance: float
    is_complete: bool
    verdict: str
    why: str


def compare_sides(a: SideCounts, b: SideCounts, size: int, waiting: int) -> Comparison:
    """`waiting` are assigned emails that may still leave, or left less than three days ago."""
    difference = statistics.difference_interval(a.answered, a.ripe, b.answered, b.ripe)
    assigned, left = (
        statistics.even_split_p_value(a.assigned, b.assigned),
        statistics.even_split_p_value(a.left, b.left),
    )
    is_complete = a.assigned + b.assigned >= size and not waiting
    verdict, why = _verdict_and_why(difference, min(assigned, left), is_complete)
    return Comparison(a, b, difference, assigned, left, is_complete, verdict, why)


def _verdict_and_why(
    difference: tuple[float, float] | None, by_chance: float, is_complete: bool
) -> tuple[str, str]:
    if by_chance < UNEVEN_SPLIT:
        why = "The split is too uneven to be chance, so the two sides cannot be compared."
        return ("inconclusive" if is_complete else ""), why
    if not is_complete:
        return "", "Too early to tell: wait until the test is complete."
    if difference is None:
        return "inconclusive", "Nothing left on one of the sides."
    low, high = difference
    between = f"B less A lies between {low * 100:+.1f} and {high * 100:+.1f} points (95 %)."
    if low > 0:
        return "b", f"B is answered more often. {between}"
    if high < 0:
        return "a", f"A is answered more often. {between}"
    return "inconclusive", f"The difference may be chance. {between}"
