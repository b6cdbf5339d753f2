"""Automatic approval: the machine clears what waits and what it may, and gives back what it may not any more.

Judged in the transaction that clears, under the lock of the control row, and again when the email claims its slot.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from leads.models import Kind
from outreach.auto_approval import eligibility
from outreach.choices import Status
from outreach.contact_history import ghl_check
from outreach.control import phase
from outreach.lifecycle.transitions import Stale
from outreach.models import Control, Message
from outreach.review import review_actions

LOOK_AGAIN = timedelta(minutes=5)


def clear_due(batch: int = 50) -> int:
    """Clear held emails, or give back cleared ones where the machine may approve nothing; returns how many."""
    now, row = timezone.now(), phase.control()
    if eligibility.waits(row, now):
        return review_actions.give_back()
    return sum(_clear(message, now) for message in _due(row, now)[:batch])


def _due(row: Control, now: datetime) -> QuerySet[Message]:
    """Those that nobody has opened and whose stored columns speak for it; each is judged by what is known now."""
    rows = Message.objects.filter(
        status=Status.HELD,
        opened_at=None,
        machine_looks_at__lte=now,
        kind=Kind.LIVE,
        critical_reason="",
        error="",
        band__in=phase.limits_of(row).machine_approves,
        intent__lt=row.auto_max_intent,
    )
    if "ghl" not in settings.SANDBOXED:
        rows = rows.exclude(look__due_at__isnull=False)  # GoHighLevel is to be asked first
    return rows.order_by("machine_looks_at")


def _clear(message: Message, now: datetime) -> bool:
    try:
        with transaction.atomic():
            if not eligibility.why_not(message, phase.locked(), now):
                review_actions.clear(message, message.version, by=None, why=review_actions.MACHINE)
                return True
    except (Stale, review_actions.Forbidden):
        pass  # a person was first, or something came to stand against it
    ghl_check.ask(message)
    Message.objects.filter(pk=message.pk, status=Status.HELD).update(
        machine_looks_at=now + LOOK_AGAIN
    )
    return False
