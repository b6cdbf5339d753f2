"""Appointments with people we know: kept as GoHighLevel has them; who has booked one is not
mailed further.
"""

from datetime import datetime

from leads import locks
from leads.models import Lead
from outreach.contact_history import contact_matching
from outreach.feedback import ordering
from outreach.integrations.ghl.ghl_facts import AppointmentFact
from outreach.models import Meeting
from outreach.review import review_actions


def apply_meeting(fact: AppointmentFact, now: datetime) -> Lead | None:
    """Store an appointment unless a newer state is known; returns the lead. Call it inside a
    transaction.
    """
    lead = contact_matching.find_lead(fact.contact_id, "")
    if lead is None:
        return None
    person = locks.lock_leads(lead.pk)[0]
    told = {
        "status": fact.status,
        "booked_at": fact.booked_at,
        "starts_at": fact.starts_at,
        **({"calendar_id": fact.calendar_id} if fact.calendar_id else {}),
    }
    first = {
        "lead": person,
        "message": contact_matching.newest_email_to(person, fact.booked_at),
        "changed_at": fact.changed_at,
    }
    row, made = Meeting.objects.get_or_create(ghl_id=fact.id, defaults=told | first)
    if not made and not ordering.update_if_newer(row, told, fact.changed_at, fact.is_read, now):
        return person
    if fact.status not in Meeting.OFF:
        review_actions.withdraw_open_emails(person, "meeting")
    return person


def mark_unlisted_deleted(
    calendar_id: str, start: datetime, end: datetime, listed: set[str], noted_before: datetime
) -> int:
    """Mark as deleted what a complete read of a calendar did not list; returns how many."""
    there = Meeting.objects.filter(calendar_id=calendar_id, starts_at__gte=start, starts_at__lt=end)
    gone = (
        there.exclude(ghl_id__in=listed)
        .exclude(status=Meeting.DELETED)
        .filter(noted_at__lt=noted_before)
    )
    return gone.update(status=Meeting.DELETED)
