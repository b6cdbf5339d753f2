"""What people were told, newest first, with what came of it; and what is overdue."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from approvals.decisions import outcomes
from approvals.models import Decision, Notice, Verdict
from approvals.queue import review_queue, snoozed
from outreach.choices import Status
from outreach.models import Message

PAGE_SIZE = 50
MOST_OVERDUE = 20
WAITING = "waiting"
VERDICT_CODES = {
    Verdict.APPROVED: "approved",
    Verdict.REJECTED: "rejected",
    Verdict.WOULD_APPROVE: "would_approve",
    Verdict.WOULD_REJECT: "would_reject",
}
WORDS = {
    WAITING: "It still waits",
    "approved": "Approved",
    "rejected": "Rejected",
    "would_approve": "Would have been approved (shadow)",
    "would_reject": "Would have been rejected (shadow)",
    "machine": "Approved by the machine",
    "taken": "Taken",
}


@dataclass(frozen=True)
class Outcome:
    """What came of the email or reply that a notice is about: a code, by whom and when."""

    code: str
    by: str = ""
    at: datetime | None = None

    @property
    def words(self) -> str:
        said = WORDS.get(self.code) or str(Status(self.code).label)
        return f"{said} by {self.by}" if self.by else said


@dataclass(frozen=True)
class OverdueEmail:
    message: Message
    told: list[Notice]


def all_notices() -> Any:
    return Notice.objects.select_related(
        "to", "instead_of", "message__lead__company", "reply__taken_by"
    )


def newest_notices(before: int | None = None) -> tuple[list[Notice], int | None]:
    rows = all_notices().order_by("-pk")
    found = list((rows.filter(pk__lt=before) if before else rows)[: PAGE_SIZE + 1])
    return found[:PAGE_SIZE], found[PAGE_SIZE - 1].pk if len(found) > PAGE_SIZE else None


def find_outcomes(rows: list[Notice]) -> dict[int, Outcome]:
    """What came of each notice, by primary key, in one statement. Alarms have none."""
    decided: dict[int, list[Decision]] = defaultdict(list)
    about = {row.message_id for row in rows if row.message_id and not row.note_id}
    for decision in Decision.objects.standing().filter(message__in=about).order_by("pk"):
        decided[decision.message_id].append(decision)
    found = {row.pk: _outcome_of(row, decided[row.message_id or 0]) for row in rows}
    return {pk: outcome for pk, outcome in found.items() if outcome}


def _outcome_of(notice: Notice, decisions: list[Decision]) -> Outcome | None:
    if notice.reply and notice.reply.taken_by:
        return Outcome("taken", notice.reply.taken_by.get_username(), notice.reply.taken_at)
    if notice.message is None or notice.note_id:
        return None
    message = notice.message
    if message.status in (Status.HELD, Status.BLOCKED):
        return Outcome(WAITING)
    last = decisions[-1] if decisions else None
    if last and last.at >= notice.created_at and outcomes.is_in_force(last, message):
        return Outcome(VERDICT_CODES[Verdict(last.verdict)], last.by_name, last.at)
    if outcomes.is_approved_by_machine(message):
        return Outcome("machine")
    return Outcome(message.status)


def overdue_emails() -> list[OverdueEmail]:
    """The first overdue emails in the order of the queue, each with who was told in this wait."""
    rows = review_queue.overdue_messages().select_related("lead__company")
    late = list(rows.order_by(*review_queue.QUEUE_ORDER)[:MOST_OVERDUE])
    told: dict[int, list[Notice]] = defaultdict(list)
    of_these = Notice.objects.filter(message__in=[one.pk for one in late], note=None, skipped="")
    for notice in of_these.select_related("to").order_by("pk"):
        told[notice.message_id or 0].append(notice)
    return [
        OverdueEmail(
            one, [row for row in told[one.pk] if row.created_at >= snoozed.starts_waiting(one)]
        )
        for one in late
    ]
