"""The phase and the halt: rows that sending reads, each change with who, when and why."""

import time
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from caio_project.lib import http
from caio_project.lib.db.kept_queries import kept_query
from caio_project.lib.nudge import nudge
from caio_project.lib.webhooks_out import outbox
from caio_project.lib.webhooks_out.event_types import EventType
from outreach.choices import Phase
from outreach.control.policy import LIMITS_BY_PHASE, PHASE_ORDER, PhaseLimits
from outreach.models import Control, ControlChange, ControlReason

AUTO_APPROVE_PERMISSION, HALT_PERMISSION = (
    "outreach.auto_approve",
    "outreach.halt",
)  # permissions: who may halt may stop the machine
MAX_ANSWER_SECONDS = 1.5  # seconds; no call may begin later than 2 after a halt
ANSWER_HOLDS = 0.5  # seconds that the answer for one call holds for the calls after it
# Returns at once what was approved automatically and may not be any more.
APPROVAL_SWEEP_TASK = "outreach.clear_due"


class ChangeNotAllowed(Exception):
    """The rules refuse a change of phase or switch; the text says why."""


class SendingHalted(http.ServiceUnavailable):
    """The call to GoHighLevel did not begin."""


def current_control() -> Control:
    row = next(iter(_control_rows()), None)
    return row or Control.objects.get_or_create(pk=1)[0]


@kept_query
def _control_rows() -> QuerySet[Control]:
    return Control.objects.filter(pk=1)


def lock_control() -> Control:
    """Lock the row until the transaction ends: nobody else claims a slot or changes the phase."""
    rows = Control.objects.select_for_update().filter(pk=1)
    row = next(iter(rows), None)
    return row or rows.get(pk=current_control().pk)


def phase_limits(row: Control) -> PhaseLimits:
    return LIMITS_BY_PHASE[Phase(row.phase)]


def is_halted(row: Control) -> bool:
    return row.halted or settings.EMERGENCY_STOP


class HaltWatch:
    """Asks for the calls of one email whether sending is halted, where no answer holds any more.

    `asked_at` is when somebody began to ask who got the answer that it is not. A halt before that
    moment would have been in the answer. So a call begins at most ANSWER_HOLDS after a halt, or
    MAX_ANSWER_SECONDS where it was asked anew for this call.
    """

    def __init__(self, asked_at: float | None = None):
        self._asked_at = asked_at  # by time.monotonic

    def check(self) -> None:
        now = time.monotonic()
        is_known = self._asked_at is not None and now - self._asked_at <= ANSWER_HOLDS
        if settings.EMERGENCY_STOP or not is_known:
            check_not_halted()
            self._asked_at = now


def check_not_halted() -> None:
    """Raise SendingHalted where sending is halted, or where the answer took so long that it may be
    outdated.
    """
    started = time.monotonic()
    if is_halted(current_control()):
        raise SendingHalted("Sending is halted.")
    if time.monotonic() - started > MAX_ANSWER_SECONDS:
        raise SendingHalted("It took too long to find out whether sending is halted.")


def change_phase(to: Phase, *, by: Any, reason: str, override: bool = False) -> Control:
    with transaction.atomic():
        row = lock_control()
        if row.phase == to:
            raise ChangeNotAllowed(f"The phase is {to.value} already.")
        change = log_change("phase", row.phase, to, by, reason, override)
        if row.auto_approve and PHASE_ORDER.index(to) < PHASE_ORDER.index(Phase(row.phase)):
            _set_and_log(
                row, "auto_approve", False, by, reason
            )  # or it would go on by itself after the next rise
        row.phase, row.phase_since, row.phase_by, row.phase_reason = (
            to,
            timezone.now(),
            actor_name(by),
            reason,
        )
        row.save()
        outbox.emit(EventType.PHASE_CHANGED, lambda: _announced_phase(change))
    nudge(APPROVAL_SWEEP_TASK)
    return row


def _announced_phase(change: ControlChange) -> dict[str, Any]:
    return {
        "change": change.pk,
        "from": change.before,
        "to": change.after,
        "at": change.at.isoformat(),
        "override": change.override,
        "by_person": change.by_id is not None,
    }


def set_auto_approval(
    on: bool, *, by: Any, reason: str, under_intent: int | None = None, no_warm: bool | None = None
) -> Control:
    """Turn automatic approval on or off, and set its limits where given; each change is logged.

    Raises ChangeNotAllowed for a limit that is not a score.
    """
    if under_intent is not None and not 0 <= under_intent <= 100:
        raise ChangeNotAllowed(f"under_intent: {under_intent} is not a score from 0 to 100.")
    wanted = {
        "auto_approve": on,
        "auto_max_intent": under_intent,
        "auto_no_warm_connections": no_warm,
    }
    with transaction.atomic():
        row = lock_control()
        for name, value in wanted.items():
            if value is not None and value != getattr(row, name):
                _set_and_log(row, name, value, by, reason)
        row.save()
    nudge(APPROVAL_SWEEP_TASK)
    return row


def _set_and_log(row: Control, name: str, value: Any, by: Any, reason: str) -> None:
    log_change(
        name.removesuffix("_connections"),
        _logged_value(getattr(row, name)),
        _logged_value(value),
        by,
        reason,
    )
    setattr(row, name, value)


def _logged_value(value: bool | int) -> str:
    return str(value) if not isinstance(value, bool) else "on" if value else "off"


def halt_sending(*, by: Any, reason: str) -> Control:
    """Halt sending: no slot is claimed after this transaction, so no call to GoHighLevel starts.

    Halting twice is no error.
    """
    reason = (
        reason.replace("\x00", "").strip() or "No reason was given."
    )  # never fail to halt over its words
    with transaction.atomic():
        row = lock_control()
        if not row.halted:
            log_change("halt", "open", "halted", by, reason)
            row.halted, row.halted_at, row.halted_by, row.halt_reason = (
                True,
                timezone.now(),
                actor_name(by),
                reason,
            )
            row.save()
    nudge(APPROVAL_SWEEP_TASK)
    return row


def rest_sending(until: datetime, reason: str) -> None:
    """Send nothing before `until`; a longer rest under way stays."""
    with transaction.atomic():
        row = lock_control()
        if row.rest_until is None or row.rest_until < until:
            row.rest_until, row.rest_for = until, reason[:300]
            row.save(update_fields=["rest_until", "rest_for"])


def resume_sending(*, by: Any, reason: str) -> Control:
    with transaction.atomic():
        row = lock_control()
        if row.halted:
            log_change("halt", "halted", "open", by, reason)
            row.halted, row.halted_at, row.halted_by, row.halt_reason = False, None, "", ""
            row.save()
    return row


def actor_name(by: Any) -> str:
    if by is None:
        return "the system"
    return (by.get_full_name() or by.get_username()) if hasattr(by, "get_username") else str(by)


def log_change(
    what: str, before: str, after: str, by: Any, reason: str, override: bool = False
) -> ControlChange:
    user = by if hasattr(by, "get_username") else None
    row = ControlChange.objects.create(
        what=what, before=before, after=after, by=user, by_name=actor_name(by), override=override
    )
    ControlReason.objects.create(change=row, text=reason)
    return row


def log_switch(name: str, on: bool, by: Any, reason: str) -> None:
    log_change(name, _logged_value(not on), _logged_value(on), by, reason)
