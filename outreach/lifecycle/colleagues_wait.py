"""Put emails to a person's colleagues on hold: one person per company is emailed at a time."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils import timezone

from leads.models import Lead
from outreach.choices import MoveCode, Status
from outreach.content import check_results
from outreach.lifecycle.moves import move_message
from outreach.models import Message


def put_behind(
    messages: Iterable[Message],
    lead: Lead,
    why: MoveCode = MoveCode.COLLEAGUE_FIRST,
    *,
    by: Any = None,
    now: datetime | None = None,
) -> None:
    """Put held emails behind the one to `lead`. Raises StaleMessage where one was decided.

    Each is due to be checked again at once, which says how long it waits.
    """
    found = check_results.result("colleague_first", name=lead, company=lead.company)
    for message in messages:
        move_message(
            message,
            Status.BLOCKED,
            why,
            by=by,
            blocked_by=found.guard,
            error=found.text[:500],
            guards=_with_finding(message.guards, found),
            chosen_at=None,
            not_before=now or timezone.now(),
        )


def _with_finding(
    guards: list[dict[str, Any]], found: check_results.CheckResult
) -> list[dict[str, Any]]:
    kept = [row for row in guards if row["guard"] not in check_results.SLOT_CODES]
    return [*kept, *check_results.results_as_rows([found])]
