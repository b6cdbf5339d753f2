"""The week-clustered mixture e-process of the gates. Pure.

Weeks differ by more than chance, so the likelihood of a week is beta-binomial. If the true rate is
the null's, the evidence ever reaches 20 in at most one run of twenty, whenever somebody looks.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import exp, fsum, lgamma, log, log1p

ENOUGH = 20.0
POINTS = 24  # alternatives, equally spaced in log-odds, of equal weight
MOST_SPREAD = 0.6
FEWEST_WEEKS = 4  # that say how much weeks differ
MOST_WEEKS = 104  # that a forecast looks ahead
LARGEST_LOG = 700.0  # what a float can hold as a number, nearly

LogRatios = tuple[float, ...]  # one of each alternative


@dataclass(frozen=True)
class EvidenceRule:
    """`null` is the rate to be disproved; `lowest` and `highest` bound the alternatives.

    `spread` is the standard deviation of the weekly rate divided by its mean.
    """

    null: float
    lowest: float
    highest: float
    spread: float


INTO_ASSISTED = EvidenceRule(null=0.05, lowest=0.06, highest=0.14, spread=0.3)
INTO_AUTONOMOUS = EvidenceRule(null=0.06, lowest=0.07, highest=0.15, spread=0.3)
OVERRIDES = EvidenceRule(null=0.15, lowest=0.02, highest=0.12, spread=0.0)


@dataclass(frozen=True)
class WeekCount:
    """Of the people of one week, how many answered."""

    answered: int
    people: int

    def __post_init__(self) -> None:
        if not 0 <= self.answered <= self.people:
            raise ValueError(f"{self.answered} of {self.people} is no count of a week.")


def evidence(weeks: Iterable[WeekCount], rule: EvidenceRule) -> float:
    """How many times better the alternatives explain the weeks than the null; 1 without weeks."""
    return joint_evidence(week_log_ratios(one.answered, one.people, rule) for one in weeks)


def joint_evidence(ratios: Iterable[LogRatios]) -> float:
    """The mean over the alternatives of the product over the weeks; never the reverse."""
    return exp(min(log_mean(_sums(ratios)), LARGEST_LOG))


def people_to_go(weeks: Iterable[WeekCount], rule: EvidenceRule, rate: float, a_week: int) -> int:
    """How many more people the evidence needs if they answer at `rate`; 0 where it is enough, or
    where so many weeks of `a_week` people would not do.
    """
    total = _sums(week_log_ratios(one.answered, one.people, rule) for one in weeks)
    gain = week_log_ratios(rate * a_week, a_week, rule)
    for number in range(MOST_WEEKS + 1):
        if log_mean([one + number * more for one, more in zip(total, gain, strict=True)]) >= log(
            ENOUGH
        ):
            return number * a_week
    return 0


def _sums(ratios: Iterable[LogRatios]) -> LogRatios:
    """By alternative, over the weeks."""
    return tuple(map(fsum, zip(*ratios, strict=True))) or (0.0,) * POINTS


def spread_of_weeks(weeks: Iterable[WeekCount]) -> float | None:
    """The standard deviation of the weekly rate beyond chance, divided by its mean.

    None where fewer than four weeks have people, or nobody answered. By moments, as the variance
    between weeks of an analysis of variance for proportions.
    """
    counted = [week for week in weeks if week.people]
    people = sum(week.people for week in counted)
    rate = sum(week.answered for week in counted) / people if people else 0
    if len(counted) < FEWEST_WEEKS or not rate:
        return None
    between = sum(week.people * (week.answered / week.people - rate) ** 2 for week in counted)
    within = sum(week.answered * (1 - week.answered / week.people) for week in counted)
    mean_within = within / (people - len(counted)) if people > len(counted) else 0
    size = (people - sum(week.people**2 for week in counted) / people) / (len(counted) - 1)
    variance = max(0.0, (between / (len(counted) - 1) - mean_within) / size)
    return float(variance**0.5 / rate)


def with_spread_seen(rule: EvidenceRule, seen: float | None) -> EvidenceRule:
    """The rule with a larger spread where past weeks showed one; never with a smaller."""
    return replace(rule, spread=min(max(rule.spread, seen or 0.0), MOST_SPREAD))


@lru_cache(maxsize=8192)
def week_log_ratios(answered: float, people: float, rule: EvidenceRule) -> LogRatios:
    """log(likelihood of the week under each alternative / under the null)."""
    null, *alternatives = (
        _log_likelihood(answered, people - answered, rate, rule.spread) for rate in _rates(rule)
    )
    return tuple(one - null for one in alternatives)


def log_mean(log_values: Sequence[float]) -> float:
    largest = max(log_values)
    return largest + log(fsum(exp(one - largest) for one in log_values) / len(log_values))


@lru_cache
def _rates(rule: EvidenceRule) -> tuple[float, ...]:
    """The null's rate, then the alternatives'."""
    low, high = (log(rate / (1 - rate)) for rate in (rule.lowest, rule.highest))
    odds = (low + (high - low) * n / (POINTS - 1) for n in range(POINTS))
    return rule.null, *(1 / (1 + exp(-one)) for one in odds)


def _log_likelihood(answered: float, not_answered: float, rate: float, spread: float) -> float:
    """Without the binomial coefficient, which is the same at every rate."""
    if not spread:
        return answered * log(rate) + not_answered * log1p(-rate)
    concentration = (1 - rate) / (spread**2 * rate) - 1
    a, b = rate * concentration, (1 - rate) * concentration
    return _log_beta(answered + a, not_answered + b) - _log_beta(a, b)


def _log_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)
