"""Decide the owner of a lead by rules. Pure: facts come as arguments.

An owner set by hand stays. Next comes the user named by GoHighLevel, then the first rule that fits,
then the default sender. A member who left owns nothing. Rules are asked again only where a fact
they read has changed, so that editing a rule moves no leads by itself.
"""

import hashlib
import re
from dataclasses import dataclass, field

HAND, GHL, RULE, DEFAULT = "hand", "ghl", "rule", "default"
STRONGEST_FIRST = (HAND, GHL, RULE, DEFAULT, "")
LIST_CONDITIONS = ("countries", "states", "industries", "domains", "tiers", "sources")


@dataclass(frozen=True)
class LeadFacts:
    """What rules can ask about. "" and None are unknown, and fit no rule that asks for them."""

    country: str = ""
    state: str = ""
    industry: str = ""
    employees_from: int | None = None  # the lower end of a band
    domain: str = ""
    tier: str = ""
    source: str = ""  # see Lead.came_by

    @property
    def mark(self) -> str:
        """A short hash of all facts, to notice a change."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class OwnershipRule:
    """All given conditions must hold; of a list one value is enough."""

    pk: int
    member: int
    countries: frozenset[str] = frozenset()
    states: frozenset[str] = frozenset()
    industries: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()
    tiers: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    employees_from: int | None = None
    employees_to: int | None = None

    def fits(self, facts: LeadFacts) -> bool:
        exact = (
            (self.countries, facts.country),
            (self.states, facts.state),
            (self.domains, facts.domain),
            (self.tiers, facts.tier),
            (self.sources, facts.source),
        )
        if any(wanted and found not in wanted for wanted, found in exact):
            return False
        if self.industries and not any(
            has_words(facts.industry, words) for words in self.industries
        ):
            return False
        return self._fits_size(facts.employees_from)

    def _fits_size(self, size: int | None) -> bool:
        if size is None:
            return self.employees_from is None and self.employees_to is None
        return (self.employees_from or 0) <= size and (
            self.employees_to is None or size <= self.employees_to
        )


def has_words(industry: str, words: str) -> bool:
    """Whether the industry has these whole words in this order: "it" is not in "hospitality"."""
    return bool(_plain_words(words)) and f" {_plain_words(words)} " in f" {_plain_words(industry)} "


def _plain_words(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", text.lower()))


@dataclass(frozen=True)
class OwnerTeam:
    """Members who can own leads, and the rules."""

    active: frozenset[int] = frozenset()
    by_ghl: dict[str, int] = field(
        default_factory=dict
    )  # GoHighLevel user id: pk of the active member
    rules: tuple[OwnershipRule, ...] = ()  # in their order
    default: int | None = None


@dataclass(frozen=True)
class Ownership:
    """The owner of a lead, the origin, and the rule that applied."""

    member: int | None
    how: str = ""
    rule: int | None = None


def decide_ownership(
    now: Ownership,
    known: str,
    facts: LeadFacts,
    assigned_to: str,
    team: OwnerTeam,
    *,
    anew: bool = False,
) -> Ownership:
    """Decide the owner from the current one and the facts.

    `known` is the mark of the facts behind the current owner. `assigned_to` is GoHighLevel's user.
    `anew` asks the rules even though no fact has changed.
    """
    is_here = now.member in team.active
    if is_here and now.how == HAND:
        return now
    if (named := team.by_ghl.get(assigned_to)) is not None:
        return Ownership(named, GHL)
    if is_here and now.how in (RULE, DEFAULT) and not anew and known == facts.mark:
        return now
    return ownership_by_rules(facts, team)


def ownership_by_rules(facts: LeadFacts, team: OwnerTeam) -> Ownership:
    for rule in team.rules:
        if rule.member in team.active and rule.fits(facts):
            return Ownership(rule.member, RULE, rule.pk)
    return Ownership(team.default, DEFAULT) if team.default in team.active else Ownership(None)


def is_stronger(how: str, other: str) -> bool:
    return STRONGEST_FIRST.index(how) < STRONGEST_FIRST.index(other)
