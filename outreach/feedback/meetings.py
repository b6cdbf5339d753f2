"""Keeps appointments as GoHighLevel has them; whoever books one gets no more emails."""

from datetime import datetime
from typing import Any

from caio_project.lib.webhooks_out import outbox
from caio_project.lib.webhooks_out.event_types import EventType
from leads import locks
from leads.models import Lead
from outreach.choices import MoveCode
from outreach.contact_history import contact_matching
from outreach.feedback import ordering
from outreach.integrations.ghl.ghl_facts import AppointmentFact
from outreach.models import Meeting
from outreach.review import review_actions


def apply_meeting(fact: AppointmentFact, now: datetime) -> Lead | None:
    lead = contact_matching.find_lead(fact.contact_id, "")
    if lead is None:
        return None
    person = locks.lock_lead(lead.pk)
    values = {
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
    row, made = Meeting.objects.get_or_create(ghl_id=fact.id, defaults=values | first)
    if made and fact.status not in Meeting.OFF:
        outbox.emit(EventType.MEETING_BOOKED, lambda: _announced_meeting(row))
    if not made and not ordering.update_if_newer(row, values, fact.changed_at, fact.is_read, now):
        return person
    if fact.status not in Meeting.OFF:
        review_actions.withdraw_open_emails(person, MoveCode.MEETING)
    return person


def _announced_meeting(row: Meeting) -> dict[str, Any]:
    return {
        "meeting": row.pk,
        "lead": str(row.lead.public_id),
        "message": str(row.message.public_id) if row.message else None,
        "status": row.status,
        "starts_at": row.starts_at.isoformat() if row.starts_at else None,
        "at": row.booked_at.isoformat() if row.booked_at else None,
    }


def mark_unlisted_deleted(
    calendar_id: str, start: datetime, end: datetime, listed: set[str], noted_before: datetime
) -> int:
    there = Meeting.objects.filter(calendar_id=calendar_id, starts_at__gte=start, starts_at__lt=end)
    gone = (
        there.exclude(ghl_id__in=listed)
        .exclude(status=Meeting.DELETED)
        .filter(noted_at__lt=noted_before)
    )
    return gone.update(status=Meeting.DELETED)
