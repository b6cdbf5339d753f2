"""Whose a lead is by the rules. Pure: facts come as arguments.

Set by hand wins and stays; then whom GoHighLevel names; then the first rule that fits; then the default sender. Who has
left owns nothing: their leads fall to the next. Rules are asked again only where a fact has changed that they read,
so that a rule that was edited moves nobody whom no one meant to move.
"""

import hashlib
import re
from dataclasses import dataclass, field

HAND, GHL, RULE, DEFAULT = "hand", "ghl", "rule", "default"
STRONGEST_FIRST = (HAND, GHL, RULE, DEFAULT, "")
LIST_CONDITIONS = ("countries", "states", "industries", "domains", "tiers", "sources")


@dataclass(frozen=True)
class LeadFacts:
    """What rules can ask about a lead; "" and None are not known, and fit no rule that asks for it."""

    country: str = ""
    state: str = ""
    industry: str = ""
    employees_from: int | None = None  # the lower end of a band
    domain: str = ""
    tier: str = ""
    source: str = ""  # by which way they became known

    @property
    def mark(self) -> str:
        """A short mark of all of them, to notice that one has changed."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class OwnershipRule:
    """Every condition that is given must hold; of a list one value is enough."""

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
            (self.countries, facts.country), (self.states, facts.state), (self.domains, facts.domain),
            (self.tiers, facts.tier), (self.sources, facts.source),
        )  # fmt: skip
        if any(wanted and found not in wanted for wanted, found in exact):
            return False
        if self.industries and not any(
            _has_words(facts.industry, words) for words in self.industries
        ):
            return False
        return self._fits_size(facts.employees_from)

    def _fits_size(self, size: int | None) -> bool:
        if size is None:
            return self.employees_from is None and self.employees_to is None
        return (self.employees_from or 0) <= size and (
            self.employees_to is None or size <= self.employees_to
        )


def _has_words(industry: str, words: str) -> bool:
    """Whether an industry has these words, whole and in this order: "it" is not in "hospitality"."""
    return bool(_plain_words(words)) and f" {_plain_words(words)} " in f" {_plain_words(industry)} "


def _plain_words(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", text.lower()))


@dataclass(frozen=True)
class OwnerTeam:
    """Who can own leads now, and by which rules."""

    active: frozenset[int] = frozenset()
    by_ghl: dict[str, int] = field(default_factory=dict)  # GoHighLevel's user: the active member
    rules: tuple[OwnershipRule, ...] = ()  # in their order
    default: int | None = None


@dataclass(frozen=True)
class Ownership:
    """Whose a lead is, how that came about, and by which rule."""

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
    """Whose a lead is from now on.

    `known` is the mark of the facts by which `now` came about, `assigned_to` is GoHighLevel's user; `anew` asks the
    rules although nothing has changed.
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
