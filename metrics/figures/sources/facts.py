"""One counted thing, and the value it has in each dimension."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from metrics.figures.counts import Counts
from metrics.figures.definitions import Dimension, Tally
from outreach.choices import Band

OF_MESSAGE = (
    "template__key",
    "tier",
    "template__angle",
    "template__signal",
    "band",
    "critical_reason",
    "sender_id",
    "lead__owner_id",
)
OF_LEAD = ("tier", "owner_id")
Groups = Mapping[Dimension, str]


@dataclass(frozen=True)
class Day:
    """From `start` to before `end`; what is known at `now` counts."""

    start: datetime
    end: datetime
    now: datetime

    def within(self, field: str) -> dict[str, datetime]:
        return {f"{field}__gte": self.start, f"{field}__lt": self.end}


@dataclass(frozen=True)
class Fact:
    tally: Tally
    groups: Groups
    counts: Counts


def of_message(prefix: str = "") -> list[str]:
    """The columns that `message_groups` reads, of a row whose message is at `prefix`."""
    return [f"{prefix}{name}" for name in OF_MESSAGE]


def of_lead(prefix: str) -> list[str]:
    return [f"{prefix}{name}" for name in OF_LEAD]


def message_groups(values: Iterable[Any]) -> Groups:
    template, tier, angle, signal, band, critical, sender, owner = (_text(one) for one in values)
    return {
        Dimension.TEMPLATE: template,
        Dimension.TIER: tier,
        Dimension.ANGLE: angle,
        Dimension.TRIGGER: signal,
        Dimension.BAND: Band.CRITICAL.value if critical else band,
        Dimension.SENDER: sender,
        Dimension.OWNER: owner,
    }


def lead_groups(values: Iterable[Any]) -> Groups:
    tier, owner = (_text(one) for one in values)
    return {Dimension.TIER: tier, Dimension.OWNER: owner}


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def share(tally: Tally, groups: Groups, is_hit: bool) -> Fact:
    return Fact(tally, groups, Counts(int(is_hit), 1))


def mean_of(tally: Tally, groups: Groups, value: int) -> Fact:
    return Fact(tally, groups, Counts(value, 1, value * value))


def count(tally: Tally, groups: Groups, number: int = 1, things: int = 0) -> Fact:
    return Fact(tally, groups, Counts(number, things))


Source = Iterator[Fact]
