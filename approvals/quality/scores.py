"""Give a score to an email. Only people score: whoever may decide, by the desk or by a file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from approvals.models import QualityComment, QualityScore, ScoreSource
from approvals.quality.dimensions import NAMES
from outreach.models import Message, MessageText

LONGEST_COMMENT = 2000
NO_TEXT = "This email has no text to score: it was erased, or never written. Nothing was saved."
CHANGED = "The text changed after you opened it. Nothing was saved: read it again, then score it."


class NotScored(Exception):
    """The text says why the email was not scored."""


@dataclass(frozen=True)
class Marks:
    """One mark from 1 to 5 for each dimension, by its name."""

    by_name: Mapping[str, int]
    comment: str = ""


def scorable_text(message: Message) -> MessageText | None:
    """The current text; None where it was erased or never written."""
    text = message.text
    return text if text is not None and text.body.strip() else None


def my_score(message: Message, user: Any) -> QualityScore | None:
    mine = QualityScore.objects.filter(message=message, by=user).select_related("comment")
    return mine.order_by("-pk").first()


def give_score(
    message: Message, version: int, marks: Marks, *, by: Any, source: ScoreSource
) -> QualityScore:
    """Store the marks for the text of `version`. Raises NotScored; then nothing is stored."""
    if scorable_text(message) is None:
        raise NotScored(NO_TEXT)
    if source == ScoreSource.DESK and version != message.version:
        raise NotScored(CHANGED)
    with transaction.atomic():
        score = QualityScore.objects.create(
            message=message,
            version=version,
            by=by,
            source=source,
            **{name: marks.by_name[name] for name in NAMES},
        )
        if marks.comment:
            QualityComment.objects.create(score=score, text=marks.comment)
    return score


def says_the_same(score: QualityScore | None, version: int, marks: Marks) -> bool:
    if score is None or score.version != version:
        return False
    comment = score.comment.text if hasattr(score, "comment") else ""
    return comment == marks.comment and all(
        getattr(score, name) == marks.by_name[name] for name in NAMES
    )
