"""The day's budget of tokens: claimed by an estimate before a call, settled after it."""

from datetime import date

from django.conf import settings
from django.db.models import F, Value
from django.db.models.functions import Greatest
from django.utils import timezone

from caio_project.lib import calendar
from caio_project.lib.db import claims
from leads.integrations import alarms
from outreach.models import ModelTokens

BUDGET_ALARM = "llm:budget"


def team_today() -> date:
    return calendar.team_day(timezone.now(), settings.TEAM_TIME_ZONE)


def tokens_used_today() -> int:
    return ModelTokens.objects.filter(day=team_today()).values_list("used", flat=True).first() or 0


def is_used_up() -> bool:
    return ModelTokens.objects.filter(day=team_today(), used_up=True).exists()


def claim_tokens(tokens: int) -> date | None:
    """Claim `tokens` and return their day; None where so many are not left."""
    day, limit = team_today(), settings.LLM_DAILY_TOKENS
    ModelTokens.objects.get_or_create(day=day)
    left = ModelTokens.objects.filter(day=day, used__lte=limit - tokens)
    if claims.claim_row(left, used=F("used") + tokens, used_up=False):
        alarms.clear_open(*alarms.open_keys(BUDGET_ALARM))
        return day
    ModelTokens.objects.filter(day=day).update(used_up=True)
    text = (
        f"The language model's {limit:,} tokens of {day} are used up. "
        "Templates write until tomorrow."
    )
    alarms.raise_alarm(f"{BUDGET_ALARM}:{day}", text)  # once a day
    return None


def settle_tokens(day: date, claimed: int, cost: int) -> None:
    ModelTokens.objects.filter(day=day).update(
        used=Greatest(F("used") + (cost - claimed), Value(0))
    )
