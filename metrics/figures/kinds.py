"""What figures are made of: what is counted, by which dimension, how it is read. Pure."""

from dataclasses import dataclass
from enum import StrEnum


class Tally(StrEnum):
    """What is stored of each day as counts: `numerator` and `denominator` of figures."""

    SENT = "sent"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    BLOCKED = "blocked"
    REPLIES = "replies"
    POSITIVE = "positive"
    MEETINGS = "meetings"
    PIPELINE = "pipeline"  # cents, deals
    ENRICHMENT = "enrichment"
    WAIT_BUSINESS = "wait_business"  # seconds, decisions
    WAIT_CLOCK = "wait_clock"  # seconds, decisions
    OVERRIDES = "overrides"
    AGREEMENT_ASSISTED = "agree_assisted"
    AGREEMENT_AUTONOMOUS = "agree_autonomous"
    QUALITY = "quality"  # ten-thousandths of a point, emails
    EDITS = "edits"
    CLAY_CREDITS = "clay_credits"
    MODEL_TOKENS = "model_tokens"
    REVIEW_TIME = "review_time"  # seconds, decisions


class Dimension(StrEnum):
    TEMPLATE = "template"
    TIER = "tier"
    ANGLE = "angle"
    TRIGGER = "trigger"
    BAND = "band"
    SENDER = "sender"
    OWNER = "owner"


class Reading(StrEnum):
    """What of its counts a figure shows."""

    COUNT = "count"  # the numerator
    SHARE = "share"  # numerator of denominator
    MEAN = "mean"
    MEDIAN = "median"
    P90 = "p90"
    PRICE = "price"  # what the period cost, for each of the numerator


class Unit(StrEnum):
    EMAILS = "emails"
    MEETINGS = "meetings"
    SHARE = "share"  # from 0 to 1
    HOURS = "hours"
    POINTS = "points"  # from 1 to 5
    DOLLARS = "dollars"
    CREDITS = "credits"
    TOKENS = "tokens"


BY_EMAIL = tuple(Dimension)
BY_LEAD = (Dimension.TIER, Dimension.OWNER)
ONE_UNIT = {Tally.PIPELINE: 100, Tally.WAIT_BUSINESS: 3600, Tally.WAIT_CLOCK: 3600}
ONE_UNIT |= {Tally.QUALITY: 10_000, Tally.REVIEW_TIME: 3600}


@dataclass(frozen=True)
class FigureDefinition:
    """`needed` is the smallest sample that says something; a count needs none.

    `definition`, `numerator` and `denominator` stand beside the figure as they are.
    """

    code: str
    label: str
    unit: Unit
    reading: Reading
    tally: Tally
    definition: str
    numerator: str
    denominator: str = ""
    needed: int = 0
    dimensions: tuple[Dimension, ...] = BY_EMAIL
    version: int = 1
    ripens: bool = False  # days younger than three are left out

    @property
    def scale(self) -> int:
        """How many stored units make one shown unit: 100 cents a dollar."""
        return ONE_UNIT.get(self.tally, 1)
