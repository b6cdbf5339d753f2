"""Add counts of days, and what they say: value, interval, sample. Pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import exp, log, log1p

from caio_project.lib import statistics
from metrics.figures.definitions import FigureDefinition, Reading

CLASS_WIDTH = log(1.02)  # of waiting times; a class ends 2 % above its start
MINUTE = 60
QUANTILES = {Reading.MEDIAN: 0.5, Reading.P90: 0.9}


@dataclass
class Counts:
    """Sums over rows. `classes` counts waiting times by `class_of`."""

    numerator: int = 0
    denominator: int = 0
    squares: int = 0
    classes: Counter[int] = field(default_factory=Counter)

    def add(self, other: "Counts") -> None:
        self.numerator += other.numerator
        self.denominator += other.denominator
        self.squares += other.squares
        self.classes.update(other.classes)


def class_of(seconds: float) -> int:
    """The class of a waiting time: even under a minute, by 2 % above it."""
    return int(log1p(max(seconds, 0) / MINUTE) / CLASS_WIDTH)


def seconds_of(number: int) -> float:
    """The middle of a class."""
    return (exp((number + 0.5) * CLASS_WIDTH) - 1) * MINUTE


def quantile_of(classes: Mapping[int, int], share: float) -> float | None:
    """The waiting time in seconds that `share` of them do not exceed; None without any."""
    total = sum(classes.values())
    reached = 0
    for number in sorted(classes):
        reached += classes[number]
        if reached >= share * total:
            return seconds_of(number)
    return None


@dataclass(frozen=True)
class Measured:
    """`value` and `interval` are in the unit of the figure; `sample` is a number of things."""

    value: float | None
    interval: tuple[float, float] | None
    sample: int
    is_enough: bool


def measure(figure: FigureDefinition, counts: Counts, cost: float | None = None) -> Measured:
    """What the counts say. `cost` is the dollars of the period, for a price."""
    sample = counts.numerator if _counts_itself(figure) else counts.denominator
    value = _value(figure, counts, cost)
    is_enough = value is not None and sample >= figure.needed
    return Measured(value, _interval(figure, counts), sample, is_enough)


def _counts_itself(figure: FigureDefinition) -> bool:
    return figure.reading == Reading.PRICE or not figure.denominator


def _value(figure: FigureDefinition, counts: Counts, cost: float | None) -> float | None:
    if figure.reading == Reading.COUNT:
        return counts.numerator / figure.scale
    if figure.reading == Reading.PRICE:
        return None if cost is None or not counts.numerator else cost / counts.numerator
    if not counts.denominator:
        return None
    if figure.reading in QUANTILES:
        found = quantile_of(counts.classes, QUANTILES[figure.reading])
        return None if found is None else found / figure.scale
    return counts.numerator / counts.denominator / figure.scale


def _interval(figure: FigureDefinition, counts: Counts) -> tuple[float, float] | None:
    if figure.reading == Reading.SHARE:
        return statistics.wilson_interval(counts.numerator, counts.denominator)
    if figure.reading == Reading.MEAN:
        found = statistics.mean_interval(counts.numerator, counts.squares, counts.denominator)
        return found and (found[0] / figure.scale, found[1] / figure.scale)
    return None
