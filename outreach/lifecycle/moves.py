"""The only function that changes the state of an email."""

import logging
from dataclasses import dataclass, fields
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from caio_project.lib.db import claims
from caio_project.lib.logs import correlation
from outreach.choices import MoveCode
from outreach.lifecycle import announcements, transitions
from outreach.models import Message, Move, MoveReason

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class MoveNote:
    """What the log says of a move beside its code.

    `reason` is text that somebody typed; it goes into a row of its own, which can be erased.
    """

    tag: str = ""
    reason: str = ""
    now: datetime | None = None  # when it moved; the current time where it is None


def move_message(
    message: Message,
    to_status: str,
    why: MoveCode | str,
    *,
    by: Any = None,
    lease: datetime | None = None,
    where: Q | None = None,
    **changes: Any,
) -> Message:
    """Move `message` to `to_status`, set `changes` and log the move; or raise and change nothing.

    With `lease` only the holder of that lease may move the email, with `where` only a row that
    matches. The fields of a MoveNote among `changes` are logged. Raises IllegalMove where there is
    no such move, and StaleMessage where state, version or lease have changed since the caller read
    them.
    """
    transitions.check_transition(message.status, to_status)
    code = MoveCode(why)
    note = MoveNote(
        **{one.name: changes.pop(one.name) for one in fields(MoveNote) if one.name in changes}
    )
    rows = Message.objects.filter(pk=message.pk, status=message.status, version=message.version)
    if lease is not None:
        rows = rows.filter(lease_until=lease)
    if where is not None:
        rows = rows.filter(where)
    ended = {"lease_until": None, "snoozed_until": None}  # whatever moves is no longer put off
    changes = {"status": to_status, **ended, **changes}
    with transaction.atomic(savepoint=False):  # nothing is undone here: it raises outside of it
        is_claimed = claims.claim_row(rows, **changes)
        if is_claimed:
            _log_move(message, changes, code, by, note)
    if not is_claimed:
        current = Message.objects.get(pk=message.pk)
        raise transitions.StaleMessage(current.status, current.version)
    for name, value in changes.items():
        setattr(message, name, value)
    return message


def _log_move(
    message: Message, changes: dict[str, Any], why: MoveCode, by: Any, note: MoveNote
) -> None:
    row = Move.objects.create(
        message_id=message.pk,
        from_status=message.status,
        to_status=changes["status"],
        at=note.now or timezone.now(),
        by=by,
        why=why.value,
        tag=note.tag,
        version=changes.get("version", message.version),
    )
    if note.reason:
        MoveReason.objects.create(move=row, text=note.reason)
    announcements.announce_move(message, row, changes)
    transaction.on_commit(partial(_tell_log, message, row), robust=True)


def _tell_log(message: Message, move: Move) -> None:
    with correlation.about(message):
        words = (message.pk, move.from_status, move.to_status, move.why)
        log.info("email %s went from %s to %s: %s", *words)
