"""Moves emails to the lead that stands for them after a merge, and back when it is undone.

Reads `Lead.merged_into` in a sweep that may be repeated, however often leads were merged or
separated meanwhile. What cannot wait for it asks `previous_emails.emails_of`.
"""

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import F, IntegerField, Model, Q, QuerySet, Value

from caio_project.lib.db.kept_queries import kept_query
from leads import locks
from outreach.choices import MoveCode, Status, Transport
from outreach.lifecycle.moves import move_message
from outreach.lifecycle.transitions import NOT_SENT_YET, OPEN
from outreach.models import Meeting, Message, Opportunity, Reply
from outreach.review import review_actions

TABLES: tuple[type[Model], ...] = (Message, Reply, Meeting, Opportunity)
SEND_STARTED = (Status.SENDING, Status.UNCERTAIN, Status.SENT, Status.FAILED)
WRITTEN_AS_OTHER = "This person was written to as another lead, before the two were merged."
OTHER_IS_OPEN = "This person has another email open, from before two leads were merged."

# Where an email is, and is not where the person is for whom it was written. Each alone is found by
# an index: together they would be looked for among all rows.
AT_WRONG_LEAD = (
    Q(written_for=None, lead__merged_into__isnull=False),
    Q(written_for__isnull=False)
    & (
        Q(written_for__merged_into=None)
        | Q(written_for__merged_into__isnull=False) & ~Q(lead=F("written_for__merged_into"))
    ),
)
BATCH = 200


@kept_query
def _astray() -> QuerySet[Any]:
    """Table, lead and whom it was written for, each once."""
    first, *others = (
        table._default_manager.filter(which)
        .order_by()
        .annotate(table=Value(number, IntegerField()))
        .values_list("table", "lead", "written_for")
        for number, table in enumerate(TABLES)
        for which in AT_WRONG_LEAD
    )
    return first.union(*others).order_by("table", "lead", "written_for")[:BATCH]


def follow_merges() -> int:
    """Move every email, and what came back for it, to its lead; returns how often it was tried.

    An email that may be leaving stays while another of the same lead may be leaving too.
    """
    astray = _astray()
    for number, lead, written_for in astray:
        table = TABLES[number]
        with transaction.atomic():
            (_move_emails if table is Message else partial(_move_feedback, table))(
                lead, written_for or lead
            )
    return len(astray)


def _rows_of_pair(now_at: int, written_for: int) -> Q:
    return Q(lead=now_at, written_for=written_for) | (
        Q(lead=now_at, written_for=None) if now_at == written_for else Q(pk=None)
    )


def _move_feedback(table: type[Model], now_at: int, written_for: int) -> None:
    person = locks.lock_lead(written_for)
    came_for = None if person.pk == written_for else written_for
    table._default_manager.filter(_rows_of_pair(now_at, written_for)).update(
        lead=person, written_for=came_for
    )


def _move_emails(now_at: int, written_for: int) -> None:
    person = locks.lock_lead(written_for)
    if person.pk == now_at:
        return  # it was merged or undone meanwhile, and is right again
    rows = (
        Message.objects.select_for_update()
        .filter(_rows_of_pair(now_at, written_for) | Q(lead=person))
        .order_by("pk")
    )
    coming, there = (
        [row for row in rows if row.lead_id == now_at],
        [row for row in rows if row.lead_id == person.pk],
    )
    _keep_one_open(coming, there)
    blocked = any(row.status in OPEN for row in there)
    coming = [row for row in coming if not (blocked and row.status in OPEN)]
    came_for = None if person.pk == written_for else written_for
    Message.objects.filter(pk__in=[row.pk for row in coming]).update(
        lead=person, written_for=came_for
    )
    review_actions.recheck_open_emails(person)


def _keep_one_open(coming: list[Message], there: list[Message]) -> None:
    """Keep the open email that came furthest, and none where the other lead was written to."""
    for mine, others in ((coming, there), (there, coming)):
        if any(_was_written_to(row) for row in others):
            _withdraw_open(mine, MoveCode.WRITTEN_AS_OTHER, WRITTEN_AS_OTHER)
    left = sorted(
        (row for row in coming + there if row.status in NOT_SENT_YET), key=_progress_order
    )
    _withdraw_open(left[:-1], MoveCode.OTHER_IS_OPEN, OTHER_IS_OPEN)


def _was_written_to(message: Message) -> bool:
    return message.status in SEND_STARTED and message.transport != Transport.SANDBOX


def _progress_order(message: Message) -> tuple[bool, bool, int, int]:
    """Approved, then opened, then waiting, then blocked, then being drafted; of two alike the
    older.
    """
    approved = message.status == Status.CLEARED
    return (
        approved,
        message.opened_at is not None,
        NOT_SENT_YET.index(Status(message.status)),
        -message.pk,
    )


def _withdraw_open(messages: list[Message], why: MoveCode, text: str) -> None:
    for message in messages:
        if message.status in NOT_SENT_YET:
            move_message(message, Status.WITHDRAWN, why, error=text)
