"""The page of targets and prices: what holds, what held, and the saving of a new row."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils import timezone

from caio_project.lib import calendar
from metrics.figures import costs, month
from metrics.models import MonthlyTarget, UnitPrice

PERMISSION = "metrics.set_targets"
MOST_ROWS = 24  # of each history
MONTHS_AHEAD = 12
PRICE_WORDS = {
    "clay_credit": "Dollars for one Clay credit",
    "million_tokens": "Dollars for a million tokens",
    "review_hour": "Dollars for an hour of review",
}


@dataclass(frozen=True)
class PriceRow:
    """A price of today. `setting` names what says it, where the environment does."""

    words: str
    price: Decimal | None
    setting: str = ""

    @property
    def shown(self) -> str:
        return "Not set" if self.price is None else f"${self.price.normalize():,f}"


def team_today() -> date:
    return calendar.team_day(timezone.now(), settings.TEAM_TIME_ZONE)


def month_choices() -> list[tuple[str, str]]:
    today = team_today()
    firsts = [
        date(today.year + (today.month - 1 + ahead) // 12, (today.month - 1 + ahead) % 12 + 1, 1)
        for ahead in range(MONTHS_AHEAD)
    ]
    return [(first.isoformat(), f"{first:%B %Y}") for first in firsts]


def page_context() -> dict[str, Any]:
    today = team_today()
    return {
        "today": today,
        "goals": month.goals_of(today),
        "prices": prices_of(today),
        "setting_names": [kind.setting for kind in costs.PRICES.values()],
        "missing": costs.load_prices().missing(today),
        "target_rows": MonthlyTarget.objects.select_related("by")[:MOST_ROWS],
        "price_rows": [
            (row, [PriceRow(words, getattr(row, name)) for name, words in PRICE_WORDS.items()])
            for row in UnitPrice.objects.select_related("by")[:MOST_ROWS]
        ],
    }


def prices_of(day: date) -> list[PriceRow]:
    row = costs.load_prices().row_of(day)
    found = []
    for kind in costs.PRICES.values():
        fixed = costs.price_from_environment(kind)
        price = fixed if fixed is not None or row is None else getattr(row, kind.field)
        name = kind.setting if fixed is not None else ""
        found.append(PriceRow(PRICE_WORDS[kind.field], price, name))
    return found


def fixed_fields() -> set[str]:
    """The prices that the environment says, whatever is saved here."""
    kinds = costs.PRICES.values()
    return {kind.field for kind in kinds if costs.price_from_environment(kind) is not None}


def target_initial() -> dict[str, Any]:
    goals = month.goals_of(team_today())
    return {
        "month": team_today().replace(day=1).isoformat(),
        "sent": goals.sent,
        "reply_percent": f"{goals.reply_percent:g}",
        "meetings": goals.meetings,
        "pipeline_value": goals.pipeline_value,
    }


def price_initial() -> dict[str, Any]:
    row = costs.load_prices().row_of(team_today())
    known = {kind.field: getattr(row, kind.field, None) for kind in costs.PRICES.values()}
    return {"starts_on": team_today().isoformat()} | {
        name: f"{price.normalize():f}" for name, price in known.items() if price is not None
    }


def save_targets(values: dict[str, Any], by: Any) -> bool:
    """False where the month has just these already; then nothing is stored."""
    return _save_new(MonthlyTarget, "month", values, by)


def save_prices(values: dict[str, Any], by: Any) -> bool:
    """As `save_targets`. A price that the environment says keeps what the row before had."""
    before = costs.load_prices().row_of(values["starts_on"])
    kept = {name: getattr(before, name, None) for name in fixed_fields()}
    return _save_new(UnitPrice, "starts_on", kept | values, by)


def _save_new(model: Any, start: str, values: dict[str, Any], by: Any) -> bool:
    newest = model.objects.filter(**{start: values[start]}).order_by("-pk").first()
    if newest is not None and all(getattr(newest, name) == one for name, one in values.items()):
        return False
    model.objects.create(by=by, **values)
    return True
