"""Whose a lead is: asked when it is made, when what rules read has changed, and when people or GoHighLevel say so.

Emails that nobody has opened follow their lead's owner: `outreach` reads `Lead.owner`, and is only woken from here.
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
    """A lead cannot be given to somebody now; the text says why."""


def current_team(rules: Iterable[OwnerRule] | None = None) -> OwnerTeam:
    """Who can own leads now; by `rules`, in their order, in place of those in force."""
    members = list(TeamMember.objects.filter(active=True).order_by("-pk"))
    rules = OwnerRule.objects.filter(active=True) if rules is None else rules
    return OwnerTeam(
        active=frozenset(one.pk for one in members),
        by_ghl={one.ghl_user_id: one.pk for one in members if one.ghl_user_id},
        rules=tuple(rule.as_rule() for rule in rules),
        default=next((one.pk for one in members if one.is_default_sender), None),
    )


def facts_of(lead: Lead) -> LeadFacts:
    """Where the person's own state is not known, their company's is taken."""
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
    """Ask the rules where a fact that they read has changed; whether the owner did. The lead must be locked, or new."""
    if lead.owner_id is not None and lead.owner_facts == facts_of(lead).mark:
        return False
    return _apply_rules(lead, current_team())


def ownership_of(lead: Lead, by: OwnerTeam, *, anew: bool = False) -> Ownership:
    """Whose `lead` would be now."""
    now = Ownership(lead.owner_id, lead.owner_how, lead.owner_rule_id)
    return owner_rules.decide_ownership(
        now, lead.owner_facts, facts_of(lead), lead.ghl_assigned_to, by, anew=anew
    )


def assign_from_ghl(lead: Lead, assigned_to: str) -> bool:
    """GoHighLevel's user for the person of `lead`, "" for nobody; whether the owner changed. Holds the person."""
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
    """Give the person of `lead` to `member`, for good, or back to GoHighLevel and the rules where it is None.

    `shown` is the mark of the owner that stood on the page; where another stands by now it is Refused.
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
    """A mark of whose a lead is and why, to notice that it has changed."""
    return f"{lead.owner_id or ''}:{lead.owner_how}:{lead.owner_rule_id or ''}"


def _apply_rules(lead: Lead, by_team: OwnerTeam, *, by: Any = None, anew: bool = False) -> bool:
    return _set_owner(lead, ownership_of(lead, by_team, anew=anew), by=by)


def _set_owner(lead: Lead, owner: Ownership, *, by: Any = None) -> bool:
    """Store whose `lead` is; whether that is somebody else than before."""
    was, known = Ownership(lead.owner_id, lead.owner_how, lead.owner_rule_id), lead.owner_facts
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
    """Write down whose `lead` is from now on."""
    OwnerChange.objects.create(
        lead=lead, owner_id=lead.owner_id, how=lead.owner_how, rule_id=lead.owner_rule_id, by=by
    )


def record_if_changed(lead: Lead, like: Lead | None = None) -> None:
    """After a merge or its undo: write down whose `lead` is where that has changed; by whom, is known of `like`."""
    stands, was = newest_change(lead), newest_change(like) if like else None
    if stands is None and lead.owner_how in ("", Origin.DEFAULT):
        return
    if stands is None or (stands.owner_id, stands.how) != (lead.owner_id, lead.owner_how):
        record_change(
            lead,
            was.by if was and (was.owner_id, was.how) == (lead.owner_id, lead.owner_how) else None,
        )


def newest_change(lead: Lead) -> OwnerChange | None:
    """Since when and through whom the owner stands; None where it is the first one."""
    return OwnerChange.objects.filter(lead=lead).select_related("by", "rule", "owner").first()


# What keeps owners true whatever changed: members who left, ids that were added, and rules that a Lead applies.


def update_due_owners(batch: int = 200) -> int:
    """Give on what has nobody, or no longer whom GoHighLevel names, and go on applying rules; returns how many."""
    now = current_team()
    count = sum(
        _update_locked(pk, now)
        for pk in list(_outdated_owners(now).order_by("pk").values_list("pk", flat=True)[:batch])
    )
    return count + _continue_run(now, batch)


def _outdated_owners(now: OwnerTeam) -> Any:
    """Leads that cannot stay with their owner as things are."""
    astray = Q(owner__active=False)
    if now.default is not None:
        astray |= Q(owner=None)
    assigned = ~Q(ghl_assigned_to="") & ~Q(owner_how=Origin.HAND)
    for user, member in now.by_ghl.items():
        astray |= assigned & Q(ghl_assigned_to=user) & ~Q(owner=member, owner_how=Origin.GHL)
    astray |= Q(owner_how=Origin.GHL) & ~Q(ghl_assigned_to__in=list(now.by_ghl))
    return Lead.objects.filter(astray)


def _update_locked(pk: int, now: OwnerTeam, *, by: Any = None, anew: bool = False) -> bool:
    with transaction.atomic():
        return _apply_rules(locks.lock_leads(pk)[0], now, by=by, anew=anew)


def apply_to_all(by: Any) -> OwnerRun:
    """Have the rules in force applied to every lead, by the sweep; whoever starts while one runs, starts it anew."""
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
    step = (
        {"after": leads[-1].pk, "looked_at": F("looked_at") + len(leads)}
        if leads
        else {"ended_at": timezone.now()}
    )
    claims.claim_row(
        OwnerRun.objects.filter(pk=run.pk, after=run.after, ended_at=None),
        moved=F("moved") + moved,
        **step,
    )
    if leads:
        nudge("leads.keep_owners")
    return len(leads)


def _would_change(lead: Lead, now: OwnerTeam) -> bool:
    return ownership_of(lead, now, anew=True) != Ownership(
        lead.owner_id, lead.owner_how, lead.owner_rule_id
    )


def _with_facts() -> Any:
    """Leads with what rules read, and no more."""
    of_company = ("industry", "employees_from", "domain", "state")
    return Lead.objects.select_related("company").only(
        "owner", "owner_how", "owner_rule", "owner_facts", "ghl_assigned_to", "country", "state", "tier", "sources",
        *(f"company__{name}" for name in of_company),
    )  # fmt: skip


@dataclass(frozen=True)
class OwnerMove:
    """So many leads go from one to another."""

    count: int
    before: str
    after: str


@dataclass(frozen=True)
class OwnerPreview:
    """What applying rules to all leads would do; nothing was done."""

    leads: int
    moves: list[OwnerMove]
    by_hand: int
    by_ghl: int
    unknown: list[
        tuple[str, int]
    ]  # users of GoHighLevel whom nobody here is, with how many leads are theirs there

    @property
    def moved(self) -> int:
        return sum(move.count for move in self.moves)


def preview_owners(rules: Iterable[OwnerRule] | None = None) -> OwnerPreview:
    """Who would move if `rules`, or those in force, were applied to every lead. Reads every lead once."""
    by, moves, kept, total = (
        current_team(rules),
        Counter[tuple[int | None, int | None]](),
        Counter[str](),
        0,
    )
    unknown = Counter[str]()
    for lead in _with_facts().iterator(chunk_size=2000):
        total += 1
        owner = ownership_of(lead, by, anew=True)
        kept[owner.how] += 1
        unknown[lead.ghl_assigned_to] += lead.ghl_assigned_to not in ("", *by.by_ghl)
        if owner.member != lead.owner_id:
            moves[lead.owner_id, owner.member] += 1
    names: dict[int | None, str] = dict(TeamMember.objects.values_list("pk", "name"))
    said = [OwnerMove(count, names.get(one, "nobody"), names.get(other, "nobody")) for (one, other), count in
            moves.most_common()]  # fmt: skip
    nobodys = [(user, count) for user, count in unknown.most_common() if count]
    return OwnerPreview(total, said, kept[Origin.HAND], kept[Origin.GHL], nobodys)


def rules_with(rule: OwnerRule) -> list[OwnerRule]:
    """The rules in force as they would be with `rule` stored as it is, in their order."""
    others = list(OwnerRule.objects.filter(active=True).exclude(pk=rule.pk))
    return sorted([*others, *([rule] if rule.active else [])], key=_rule_order)


def _rule_order(rule: OwnerRule) -> tuple[int, float]:
    return rule.position, rule.pk or float("inf")
