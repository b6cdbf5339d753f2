"""How many tokens a day of the team's calendar may cost. Claimed before the call by an estimate, settled after it."""

from datetime import date

from django.conf import settings
from django.db.models import F, Value
from django.db.models.functions import Greatest
from django.utils import timezone

from caio_project.lib import calendar
from caio_project.lib.db import claims
from leads.integrations import alarms
from outreach.models import ModelTokens

ALARM = "llm:budget"


def today() -> date:
    return calendar.team_day(timezone.now(), settings.TEAM_TIME_ZONE)


def used() -> int:
    """Tokens claimed today."""
    return ModelTokens.objects.filter(day=today()).values_list("used", flat=True).first() or 0


def is_used_up() -> bool:
    """Whether the last who asked for tokens today was refused."""
    return ModelTokens.objects.filter(day=today(), used_up=True).exists()


def claim(tokens: int) -> date | None:
    """Claim `tokens` of today's and return the day they are of; None where so many are not left."""
    day, limit = today(), settings.LLM_DAILY_TOKENS
    ModelTokens.objects.get_or_create(day=day)
    left = ModelTokens.objects.filter(day=day, used__lte=limit - tokens)
    if claims.claim(left, used=F("used") + tokens, used_up=False):
        alarms.clear_open(*alarms.open_keys(ALARM))
        return day
    ModelTokens.objects.filter(day=day).update(used_up=True)
    text = f"The language model's {limit:,} tokens of {day} are used up. Templates write until tomorrow."
    alarms.raise_alarm(f"{ALARM}:{day}", text)  # once a day
    return None


def settle(day: date, claimed: int, cost: int) -> None:
    """What was claimed on `day` has cost so many."""
    ModelTokens.objects.filter(day=day).update(
        used=Greatest(F("used") + (cost - claimed), Value(0))
    )
