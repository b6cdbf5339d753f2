"""Who may own leads, by which rules, and what a lead's owner is by them."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from leads import normal, owner_rules
from leads.models import Lead, OwnerRule, TeamMember
from leads.owner_rules import LeadFacts, Ownership, OwnerTeam

_shared_team: ContextVar[list[OwnerTeam] | None] = ContextVar("shared_team", default=None)


@contextmanager
def team_read_once() -> Iterator[None]:
    """Read the team and its rules once for a batch of leads.

    What changes meanwhile counts from the next batch on, as for leads that came before; members who
    left are found by `update_due_owners`.
    """
    token = _shared_team.set([])
    try:
        yield
    finally:
        _shared_team.reset(token)


def current_team(rules: Iterable[OwnerRule] | None = None) -> OwnerTeam:
    """Active members with the rules in force, or with `rules` in the order given."""
    shared = _shared_team.get()
    if rules is not None or shared is None:
        return _read_team(rules)
    if not shared:
        shared.append(_read_team(None))
    return shared[0]


def _read_team(rules: Iterable[OwnerRule] | None) -> OwnerTeam:
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


def ownership_of(lead: Lead, by: OwnerTeam, *, anew: bool = False) -> Ownership:
    return owner_rules.decide_ownership(
        stored_ownership(lead),
        lead.owner_facts,
        facts_of(lead),
        lead.ghl_assigned_to,
        by,
        anew=anew,
    )


def stored_ownership(lead: Lead) -> Ownership:
    return Ownership(lead.owner_id, lead.owner_how, lead.owner_rule_id)


def leads_with_facts() -> Any:
    of_company = ("industry", "employees_from", "domain", "state")
    return Lead.objects.select_related("company").only(
        "owner", "owner_how", "owner_rule", "owner_facts", "ghl_assigned_to", "country", "state",
        "tier", "sources", *(f"company__{name}" for name in of_company),
    )  # fmt: skip
