"""How well a lead fits, in three steps. Pure."""

from django.db.models import TextChoices


class Tier(TextChoices):
    FIRST = "tier_1", "Tier 1"
    SECOND = "tier_2", "Tier 2"
    THIRD = "tier_3", "Tier 3"
