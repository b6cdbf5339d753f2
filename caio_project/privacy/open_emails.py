"""What becomes of the emails of an erased person that have not been sent, or may be leaving."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from leads.models import Enrichment, Lead
from outreach.choices import MoveCode, Status
from outreach.lifecycle.moves import move_message
from outreach.lifecycle.transitions import NOT_SENT_YET, StaleMessage
from outreach.models import AfterSend, GhlLook, Message, ModelDraft, SendIntent
from outreach.sending import send_slots

MOST_TRIES = 5  # of a move that another process came in between of


@dataclass
class EmailEndings:
    """How many were withdrawn, counted as sent though that is uncertain, and leaving just now."""

    withdrawn: int = 0
    counted_as_sent: int = 0
    leaving: int = 0


def end_open_emails(rows: list[Lead], by: Any = None) -> EmailEndings:
    """Withdraw what can be withdrawn and settle what is uncertain.

    One that is leaving is left to whoever sends it. Safe to repeat.
    """
    endings = EmailEndings()
    for _ in range(MOST_TRIES):
        stale = [not _end_email(one, by, endings) for one in _open_emails(rows)]
        if not any(stale):
            break
    endings.leaving = _of_people(rows).filter(status=Status.SENDING).count()
    _stop_other_work(rows)
    return endings


def _of_people(rows: list[Lead]) -> Any:
    return Message.objects.filter(lead__in=rows)


def _open_emails(rows: list[Lead]) -> list[Message]:
    return list(_of_people(rows).filter(status__in=(*NOT_SENT_YET, Status.UNCERTAIN)))


def _end_email(message: Message, by: Any, endings: EmailEndings) -> bool:
    """False where another process moved it first."""
    try:
        if message.status == Status.UNCERTAIN:
            _count_as_sent(message, by)
            endings.counted_as_sent += 1
        else:
            move_message(message, Status.WITHDRAWN, MoveCode.ERASED, by=by)
            endings.withdrawn += 1
    except StaleMessage:
        return False
    return True


def _count_as_sent(message: Message, by: Any) -> None:
    # It may have arrived, so limits and figures count it; nobody searches GoHighLevel for it.
    with transaction.atomic():
        intent = message.intents.filter(outcome=SendIntent.Outcome.UNCERTAIN).latest("claimed_at")
        send_slots.settle_intent(intent, SendIntent.Outcome.SENT, was=SendIntent.Outcome.UNCERTAIN)
        move_message(
            message,
            Status.SENT,
            MoveCode.ERASED_UNCERTAIN,
            by=by,
            sent_at=intent.claimed_at,
            error="",
        )


def _stop_other_work(rows: list[Lead]) -> None:
    now = timezone.now()
    AfterSend.objects.filter(message__lead__in=rows, state=AfterSend.State.DUE).update(
        state=AfterSend.State.DROPPED, settled_at=now
    )
    ModelDraft.objects.filter(message__lead__in=rows, state=ModelDraft.State.DUE).update(
        state=ModelDraft.State.FELL_BACK, settled_at=now
    )
    GhlLook.objects.filter(message__lead__in=rows).exclude(due_at=None).update(due_at=None)
    # Not by `settle_request`: the lead would be scored again.
    Enrichment.objects.filter(lead__in=rows).exclude(state=Enrichment.State.SETTLED).update(
        state=Enrichment.State.SETTLED,
        outcome=Enrichment.Outcome.SKIPPED,
        settled_at=now,
        lease_until=None,
    )
