"""The team's rules for automatic approval as they are stored, and what they ask about an email."""

from collections.abc import Iterable

from leads.models import Assessment, Lead
from outreach.control import approval_rules
from outreach.control.approval_rules import EmailSegment, SegmentRule
from outreach.models import ApprovalRule


def load_rules() -> tuple[SegmentRule, ...]:
    return tuple(as_segment_rule(row) for row in ApprovalRule.objects.filter(ended_at=None))


def as_segment_rule(row: ApprovalRule) -> SegmentRule:
    return SegmentRule(
        name=row.name,
        templates=frozenset(row.templates),
        tiers=frozenset(row.tiers),
        industries=frozenset(row.industries),
        countries=frozenset(row.countries),
        employees_from=row.employees_from,
        employees_to=row.employees_to,
        owner=row.owner_id,
        from_intent=row.from_intent,
    )


def segment_of(lead: Lead, assessment: Assessment, template: str) -> EmailSegment:
    """`template` is the key of the email's template, or ""."""
    company = lead.company
    return EmailSegment(
        intent=assessment.intent,
        template=template,
        tier=assessment.tier,
        industry=company.industry if company else "",
        country=lead.country,
        employees_from=company.employees_from if company else None,
        owner=lead.owner_id,
    )


def fitting_names(
    rules: Iterable[SegmentRule], lead: Lead, assessment: Assessment, template: str
) -> tuple[str, ...]:
    return approval_rules.names_that_fit(rules, segment_of(lead, assessment, template))
