"""Emails out to a file for scoring, and the scores back in: all of a file, or nothing."""

import uuid
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef

from approvals.models import QualityScore, ScoreSource
from approvals.quality import score_files, scores
from approvals.quality.score_files import EmailRow, RowError, ScoredRow
from approvals.quality.scores import Marks
from leads.models import Kind
from outreach.models import Message

MOST_EMAILS = 1000


@dataclass
class ScoreImport:
    """What a file of scores held. With any of `errors` nothing was stored."""

    read: int = 0
    new: int = 0
    known: int = 0
    uncounted: int = 0  # of emails to nobody live
    errors: list[RowError] = field(default_factory=list)


def emails_for_review(count: int) -> list[EmailRow]:
    """Emails to live leads, those that nobody has scored first, each part the newest first."""
    scored = QualityScore.objects.filter(message=OuterRef("pk"))
    rows = Message.objects.filter(kind=Kind.LIVE, lead__kind=Kind.LIVE, texts__isnull=False)
    newest = rows.annotate(scored=Exists(scored)).distinct().order_by("scored", "-pk")
    found = []
    for message in newest.iterator(chunk_size=200):
        text = scores.scorable_text(message)
        if text is not None:
            row = EmailRow(str(message.public_id), message.to_address, text.subject, text.body)
            found.append(row)
        if len(found) == count:
            break
    return found


def import_scores(raw: bytes, name: str, by: Any) -> ScoreImport:
    """Store a score of `by` for each row; nothing where one row is wrong.

    A row that says what this person's score already says is known, and stored only once. Raises
    UnreadableFile.
    """
    rows, errors = score_files.read_file(raw, name)
    by_id = _messages_by_id(rows)
    errors += [error for row in rows if (error := _email_error(row, by_id))]
    errors.sort(key=lambda error: error.row)
    wrong_rows = {error.row for error in errors}
    report = ScoreImport(read=len({row.row for row in rows} | wrong_rows), errors=errors)
    if errors:
        return report
    with transaction.atomic():
        for row in rows:
            _store_row(row, by_id[row.email_id], by, report)
    return report


def _messages_by_id(rows: list[ScoredRow]) -> dict[uuid.UUID, Message]:
    ids = [row.email_id for row in rows]
    found = Message.objects.filter(public_id__in=ids).select_related("lead")
    return {message.public_id: message for message in found}


def _email_error(row: ScoredRow, by_id: dict[uuid.UUID, Message]) -> RowError | None:
    message = by_id.get(row.email_id)
    if message is None:
        return RowError(row.row, "email_id", f"there is no email {row.email_id}.")
    if scores.scorable_text(message) is None:
        return RowError(row.row, "email_id", f"the text of {row.email_id} was erased.")
    return None


def _store_row(row: ScoredRow, message: Message, by: Any, report: ScoreImport) -> None:
    version, marks = _version_in_file(row, message), Marks(row.marks, row.comment)
    if message.kind != Kind.LIVE or message.lead.kind != Kind.LIVE:
        report.uncounted += 1
    if scores.says_the_same(scores.my_score(message, by), version, marks):
        report.known += 1
        return
    scores.give_score(message, version, marks, by=by, source=ScoreSource.FILE)
    report.new += 1


def _version_in_file(row: ScoredRow, message: Message) -> int:
    """The version whose text the file shows; the current one where it shows none of them."""
    shown = _words(f"{row.subject} {row.body}")
    for text in message.texts.order_by("-version"):
        if _words(f"{text.subject} {text.body}") == shown:
            return text.version
    return message.version


def _words(text: str) -> list[str]:
    return text.split()
