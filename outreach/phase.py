"""The phase and the halt: rows that the sending door reads, each change with who, when and why."""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from outreach.models import Control, ControlChange, ControlReason
from outreach.policy import POLICY, Limits, Phase


class NotAllowed(Exception):
    """A change of phase that the rules refuse, said in a sentence."""


def control() -> Control:
    """The row as it stands; made on first use."""
    row = Control.objects.filter(pk=1).first()
    return row or Control.objects.get_or_create(pk=1)[0]


def locked() -> Control:
    """The row, held until the transaction ends: whoever has it is alone in claiming a slot or changing the phase."""
    control()
    return Control.objects.select_for_update().get(pk=1)


def limits_of(row: Control) -> Limits:
    return POLICY[Phase(row.phase)]


def is_halted(row: Control) -> bool:
    return row.halted or settings.EMERGENCY_STOP


def change(to: Phase, *, by: Any, reason: str, override: bool = False) -> Control:
    """Set the phase. The caller has checked gates and permission; the row and its history change together."""
    with transaction.atomic():
        row = locked()
        if row.phase == to:
            raise NotAllowed(f"The phase is {to.value} already.")
        _log("phase", row.phase, to, by, reason, override)
        row.phase, row.phase_since, row.phase_by, row.phase_reason = to, timezone.now(), name_of(by), reason
        row.save()
    return row


def halt(*, by: Any, reason: str) -> Control:
    """Stop sending: no slot is claimed after this transaction, so no call to GHL starts. Halting twice is no error."""
    reason = reason.replace("\x00", "").strip() or "No reason was given."  # never fail to halt over its words
    with transaction.atomic():
        row = locked()
        if not row.halted:
            _log("halt", "open", "halted", by, reason)
            row.halted, row.halted_at, row.halted_by, row.halt_reason = True, timezone.now(), name_of(by), reason
            row.save()
    return row


def resume(*, by: Any, reason: str) -> Control:
    """Let sending go on; everything approved is judged again at the door."""
    with transaction.atomic():
        row = locked()
        if row.halted:
            _log("halt", "halted", "open", by, reason)
            row.halted, row.halted_at, row.halted_by, row.halt_reason = False, None, "", ""
            row.save()
    return row


def name_of(by: Any) -> str:
    """How a person, or the command line, is shown in history."""
    if by is None:
        return "the system"
    return (by.get_full_name() or by.get_username()) if hasattr(by, "get_username") else str(by)


def _log(what: str, before: str, after: str, by: Any, reason: str, override: bool = False) -> None:
    user = by if hasattr(by, "get_username") else None
    row = ControlChange.objects.create(
        what=what, before=before, after=after, by=user, by_name=name_of(by), override=override
    )
    ControlReason.objects.create(change=row, text=reason)
