"""The rules of the score: their form, how they are read from JSON, and the built-in ones. Pure."""

from leads.scoring_rules.default_rules import DEFAULT_RULES
from leads.scoring_rules.reader import (
    MAX_LABEL_LENGTH,
    MAX_NAME_LENGTH,
    MAX_PAGES,
    MAX_PATTERN_LENGTH,
    InvalidRules,
    parse_rules,
)
from leads.scoring_rules.rules import WARM_KINDS, PageTrigger, Rules, TitleRule, has_word
from leads.scoring_rules.tiers import Tier

__all__ = [
    "DEFAULT_RULES",
    "MAX_LABEL_LENGTH",
    "MAX_NAME_LENGTH",
    "MAX_PAGES",
    "MAX_PATTERN_LENGTH",
    "WARM_KINDS",
    "InvalidRules",
    "PageTrigger",
    "Rules",
    "Tier",
    "TitleRule",
    "has_word",
    "parse_rules",
]
