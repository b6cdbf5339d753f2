"""What applying the rules of ownership to every lead would change."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from leads.models import OwnerHow, OwnerRule, TeamMember
from leads.ownership.owner_team import current_team, leads_with_facts, ownership_of


@dataclass(frozen=True)
class OwnerMove:
    """How many leads go from one owner to another."""

    count: int
    before: str
    after: str


@dataclass(frozen=True)
class OwnerPreview:
    """What applying rules to all leads would change."""

    leads: int
    moves: list[OwnerMove]
    by_hand: int
    by_ghl: int
    unknown: list[tuple[str, int]]  # GoHighLevel users without a team member, number of leads

    @property
    def moved(self) -> int:
        return sum(move.count for move in self.moves)


def preview_owners(rules: Iterable[OwnerRule] | None = None) -> OwnerPreview:
    by, total = current_team(rules), 0
    moves = Counter[tuple[int | None, int | None]]()
    kept, unknown = Counter[str](), Counter[str]()
    for lead in leads_with_facts().iterator(chunk_size=2000):
        total += 1
        owner = ownership_of(lead, by, anew=True)
        kept[owner.how] += 1
        unknown[lead.ghl_assigned_to] += lead.ghl_assigned_to not in ("", *by.by_ghl)
        if owner.member != lead.owner_id:
            moves[lead.owner_id, owner.member] += 1
    names: dict[int | None, str] = dict(TeamMember.objects.values_list("pk", "name"))
    owner_moves = [
        OwnerMove(count, names.get(before, "nobody"), names.get(after, "nobody"))
        for (before, after), count in moves.most_common()
    ]
    return OwnerPreview(
        leads=total,
        moves=owner_moves,
        by_hand=kept[OwnerHow.HAND],
        by_ghl=kept[OwnerHow.GHL],
        unknown=[(user, count) for user, count in unknown.most_common() if count],
    )


def rules_with(rule: OwnerRule) -> list[OwnerRule]:
    others = list(OwnerRule.objects.filter(active=True).exclude(pk=rule.pk))
    return sorted([*others, *([rule] if rule.active else [])], key=_rule_order)


def _rule_order(rule: OwnerRule) -> tuple[int, float]:
    return rule.position, rule.pk or float("inf")
