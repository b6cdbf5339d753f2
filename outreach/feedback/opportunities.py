"""Keeps opportunities as GoHighLevel has them.

Whoever has an open one gets no first email without a person's decision.
"""

from datetime import datetime

from leads import locks
from leads.models import Lead
from outreach.contact_history import contact_matching
from outreach.feedback import ordering
from outreach.integrations.ghl.ghl_facts import OpportunityFact
from outreach.models import Opportunity
from outreach.review import review_actions


def apply_opportunity(fact: OpportunityFact, now: datetime) -> Lead | None:
    found = contact_matching.find_lead(fact.contact_id, fact.address)
    lead = locks.lock_lead(found.pk) if found else None
    named = {
        "ghl_contact_id": fact.contact_id,
        "pipeline_id": fact.pipeline_id,
        "stage_id": fact.stage_id,
    }
    values = {"status": fact.status, "opened_at": fact.opened_at} | {
        name: value for name, value in named.items() if value
    }
    values |= {"lead": lead} if lead else {}
    values |= {} if fact.value is None else {"value": fact.value}
    row, made = Opportunity.objects.get_or_create(
        ghl_id=fact.id, defaults=values | {"changed_at": fact.changed_at, "seen_at": now}
    )
    Opportunity.objects.filter(pk=row.pk).update(seen_at=now)
    is_news = made or ordering.update_if_newer(row, values, fact.changed_at, fact.is_read, now)
    if is_news and lead is not None and fact.status == Opportunity.OPEN:
        review_actions.recheck_open_emails(lead)
    return lead


def mark_unseen_deleted(since: datetime) -> int:
    gone = Opportunity.objects.exclude(status=Opportunity.DELETED).filter(seen_at__lt=since)
    return gone.update(status=Opportunity.DELETED)
