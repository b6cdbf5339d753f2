"""Times in a file of visitors: whether its dates have the day or the month first, and no future.

One program wrote the file, so all its dates are written in one order. A date with a day over 12
shows which.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from caio_project.lib.files import UnreadableFile
from leads.field_values import times
from leads.field_values.times import DayOrder
from leads.integrations import rb2b

MOST_AHEAD = timedelta(minutes=5)  # a clock may be that much before ours
CONTRADICTION = (
    "Dates are written in two orders: line {one} has {one_order} (“{one_text}”), line {other} "
    "{other_order} (“{other_text}”). Write all of them like 2026-01-31."
)
ASSUMED = (
    "“{text}” and dates like it were read with {order}, {why}: no date of the file shows it. Write "
    "dates like 2026-01-31 where that is wrong."
)
WHY = {
    DayOrder.DAY_FIRST: "as files with semicolons mostly are",
    DayOrder.MONTH_FIRST: "as in the US",
}
Rows = Iterable[tuple[int, dict[str, Any] | str]]


@dataclass(frozen=True)
class WrittenDate:
    line: int
    text: str


@dataclass(frozen=True)
class FileOrder:
    """`assumed_for` is the first date that needed an order of which the file shows none."""

    order: DayOrder
    assumed_for: WrittenDate | None = None

    @property
    def note(self) -> str:
        text = self.assumed_for.text if self.assumed_for else ""
        return ASSUMED.format(text=text[:40], order=self.order.value, why=WHY[self.order])


def find_order(rows: Rows, otherwise: DayOrder) -> FileOrder:
    """The order that a date of the file shows, else `otherwise`. Raises UnreadableFile."""
    shown: dict[DayOrder, WrittenDate] = {}
    open_date: WrittenDate | None = None
    for line, item in rows:
        for text in rb2b.all_times(item) if isinstance(item, dict) else []:
            orders = times.possible_orders(text)
            if len(orders) == 1:
                shown.setdefault(orders.pop(), WrittenDate(line, text))
            elif orders and open_date is None:
                open_date = WrittenDate(line, text)
    if len(shown) > 1:
        raise UnreadableFile(_contradiction(shown))
    if shown:
        return FileOrder(next(iter(shown)))
    return FileOrder(otherwise, open_date)


def _contradiction(shown: dict[DayOrder, WrittenDate]) -> str:
    (order, one), (other_order, other) = sorted(shown.items(), key=lambda item: item[1].line)
    return CONTRADICTION.format(
        one=one.line,
        one_order=order.value,
        one_text=one.text[:40],
        other=other.line,
        other_order=other_order.value,
        other_text=other.text[:40],
    )


def with_clear_time(item: dict[str, Any], order: DayOrder) -> dict[str, Any]:
    """The visitor as it is; with its time as ISO 8601 where that reads otherwise in `order`.

    Raises UnreadableBody.
    """
    if order is not DayOrder.DAY_FIRST:
        return item  # without an order the month is first
    text = rb2b.visit_time(item)
    at = times.read_time(text, order)
    if at is None or at == times.read_time(text):
        return item
    return rb2b.with_visit_time(item, at)


def is_future(at: datetime) -> bool:
    return at > timezone.now() + MOST_AHEAD
