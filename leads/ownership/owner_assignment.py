"""Assign owners to leads, and record each change.

An owner is decided when a lead is made, when a fact that rules read has changed, and when a user or
GoHighLevel assigns one. Unopened emails follow the owner: `outreach` reads `Lead.owner` and is
nudged from here.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from caio_project.lib.db import claims
from caio_project.lib.nudge import nudge
from leads import locks, normal, owner_rules
from leads.models import Lead, OwnerChange, OwnerHow, OwnerRule, OwnerRun, TeamMember
from leads.owner_rules import LeadFacts, Ownership, OwnerTeam

Origin = OwnerHow
MEMBER_LEFT = "{} has left the team and cannot own leads."
OWNER_CHANGED = (
    "Somebody else gave this lead an owner since you looked: {}. Look again; nothing was done."
)


class AssignmentRefused(Exception):
    """The lead cannot be assigned to this member now; the text says why."""


def current_team(rules: Iterable[OwnerRule] | None = None) -> OwnerTeam:
    """Active members with the rules in force, or with `rules` in the order given."""
    members = list(TeamMember.objects.filter(active=True).order_by("-pk"))
    rules = OwnerRule.objects.filter(active=True) if rules is None else rules
    return OwnerTeam(
        active=frozenset(one.pk for one in members),
        by_ghl={one.ghl_user_id: one.pk for one in members if one.ghl_user_id},
        rules=tuple(rule.as_rule() for rule in rules),
        default=next((one.pk for one in members if one.is_default_sender), None),
    )


def facts_of(lead: Lead) -> LeadFacts:
    """Collect the facts that rules read. The company's state stands in for an unknown state."""
    company = lead.company
    state = lead.state or (company.state if company else "")
    return LeadFacts(
        country=lead.country,
        state=normal.us_state(state) or state.strip().upper(),
        industry=company.industry if company else "",
        employees_from=company.employees_from if company else None,
        domain=(company.domain if company else "") or "",
        tier=lead.tier,
        source=lead.came_by,
    )


def update_owner(lead: Lead) -> bool:
    """Ask the rules where a fact has changed; returns whether the owner did.

    The lead must be locked, or new.
    """
    if lead.owner_id is not None and lead.owner_facts == facts_of(lead).mark:
        return False
    return _apply_rules(lead, current_team())


def ownership_of(lead: Lead, by: OwnerTeam, *, anew: bool = False) -> Ownership:
    return owner_rules.decide_ownership(
        _stored_ownership(lead),
        lead.owner_facts,
        facts_of(lead),
        lead.ghl_assigned_to,
        by,
        anew=anew,
    )


def _stored_ownership(lead: Lead) -> Ownership:
    return Ownership(lead.owner_id, lead.owner_how, lead.owner_rule_id)


def assign_from_ghl(lead: Lead, assigned_to: str) -> bool:
    """Store GoHighLevel's user ("" for nobody) and decide anew; returns whether the owner changed.

    Locks the rows of the person.
    """
    with transaction.atomic():
        person = locks.lock_leads(lead.pk)[0]
        if person.ghl_assigned_to == assigned_to[:60]:
            return False
        person.ghl_assigned_to = assigned_to[:60]
        Lead.objects.filter(pk=person.pk).update(ghl_assigned_to=person.ghl_assigned_to)
        return _apply_rules(person, current_team())


def assign_by_hand(
    lead: Lead, member: TeamMember | None, *, by: Any, shown: str | None = None
) -> bool:
    """Give the lead to `member` for good; None returns it to GoHighLevel and the rules.

    `shown` is the owner mark on the user's page. Raises AssignmentRefused where it is outdated.
    """
    with transaction.atomic():
        person = locks.lock_leads(lead.pk)[0]
        if shown is not None and shown != owner_mark(person):
            raise AssignmentRefused(OWNER_CHANGED.format(person.owner or "nobody"))
        if member is None:
            person.owner_how = ""
            return _apply_rules(person, current_team(), by=by, anew=True)
        if not TeamMember.objects.filter(pk=member.pk, active=True).exists():
            raise AssignmentRefused(MEMBER_LEFT.format(member))
        return _set_owner(person, Ownership(member.pk, Origin.HAND), by=by)


def owner_mark(lead: Lead) -> str:
    """Identify the current owner and its origin, to notice a change."""
    return f"{lead.owner_id or ''}:{lead.owner_how}:{lead.owner_rule_id or ''}"


def _apply_rules(lead: Lead, by_team: OwnerTeam, *, by: Any = None, anew: bool = False) -> bool:
    return _set_owner(lead, ownership_of(lead, by_team, anew=anew), by=by)


def _set_owner(lead: Lead, owner: Ownership, *, by: Any = None) -> bool:
    was, known = _stored_ownership(lead), lead.owner_facts
    lead.owner_id, lead.owner_how, lead.owner_rule_id = owner.member, owner.how, owner.rule
    lead.owner_facts = facts_of(lead).mark
    fields = ("owner_id", "owner_how", "owner_rule_id", "owner_facts")
    Lead.rows.filter(pk=lead.pk).update(**{name: getattr(lead, name) for name in fields})
    is_first_default = (
        not known and owner.how == Origin.DEFAULT and was.member in (None, owner.member)
    )
    if owner != was and not is_first_default:
        record_change(lead, by)
    if owner.member != was.member and was.member is not None:
        nudge("outreach.free_blocked")
    return owner.member != was.member


def record_change(lead: Lead, by: Any = None) -> None:
    OwnerChange.objects.create(
        lead=lead, owner_id=lead.owner_id, how=lead.owner_how, rule_id=lead.owner_rule_id, by=by
    )


def record_if_changed(lead: Lead, like: Lead | None = None) -> None:
    """Record the owner after a merge or its undo, where it differs from the last record.

    Who changed it is copied from the newest change of `like`, where that gave the same owner.
    """
    owner = (lead.owner_id, lead.owner_how)
    last, other = newest_change(lead), newest_change(like) if like else None
    if last is None and lead.owner_how in ("", Origin.DEFAULT):
        return
    if last is None or (last.owner_id, last.how) != owner:
        is_copied = other is not None and (other.owner_id, other.how) == owner
        record_change(lead, other.by if other and is_copied else None)


def newest_change(lead: Lead) -> OwnerChange | None:
    return OwnerChange.objects.filter(lead=lead).select_related("by", "rule", "owner").first()


# The sweep: members who left, GoHighLevel ids that were added, and rules that a Lead applies


def update_due_owners(batch: int = 200) -> int:
    """Reassign leads with an outdated owner and continue an open run; returns how many."""
    now = current_team()
    outdated = _outdated_owners(now).order_by("pk").values_list("pk", flat=True)[:batch]
    count = sum(_update_locked(pk, now) for pk in list(outdated))
    return count + _continue_run(now, batch)


def _outdated_owners(now: OwnerTeam) -> Any:
    outdated = Q(owner__active=False)
    if now.default is not None:
        outdated |= Q(owner=None)
    assigned = ~Q(ghl_assigned_to="") & ~Q(owner_how=Origin.HAND)
    for user, member in now.by_ghl.items():
        outdated |= assigned & Q(ghl_assigned_to=user) & ~Q(owner=member, owner_how=Origin.GHL)
    outdated |= Q(owner_how=Origin.GHL) & ~Q(ghl_assigned_to__in=list(now.by_ghl))
    return Lead.objects.filter(outdated)


def _update_locked(pk: int, now: OwnerTeam, *, by: Any = None, anew: bool = False) -> bool:
    with transaction.atomic():
        return _apply_rules(locks.lock_leads(pk)[0], now, by=by, anew=anew)


def apply_to_all(by: Any) -> OwnerRun:
    """Start a run that applies the current rules to every lead; it replaces an open run."""
    with transaction.atomic():
        OwnerRun.objects.filter(ended_at=None).update(ended_at=timezone.now())
        run = OwnerRun.objects.create(by=by)
    nudge("leads.keep_owners")
    return run


def _continue_run(now: OwnerTeam, batch: int) -> int:
    run = OwnerRun.objects.filter(ended_at=None).select_related("by").first()
    if run is None:
        return 0
    leads = list(_with_facts().filter(pk__gt=run.after).order_by("pk")[:batch])
    moved = sum(
        _update_locked(lead.pk, now, by=run.by, anew=True)
        for lead in leads
        if _would_change(lead, now)
    )
    step: dict[str, Any] = {"ended_at": timezone.now()}
    if leads:
        step = {"after": leads[-1].pk, "looked_at": F("looked_at") + len(leads)}
    claims.claim_row(
        OwnerRun.objects.filter(pk=run.pk, after=run.after, ended_at=None),
        moved=F("moved") + moved,
        **step,
    )
    if leads:
        nudge("leads.keep_owners")
    return len(leads)


def _would_change(lead: Lead, now: OwnerTeam) -> bool:
    return ownership_of(lead, now, anew=True) != _stored_ownership(lead)


def _with_facts() -> Any:
    of_company = ("industry", "employees_from", "domain", "state")
    return Lead.objects.select_related("company").only(
        "owner", "owner_how", "owner_rule", "owner_facts", "ghl_assigned_to", "country", "state",
        "tier", "sources", *(f"company__{name}" for name in of_company),
    )  # fmt: skip


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
    """Preview applying `rules`, or those in force, to every lead. Reads every lead once."""
    by, total = current_team(rules), 0
    moves = Counter[tuple[int | None, int | None]]()
    kept, unknown = Counter[str](), Counter[str]()
    for lead in _with_facts().iterator(chunk_size=2000):
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
        by_hand=kept[Origin.HAND],
        by_ghl=kept[Origin.GHL],
        unknown=[(user, count) for user, count in unknown.most_common() if count],
    )


def rules_with(rule: OwnerRule) -> list[OwnerRule]:
    """The rules in force, in order, as they would be with `rule` stored as it is."""
    others = list(OwnerRule.objects.filter(active=True).exclude(pk=rule.pk))
    return sorted([*others, *([rule] if rule.active else [])], key=_rule_order)


def _rule_order(rule: OwnerRule) -> tuple[int, float]:
    return rule.position, rule.pk or float("inf")
