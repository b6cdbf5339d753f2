"""One thing that GoHighLevel told us, by whichever way, and its effect: the same when it comes twice or late."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from leads.models import Lead
from outreach.feedback import email_events, meetings, opportunities, replies, unsubscribes
from outreach.integrations.ghl.ghl_facts import Blocked, Booked, Deal, Fact, Mailed, Said


def hear(fact: Fact, source: str, now: datetime | None = None) -> Lead | None:
    """Let `fact` take effect in one transaction; the person it is about, None where we know nobody by it.

    `source` is "webhook", "workflow" or "poll". Raises leads.ingest.NotYet where it comes too early.
    """
    now = now or timezone.now()
    with transaction.atomic():
        match fact:
            case Mailed():
                return email_events.hear(fact, source)
            case Blocked():
                return unsubscribes.hear(fact)
            case Booked():
                return meetings.hear(fact, now)
            case Deal():
                return opportunities.hear(fact, now)
            case Said():
                return replies.hear(fact, source)
