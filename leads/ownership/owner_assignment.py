"""Assign owners to leads, and record each change.

An owner is decided when a lead is made, when a fact that rules read has changed, and when a user or
GoHighLevel assigns one. Unopened emails follow the owner: `outreach` reads `Lead.owner` and is
nudged from here.
"""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from caio_project.lib.db import claims
from caio_project.lib.nudge import nudge
from leads import locks
from leads.models import Lead, OwnerChange, OwnerHow, OwnerRun, TeamMember
from leads.owner_rules import Ownership, OwnerTeam
from leads.ownership.owner_team import (
    current_team,
    facts_of,
    leads_with_facts,
    ownership_of,
    stored_ownership,
)

Origin = OwnerHow
OWNER_FIELDS = ("owner_id", "owner_how", "owner_rule_id", "owner_facts")
MEMBER_LEFT = "{} has left the team and cannot own leads."
OWNER_CHANGED = (
    "Somebody else gave this lead an owner since you looked: {}. Look again; nothing was done."
)


class AssignmentRefused(Exception):
    """The lead cannot be assigned to this member now; the text says why."""


def set_first_owner(lead: Lead) -> bool:
    """Set the owner of a lead that is not stored yet; returns whether that is to be recorded."""
    owner = ownership_of(lead, current_team())
    _set_owner_fields(lead, owner)
    return owner.how not in ("", Origin.DEFAULT)


def update_owner(lead: Lead) -> bool:
    """Ask the rules where a fact has changed; returns whether the owner did.

    The lead must be locked, or new.
    """
    change = prepare_owner(lead)
    if change is None:
        return False
    _store_owner(lead)
    return record_owner(lead, change)


@dataclass(frozen=True)
class OwnerUpdate:
    """The owner of a lead before rules were asked again."""

    before: Ownership
    is_first_default: bool


def prepare_owner(lead: Lead) -> OwnerUpdate | None:
    """As `update_owner`, without storing: OWNER_FIELDS of the lead are set and `record_owner` is to
    follow. None where no fact has changed.
    """
    if lead.owner_id is not None and lead.owner_facts == facts_of(lead).mark:
        return None
    return _set_owner_fields(lead, ownership_of(lead, current_team()))


def assign_from_ghl(lead: Lead, assigned_to: str) -> bool:
    """Store GoHighLevel's user ("" for nobody) and decide anew; returns whether the owner changed.

    Locks the rows of the person.
    """
    with transaction.atomic():
        person = locks.lock_lead(lead.pk)
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
        person = locks.lock_lead(lead.pk)
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
    change = _set_owner_fields(lead, owner)
    _store_owner(lead)
    return record_owner(lead, change, by)


def _set_owner_fields(lead: Lead, owner: Ownership) -> OwnerUpdate:
    was, known = stored_ownership(lead), lead.owner_facts
    lead.owner_id, lead.owner_how, lead.owner_rule_id = owner.member, owner.how, owner.rule
    lead.owner_facts = facts_of(lead).mark
    is_default = owner.how == Origin.DEFAULT and was.member in (None, owner.member)
    return OwnerUpdate(was, not known and is_default)


def _store_owner(lead: Lead) -> None:
    Lead.rows.filter(pk=lead.pk).update(**{name: getattr(lead, name) for name in OWNER_FIELDS})


def record_owner(lead: Lead, change: OwnerUpdate, by: Any = None) -> bool:
    """Record a new owner, which is stored already; returns whether the member is another one."""
    owner, was = stored_ownership(lead), change.before
    if owner != was and not change.is_first_default:
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
        return _apply_rules(locks.lock_lead(pk), now, by=by, anew=anew)


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
    leads = list(leads_with_facts().filter(pk__gt=run.after).order_by("pk")[:batch])
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
    return ownership_of(lead, now, anew=True) != stored_ownership(lead)
