"""Overdue emails come first in their band: a sweep notes which have become overdue."""

from django.db import transaction
from django.utils import timezone

from outreach.choices import Status
from outreach.drafting.message_text import OVERDUE_TURN
from outreach.models import Message


def mark_overdue(batch: int = 500) -> int:
    """Put held emails that are overdue first in their band; returns how many.

    One that somebody is deciding about at this moment is left for the next time.
    """
    late = Message.objects.filter(
        status=Status.HELD, queue_turn__gt=OVERDUE_TURN, due_at__lt=timezone.now()
    )
    with transaction.atomic():
        free = late.select_for_update(skip_locked=True).order_by("due_at")
        pks = list(free.values_list("pk", flat=True)[:batch])
        if pks:
            Message.objects.filter(pk__in=pks).update(queue_turn=OVERDUE_TURN)
    return len(pks)
