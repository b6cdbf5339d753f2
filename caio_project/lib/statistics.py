"""Intervals, means and power. Pure; scipy is imported where it is used, not at start."""

from math import ceil, hypot, sqrt
from statistics import mean, median, quantiles

Z95 = 1.959963984540054  # the normal quantile of 97.5 %


def wilson_interval(successes: int, trials: int) -> tuple[float, float] | None:
    """The 95 % Wilson interval of a proportion; None without trials."""
    if not trials:
        return None
    squared = Z95**2
    middle = (successes + squared / 2) / (trials + squared)
    failures = trials - successes
    half = Z95 * sqrt(successes * failures / trials + squared / 4) / (trials + squared)
    low = 0.0 if successes == 0 else max(0.0, middle - half)
    high = 1.0 if failures == 0 else min(1.0, middle + half)
    return low, high


def mean_interval(total: float, squares: float, number: int) -> tuple[float, float] | None:
    """The 95 % interval (Student's t) of a mean, from the sum and the sum of squares; None for
    fewer than two values.
    """
    if number < 2:
        return None
    from scipy.special import stdtrit

    average = total / number
    variance = max(0.0, (squares - total * average) / (number - 1))
    half = float(stdtrit(number - 1, 0.975)) * sqrt(variance / number)
    return average - half, average + half


def summarize_values(values: list[float]) -> dict[str, float]:
    p90 = quantiles(values, n=10, method="inclusive")[-1] if len(values) > 1 else values[0]
    return {"mean": mean(values), "median": median(values), "p90": p90}


def difference_interval(
    successes: int, trials: int, others: int, other_trials: int
) -> tuple[float, float] | None:
    """The 95 % interval of `others / other_trials - successes / trials`; None without trials.

    Source: Newcombe (1998), Statistics in Medicine 17, method 10: from the two Wilson intervals.
    """
    one, other = wilson_interval(successes, trials), wilson_interval(others, other_trials)
    if one is None or other is None:
        return None
    p, q = successes / trials, others / other_trials
    low = hypot(q - other[0], one[1] - p)
    high = hypot(other[1] - q, p - one[0])
    return q - p - low, q - p + high


def statistical_power(rate: float, other: float, each: int) -> float:
    """The chance that `each` trials a side tell `other` from `rate` (two-sided, 5 %, normal)."""
    from scipy.stats import norm

    if each <= 0 or rate == other:
        return 0.05 if each > 0 else 0.0
    mean_rate = (rate + other) / 2
    under_none = sqrt(2 * mean_rate * (1 - mean_rate) / each)
    under_other = sqrt((rate * (1 - rate) + other * (1 - other)) / each)
    return float(norm.cdf((abs(other - rate) - norm.ppf(0.975) * under_none) / under_other))


def trials_needed(rate: float, other: float, wanted: float = 0.8) -> int:
    """Trials a side for the chance `wanted` to tell `other` from `rate`; the two must differ."""
    from scipy.stats import norm

    if rate == other:
        raise ValueError("Two equal rates cannot be told apart.")
    mean_rate = (rate + other) / 2
    under_none = norm.ppf(0.975) * sqrt(2 * mean_rate * (1 - mean_rate))
    under_other = norm.ppf(wanted) * sqrt(rate * (1 - rate) + other * (1 - other))
    return ceil(((under_none + under_other) / (other - rate)) ** 2)


def even_split_p_value(one: int, other: int) -> float:
    """The chance of a split at least as uneven as this by a fair coin."""
    from scipy.stats import binomtest

    return float(binomtest(one, one + other).pvalue) if one + other else 1.0
