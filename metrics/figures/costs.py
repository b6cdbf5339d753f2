"""What a period cost, each day at the prices of that day.

A price that the environment sets holds for every day; otherwise the rows that a Lead made say it.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.conf import settings

from metrics.figures.definitions import Tally
from metrics.models import UnitPrice


@dataclass(frozen=True)
class PriceKind:
    """`per`: of how many stored units a row has the price; `setting_per`: the environment."""

    setting: str
    field: str
    per: int
    setting_per: int


PRICES = {
    Tally.CLAY_CREDITS: PriceKind("CLAY_CREDIT_PRICE", "clay_credit", 1, 1),
    Tally.MODEL_TOKENS: PriceKind("TOKEN_PRICE", "million_tokens", 1_000_000, 1),
    Tally.REVIEW_TIME: PriceKind("REVIEW_HOUR_PRICE", "review_hour", 3600, 3600),
}
SPENT = frozenset(PRICES)
UnitPrices = Mapping[Tally, Decimal | None]


class PriceList:
    """The prices of every day, read once."""

    def __init__(self, rows: Iterable[UnitPrice]):
        by_day = {row.starts_on: row for row in sorted(rows, key=lambda one: one.pk)}
        self._days = sorted(by_day)
        self._rows = [by_day[day] for day in self._days]

    def row_of(self, day: date) -> UnitPrice | None:
        place = bisect_right(self._days, day)
        return self._rows[place - 1] if place else None

    def unit_prices(self, day: date) -> UnitPrices:
        """Dollars for one stored unit; None where the price is not known."""
        row = self.row_of(day)
        return {tally: _unit_price(kind, row) for tally, kind in PRICES.items()}

    def missing(self, day: date) -> list[str]:
        """The settings without which nothing can be said of the costs of this day."""
        prices = self.unit_prices(day)
        return [kind.setting for tally, kind in PRICES.items() if prices[tally] is None]

    def cost_of(self, spent: Mapping[date, Mapping[Tally, int]], last: date) -> float | None:
        """What was spent by day, in dollars; None where a price of such a day is not known.

        Where nothing was spent, the prices of the `last` day must be known.
        """
        total = Decimal(0)
        for day in spent or [last]:
            prices = self.unit_prices(day)
            for tally, price in prices.items():
                if price is None:
                    return None
                total += spent.get(day, {}).get(tally, 0) * price
        return float(total)


def load_prices() -> PriceList:
    return PriceList(UnitPrice.objects.all())


def price_from_environment(kind: PriceKind) -> Decimal | None:
    """In the unit of the row's field."""
    price: Decimal | None = getattr(settings, kind.setting)
    return None if price is None else price * kind.per / kind.setting_per


def _unit_price(kind: PriceKind, row: UnitPrice | None) -> Decimal | None:
    price = price_from_environment(kind)
    if price is None and row is not None:
        price = getattr(row, kind.field)
    return None if price is None else price / kind.per
