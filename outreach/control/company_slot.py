"""Who at a company is emailed first: by band, then score, then seniority of title. Pure."""

from dataclasses import dataclass

from leads.field_values import titles
from leads.scoring_rules import DEFAULT_RULES
from outreach.choices import Band
from outreach.control import policy


@dataclass(frozen=True)
class SlotRank:
    """What decides between colleagues."""

    band: Band
    score: int
    seniority: int  # points of the title under the built-in rules

    def is_before(self, other: "SlotRank") -> bool:
        """Whether this person is emailed first. Of two alike neither is."""
        return self._order() < other._order()

    def _order(self) -> tuple[int, int, int]:
        return policy.BAND_RANK[self.band], -self.score, -self.seniority


def rank_person(
    score: int | None, tier: str, employees_from: int | None, title: str, *, warm: bool
) -> SlotRank:
    band = policy.band_of(score or 0, tier, employees_from, warm)
    return SlotRank(band, score or 0, title_seniority(title))


def title_seniority(title: str) -> int:
    role = titles.own_role(title)
    return next((rule.points for rule in DEFAULT_RULES.titles if rule.fits(role)), 0)
