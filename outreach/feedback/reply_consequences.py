"""What follows from a reply at once, and what a person's correction of it changes.

Any answer withdraws the open emails of its lead; one that asks to stop suppresses everywhere. Where
the machine is not sure that it does, everything to that person is held until somebody says what it
is. An automatic reply changes nothing, unless it says that its person or address is gone.
"""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from leads import locks
from leads.models import Lead, Suppression
from leads.suppression import suppression
from outreach.choices import EventKind, MoveCode
from outreach.feedback import email_events, unsubscribes
from outreach.models import Fate, Message, OptOut, Reply, ReplyKind, ReplyText
from outreach.reply_sorting import classify
from outreach.review import review_actions

MAY_BE_ANSWER = "Something came back that may be an answer: see the replies."
MIN_REASON_LENGTH = 20
Reason = suppression.Reason


class StopStays(Exception):
    """The stop cannot be taken back; `code` says why."""

    OWN_WORD = "own_word"
    OTHER_REPLY = "other_reply"
    OWN_CHOICE = "own_choice"
    NO_STOP = "no_stop"
    NO_REASON = "no_reason"

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def apply_consequences(reply: Reply, address: str = "", others: Sequence[Lead] = ()) -> None:
    """`address` is the sender's; `others` are people whom we had written to and it answers too."""
    if reply.kind == ReplyKind.OUT_OF_OFFICE:
        _apply_note(reply)
        return
    for person in (reply.lead, *others):
        review_actions.withdraw_open_emails(person, MoveCode.ANSWERED)
    if reply.kind == ReplyKind.STOP:
        _stop_people(reply, address, others)
        return
    if reply.corrected_to and not _stops_of(reply.lead).exclude(pk=reply.pk).exists():
        suppression.end_machine_stops(reply.lead, Reason.STOP_UNSURE)
    if reply.fate == Fate.GONE:
        _stop_address_written_to(reply, Reason.GONE)


def _stop_people(reply: Reply, address: str, others: Sequence[Lead]) -> None:
    """For good where it is certain, else until a person says what it is."""
    written_to = reply.message.to_address if reply.message else ""
    is_certain = reply.is_sure or reply.corrected_to == ReplyKind.STOP
    reason = Reason.UNSUBSCRIBED if is_certain else Reason.STOP_UNSURE
    if is_certain and reply.message:
        email_events.record_event(
            reply.message, EventKind.UNSUBSCRIBED, "reply", reply.source, reply.received_at
        )
    for person in (reply.lead, *others):
        unsubscribes.stop_everywhere(
            person, suppression.BY_MACHINE, address, written_to, reason=reason
        )


def _apply_note(reply: Reply) -> None:
    if not reply.is_sure and not reply.corrected_to:
        for message in Message.objects.filter(lead=reply.lead, status__in=review_actions.DECIDABLE):
            review_actions.make_critical(message, MAY_BE_ANSWER)
        return
    if reply.fate == Fate.DELAYED and reply.message:
        once = f"reply {reply.pk} delayed"
        email_events.record_event(
            reply.message, EventKind.DEFERRED, "mail", reply.source, reply.received_at, once
        )
    elif reply.fate == Fate.UNDELIVERABLE and reply.message:
        email_events.record_event(
            reply.message, EventKind.BOUNCED, "mail", reply.source, reply.received_at
        )
        _stop_address_written_to(reply, Reason.BOUNCED)
    elif reply.fate == Fate.GONE:
        _stop_address_written_to(reply, Reason.GONE)


def _stop_address_written_to(reply: Reply, reason: str) -> None:
    """Ends the thread too. A delivery failure comes from a mail server, not from the address."""
    written_to = reply.message.to_address if reply.message else reply.lead.email or ""
    email_events.stop_address(written_to, reason, "reply: gone", reply.lead)


def take_back_stop(reply: Reply, kind: str, why: str, *, by: Any) -> Reply:
    """Sort a stop that the machine found as `kind`, and let emails go to this person again.

    Never what recipients did themselves: the link, STOP alone, do-not-disturb, a complaint. Raises
    StopStays, and nothing is changed.
    """
    if len(why.strip()) < MIN_REASON_LENGTH:
        raise StopStays(StopStays.NO_REASON)
    with transaction.atomic():
        person = locks.lock_lead(reply.lead_id)
        reply = Reply.objects.select_related("lead").get(pk=reply.pk)
        _check_may_be_taken_back(reply, person, kind)
        ended = suppression.end_machine_stops(person, Reason.UNSUBSCRIBED, Reason.STOP_UNSURE)
        now = timezone.now()
        ReplyText.objects.filter(reply=reply).update(taken_back_why=why.strip()[:500])
        Reply.objects.filter(pk=reply.pk).update(
            corrected_to=ReplyKind(kind),
            corrected_by=by,
            corrected_at=now,
            taken_back_by=by,
            taken_back_at=now,
            dnd_is_ours=_was_told_to_ghl(ended),
        )
    reply.refresh_from_db()
    return reply


def _check_may_be_taken_back(reply: Reply, person: Lead, kind: str) -> None:
    if reply.kind != ReplyKind.STOP or kind == ReplyKind.STOP:
        raise StopStays(StopStays.NO_STOP)
    text = ReplyText.objects.filter(reply=reply).first()
    if text is None or classify.is_bare_stop(text.subject, text.said):
        raise StopStays(StopStays.OWN_WORD)
    if _stops_of(person).exclude(pk=reply.pk).exists():
        raise StopStays(StopStays.OTHER_REPLY)
    theirs = suppression.suppressions_of(person).exclude(source=suppression.BY_MACHINE)
    if theirs.filter(reason__in=(Reason.UNSUBSCRIBED, Reason.COMPLAINED, Reason.ERASED)).exists():
        raise StopStays(StopStays.OWN_CHOICE)


def _stops_of(person: Lead) -> Any:
    return Reply.objects.filter(lead__in=suppression.rows_of(person)).of_kind(ReplyKind.STOP)


def _was_told_to_ghl(ended: Sequence[Suppression]) -> bool:
    return OptOut.objects.filter(suppression__in=ended, outcome=OptOut.Outcome.BLOCKED).exists()
