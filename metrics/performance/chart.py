"""What a chart is: columns of a table, of which a script draws some. Pure."""

from dataclasses import dataclass
from datetime import date
from typing import Protocol


class Measured(Protocol):
    """What a chart needs of a figure in one stretch of time, or of one group."""

    @property
    def start(self) -> date: ...
    @property
    def group_label(self) -> str: ...
    @property
    def value(self) -> float | None: ...
    @property
    def numerator(self) -> float: ...
    @property
    def denominator(self) -> int: ...
    @property
    def interval(self) -> tuple[float, float] | None: ...
    @property
    def sample(self) -> int: ...
    @property
    def is_enough(self) -> bool: ...


@dataclass(frozen=True)
class Column:
    """`kind` is how it is drawn: line, bar, low and high (a band), limit (dashed), "" (not)."""

    label: str
    kind: str = ""
    legend: str = ""  # where it is not the label


@dataclass(frozen=True)
class Cell:
    text: str
    value: float | None = None


@dataclass(frozen=True)
class Chart:
    code: str
    title: str
    axis: str
    first: str  # what the rows are: weeks, days, templates
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    finding: str = ""
    missing: str = ""  # why it is not drawn
    definition: str = ""
    across: bool = False  # bars lie, so that long names can be read


def percent_of(share: float | None, digits: int = 1) -> float | None:
    return None if share is None else round(100 * share, digits)


def number_cell(value: float | None, ending: str = "") -> Cell:
    return Cell("–" if value is None else f"{value:g}{ending}", value)


def day_label(day: date) -> str:
    return f"{day:%b} {day.day}"
