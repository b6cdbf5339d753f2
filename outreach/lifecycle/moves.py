"""The one way an email changes state: checked against the table, claimed by a conditional UPDATE, logged."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from caio_project.lib.db import claims
from outreach.choices import MoveCode
from outreach.lifecycle import transitions
from outreach.models import Message, Move, MoveReason


def move_message(
    message: Message,
    to_status: str,
    why: MoveCode | str,
    *,
    by: Any = None,
    tag: str = "",
    reason: str = "",
    lease: datetime | None = None,
    where: Q | None = None,
    now: datetime | None = None,
    **changes: Any,
) -> Message:
    """Move `message`, as the caller knows it, to `to_status` and set `changes`, or change nothing.

    `why` is a MoveCode; `reason` is typed text and goes into an erasable row. With `lease`, only the holder of that lease
    may move it; with `where`, only while the row is like that. Raises IllegalMove where the table has no such move and
    Stale where the row is no longer as the caller knew it (other state, other text, other lease).
    """
    transitions.check_transition(message.status, to_status)
    with transaction.atomic():
        rows = Message.objects.filter(pk=message.pk, status=message.status, version=message.version)
        if lease is not None:
            rows = rows.filter(lease_until=lease)
        if where is not None:
            rows = rows.filter(where)
        if not claims.claim_row(rows, **{"status": to_status, "lease_until": None, **changes}):
            current = Message.objects.get(pk=message.pk)
            raise transitions.StaleMessage(current.status, current.version)
        row = Move.objects.create(
            message_id=message.pk,
            from_status=message.status,
            to_status=to_status,
            at=now or timezone.now(),
            by=by,
            why=MoveCode(why).value,
            tag=tag,
            version=changes.get("version", message.version),
        )
        if reason:
            MoveReason.objects.create(move=row, text=reason)
    message.refresh_from_db()
    return message
