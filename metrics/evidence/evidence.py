"""The week-clustered mixture e-process of the gates. Pure; numpy is imported where it is used.

Weeks differ by more than chance, so the likelihood of a week is beta-binomial. If the true rate is
the null's, the evidence ever reaches 20 in at most one run of twenty, whenever somebody looks.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

ENOUGH = 20.0
POINTS = 24  # alternatives, equally spaced in log-odds, of equal weight
MOST_SPREAD = 0.6
FEWEST_WEEKS = 4  # that say how much weeks differ
MOST_WEEKS = 104  # that a forecast looks ahead


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


def joint_evidence(ratios: Iterable["NDArray[Any]"]) -> float:
    """The mean over the alternatives of the product over the weeks; never the reverse."""
    import numpy as np

    return float(np.exp(log_mean(sum(ratios, start=np.zeros(POINTS)))))


def people_to_go(weeks: Iterable[WeekCount], rule: EvidenceRule, rate: float, a_week: int) -> int:
    """How many more people the evidence needs if they answer at `rate`; 0 where it is enough, or
    where so many weeks of `a_week` people would not do.
    """
    import numpy as np

    total = sum(
        (week_log_ratios(w.answered, w.people, rule) for w in weeks), start=np.zeros(POINTS)
    )
    gain = week_log_ratios(rate * a_week, a_week, rule)
    for number in range(MOST_WEEKS + 1):
        if log_mean(total + number * gain) >= np.log(ENOUGH):
            return number * a_week
    return 0


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


def week_log_ratios(answered: Any, people: Any, rule: EvidenceRule) -> "NDArray[Any]":
    """log(likelihood of the week under each alternative / under the null).

    For counts of the shape S the answer has the shape S + (POINTS,).
    """
    import numpy as np

    answered, people = np.asarray(answered, float)[..., None], np.asarray(people, float)[..., None]
    likelihoods = _log_likelihood(answered, people - answered, _rates(rule), rule.spread)
    ratios: NDArray[Any] = likelihoods[..., 1:] - likelihoods[..., :1]
    return ratios


def log_mean(log_values: Any) -> Any:
    import numpy as np
    from scipy.special import logsumexp

    return logsumexp(log_values, axis=-1) - np.log(np.shape(log_values)[-1])


@lru_cache
def _rates(rule: EvidenceRule) -> "NDArray[Any]":
    """The null's rate, then the alternatives'."""
    import numpy as np
    from scipy.special import expit, logit

    alternatives = expit(np.linspace(logit(rule.lowest), logit(rule.highest), POINTS))
    return np.concatenate([[rule.null], alternatives])


def _log_likelihood(answered: Any, not_answered: Any, rates: Any, spread: float) -> Any:
    """Without the binomial coefficient, which is the same at every rate."""
    import numpy as np
    from scipy.special import betaln

    if not spread:
        return answered * np.log(rates) + not_answered * np.log1p(-rates)
    concentration = (1 - rates) / (spread**2 * rates) - 1
    a, b = rates * concentration, (1 - rates) * concentration
    return betaln(answered + a, not_answered + b) - betaln(a, b)
