"""What a period cost at the prices that are set."""

from collections.abc import Mapping
from decimal import Decimal

from django.conf import settings

from metrics.figures.definitions import Tally

# The setting, and how many stored units it is the price of.
PRICES = {
    Tally.CLAY_CREDITS: ("CLAY_CREDIT_PRICE", 1),
    Tally.MODEL_TOKENS: ("TOKEN_PRICE", 1),
    Tally.REVIEW_TIME: ("REVIEW_HOUR_PRICE", 3600),
}
SPENT = frozenset(PRICES)


def missing_prices() -> list[str]:
    """The settings without which nothing can be said of costs."""
    return [name for name, _ in PRICES.values() if getattr(settings, name) is None]


def set_prices() -> dict[Tally, Decimal] | None:
    """Dollars for one stored unit; None unless all are set."""
    if missing_prices():
        return None
    return {tally: getattr(settings, name) / per for tally, (name, per) in PRICES.items()}


def cost_of(spent: Mapping[Tally, int], prices: Mapping[Tally, Decimal] | None) -> float | None:
    if prices is None:
        return None
    return float(sum(spent[tally] * price for tally, price in prices.items()))
