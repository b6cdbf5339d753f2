"""Which emails a rule of the team leaves to a person. Pure.

A rule only takes approvals away. A fact that is not known counts as one that the rule asks for.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from leads import owner_rules


@dataclass(frozen=True)
class EmailSegment:
    """What rules ask about one email. "" and None are unknown; of `owner` None is nobody."""

    intent: int
    template: str = ""  # its key
    tier: str = ""
    industry: str = ""
    country: str = ""
    employees_from: int | None = None  # the lower end of a band
    owner: int | None = None


@dataclass(frozen=True)
class SegmentRule:
    """All given conditions must hold; of a list one value is enough."""

    name: str
    templates: frozenset[str] = frozenset()
    tiers: frozenset[str] = frozenset()
    industries: frozenset[str] = frozenset()
    countries: frozenset[str] = frozenset()
    employees_from: int | None = None
    employees_to: int | None = None
    owner: int | None = None
    from_intent: int = 0

    def fits(self, email: EmailSegment) -> bool:
        exact = (
            (self.templates, email.template),
            (self.tiers, email.tier),
            (self.countries, email.country),
        )
        return (
            email.intent >= self.from_intent
            and self.owner in (None, email.owner)
            and all(not wanted or not found or found in wanted for wanted, found in exact)
            and self._fits_industry(email.industry)
            and self._fits_size(email.employees_from)
        )

    def _fits_industry(self, industry: str) -> bool:
        if not self.industries or not industry:
            return True
        return any(owner_rules.has_words(industry, words) for words in self.industries)

    def _fits_size(self, size: int | None) -> bool:
        if size is None:
            return True
        return (self.employees_from or 0) <= size and (
            self.employees_to is None or size <= self.employees_to
        )

    @property
    def is_empty(self) -> bool:
        """Whether it would leave every email to a person, which is what the switch is for."""
        lists = (self.templates, self.tiers, self.industries, self.countries)
        sizes = (self.employees_from, self.employees_to, self.owner)
        return not any(lists) and all(one is None for one in sizes) and not self.from_intent


def names_that_fit(rules: Iterable[SegmentRule], email: EmailSegment) -> tuple[str, ...]:
    return tuple(rule.name for rule in rules if rule.fits(email))
