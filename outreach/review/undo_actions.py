"""Takes back a decision that ended an email: a rejection, or in Shadow an approval.

A Lead reopens later what was approved and has not left, what was rejected, and what expired.
"""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from caio_project.lib.nudge import nudge
from leads import locks
from leads.models import Company
from outreach.choices import Band, MoveCode, Status, Transport
from outreach.contact_history import ghl_check
from outreach.drafting import drafts, message_text
from outreach.lifecycle import colleagues_wait
from outreach.lifecycle.moves import move_message
from outreach.lifecycle.transitions import OPEN, IllegalMove, StaleMessage
from outreach.limits import deadlines
from outreach.models import Message, MessageText, Move
from outreach.review import kept_deadlines

UNDO_CODES = {
    MoveCode.REJECTED: MoveCode.REJECTION_UNDONE,
    MoveCode.WOULD_APPROVE: MoveCode.UNDONE,
    MoveCode.TRAINING_APPROVED: MoveCode.UNDONE,
}
# After a move of these no earlier decision of a person counts.
TAKES_BACK = (MoveCode.UNDONE, MoveCode.REJECTION_UNDONE, MoveCode.REOPENED)


def ending_move(message: Message) -> Move | None:
    """The move by which a person's decision ended the email; None where nothing of that kind
    did.
    """
    if message.status not in (Status.REJECTED, Status.WITHDRAWN):
        return None
    last = message.moves.order_by("-pk").first()
    return last if last is not None and last.why in UNDO_CODES else None


def other_open_email(message: Message) -> bool:
    """Whether another email to the same person is open by now, or beside a first one has left."""
    in_its_place = Q(status__in=OPEN)
    if message.step == 1:
        in_its_place |= Q(status=Status.SENT) & ~Q(transport=Transport.SANDBOX)
    others = Message.objects.filter(in_its_place, lead=message.lead_id)
    return others.exclude(pk=message.pk).exists()


def restore_ended(message: Message, *, by: Any) -> Message:
    """Put the email back where its decision found it, as a new version.

    Its deadlines stay where they leave time to decide, else they are new. What follows from a
    rejection is read from the state of the email, and ends with it. Raises IllegalMove or
    StaleMessage; then nothing has changed.
    """
    ending = ending_move(message)
    if ending is None:
        raise IllegalMove(message.status, Status.HELD)
    now = timezone.now()
    times = kept_deadlines.find_kept_times(message, now) or _new_times(message, ending, now)
    return _put_back(message, ending, UNDO_CODES[MoveCode(ending.why)], by=by, **times)


def reopenable_move(message: Message) -> Move | None:
    """The move by which the email was rejected here or expired; None where it was not."""
    last = message.moves.order_by("-pk").first()
    codes = {Status.REJECTED: MoveCode.REJECTED, Status.EXPIRED: MoveCode.EXPIRED}
    wanted = codes.get(Status(message.status))
    return last if last is not None and wanted is not None and last.why == wanted else None


def reopen_email(message: Message, *, by: Any, reason: str) -> Message:
    """Have the email decided again, with new deadlines; what had ended comes as a new version.

    Raises IllegalMove or StaleMessage; then nothing has changed.
    """
    if message.status == Status.CLEARED:
        changes = {"by": by, "reason": reason, "cleared_at": None}
        return drafts.hold_for_review(message, MoveCode.REOPENED, **changes)
    ending = reopenable_move(message)
    if ending is None:
        raise IllegalMove(message.status, Status.HELD)
    times = _new_times(message, ending, timezone.now())
    reopened = _put_back(message, ending, MoveCode.REOPENED, by=by, reason=reason, **times)
    nudge("approvals.tell")
    return reopened


def _new_times(message: Message, ending: Move, now: datetime) -> dict[str, Any]:
    was_held = ending.from_status == Status.HELD
    times = deadlines.times_of_wait(Band(message.band), now)
    return {"held_at": now if was_held else message.held_at, **times}


def _put_back(message: Message, ending: Move, why: MoveCode, *, by: Any, **changes: Any) -> Message:
    text, version = message.text, message.version + 1
    try:
        with transaction.atomic():
            locks.lock_leads(message.lead_id)
            restored = move_message(
                message, ending.from_status, why, by=by, version=version, **changes
            )
            if text is not None:
                message_text.store_text(restored, version, _same_words(text))
            if restored.status == Status.HELD:
                _put_colleagues_behind(restored)
    except IntegrityError as error:  # another email to this person was opened at this moment
        raise StaleMessage(ending.to_status, version - 1) from error
    if restored.status == Status.HELD:
        ghl_check.request_check(restored)
    return restored


def _put_colleagues_behind(restored: Message) -> None:
    """A colleague's email that came into the queue meanwhile, and that nobody has opened, waits."""
    company = restored.lead.company
    if company is None:
        return
    list(Company.objects.select_for_update(no_key=True).filter(pk=company.pk))
    theirs = Message.objects.filter(
        lead__company=company, status=Status.HELD, step=1, opened_at=None, chosen_at=None
    ).exclude(lead=restored.lead_id)
    locked = theirs.select_for_update(of=("self",)).order_by("pk")
    colleagues_wait.put_behind(locked, restored.lead)


def _same_words(text: MessageText) -> message_text.NewText:
    return message_text.NewText(
        subject=text.subject,
        body=text.body,
        footer=text.footer,
        phrases=text.phrases,
        author=text.author,
        language_model=text.language_model,
        prompt_version=text.prompt_version,
    )
