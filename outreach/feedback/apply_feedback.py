"""Applies a fact from GoHighLevel; applying it twice or late changes nothing."""

import logging
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from caio_project.lib.logs import correlation
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

log = logging.getLogger(__name__)


def apply_fact(fact: GhlFact, source: str, now: datetime | None = None) -> Lead | None:
    """Apply `fact` in one transaction; the lead it is about, None where we know nobody by it.

    `source` is "webhook", "workflow" or "poll". Raises TryAgainSoon where the fact comes too early.
    """
    lead = _apply(fact, source, now or timezone.now())
    if lead is not None:
        with correlation.about(lead):
            log.info("lead %s: %s of GoHighLevel by %s", lead.pk, type(fact).__name__, source)
    return lead


def _apply(fact: GhlFact, source: str, now: datetime) -> Lead | None:
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
