"""Intervals and means. Pure; scipy is imported where it is used, not at start."""

from statistics import mean, median, quantiles


def wilson(successes: int, trials: int) -> tuple[float, float] | None:
    """The 95 % Wilson interval of a proportion; None without trials."""
    if not trials:
        return None
    from scipy.stats import binomtest

    interval = binomtest(successes, trials).proportion_ci(confidence_level=0.95, method="wilson")
    return float(interval.low), float(interval.high)


def spread(values: list[float]) -> dict[str, float]:
    """Mean, median and 90th percentile of at least one value."""
    p90 = quantiles(values, n=10, method="inclusive")[-1] if len(values) > 1 else values[0]
    return {"mean": mean(values), "median": median(values), "p90": p90}
