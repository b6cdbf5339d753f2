"""Automatic approval: the machine approves the held emails that it may approve.

Whether it may is checked in the transaction that approves, under the lock of the control row, and
again when the email claims its slot.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from caio_project.lib.vendor_access.access import sandboxed_or_raise
from leads.models import Kind
from outreach.auto_approval import eligibility, template_runs
from outreach.choices import MoveCode, Status
from outreach.contact_history import ghl_check
from outreach.control import phase
from outreach.lifecycle.transitions import StaleMessage
from outreach.models import Control, Message
from outreach.review import review_actions

RECHECK_AFTER = timedelta(minutes=5)


def approve_due(batch: int = 50) -> int:
    """Approve held emails; returns how many.

    Where the machine may approve nothing now, the emails that it approved before are held again.
    """
    now, row = timezone.now(), phase.current_control()
    if eligibility.machine_hold_reasons(row, now):
        return review_actions.return_machine_approved()
    return sum(_approve_one(message, now) for message in _due_messages(row, now)[:batch])


def _due_messages(row: Control, now: datetime) -> QuerySet[Message]:
    """Candidates by their stored columns; each is checked by what is known now."""
    rows = Message.objects.filter(
        status=Status.HELD,
        opened_at=None,
        machine_looks_at__lte=now,
        kind=Kind.LIVE,
        critical_reason="",
        error="",
        band__in=phase.phase_limits(row).machine_approves,
        intent__lt=row.auto_max_intent,
    )
    if not sandboxed_or_raise("ghl"):
        rows = rows.exclude(look__due_at__isnull=False)  # GoHighLevel is checked first
    return rows.select_related("template").order_by("machine_looks_at")


def _approve_one(message: Message, now: datetime) -> bool:
    try:
        with transaction.atomic():
            if not eligibility.why_person_decides(message, phase.lock_control(), now):
                review_actions.approve_email(
                    message, message.version, by=None, why=MoveCode.MACHINE
                )
                template_runs.count_approval(message)
                return True
    except (StaleMessage, review_actions.ApprovalForbidden):
        pass  # a person was first, or there is a new reason against it
    ghl_check.request_check(message)
    Message.objects.filter(pk=message.pk, status=Status.HELD).update(
        machine_looks_at=now + RECHECK_AFTER
    )
    return False
