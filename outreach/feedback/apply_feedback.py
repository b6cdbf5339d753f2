"""Applies a fact from GoHighLevel; applying it twice or late changes nothing."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from leads.models import Lead
from outreach.feedback import email_events, meetings, opportunities, replies, unsubscribes
from outreach.integrations.ghl.ghl_facts import (
    AppointmentFact,
    DoNotDisturbFact,
    EmailEventFact,
    GhlFact,
    MessageFact,
    OpportunityFact,
)


def apply_fact(fact: GhlFact, source: str, now: datetime | None = None) -> Lead | None:
    """Apply `fact` in one transaction; the lead it is about, None where we know nobody by it.

    `source` is "webhook", "workflow" or "poll". Raises NotYet where the fact comes too early.
    """
    now = now or timezone.now()
    with transaction.atomic():
        match fact:
            case EmailEventFact():
                return email_events.apply_email_event(fact, source)
            case DoNotDisturbFact():
                return unsubscribes.apply_do_not_disturb(fact)
            case AppointmentFact():
                return meetings.apply_meeting(fact, now)
            case OpportunityFact():
                return opportunities.apply_opportunity(fact, now)
            case MessageFact():
                return replies.apply_message(fact, source)
