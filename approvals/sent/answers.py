"""What people answered, as our pages show it: what needs somebody now, and everything, with the
words that decided.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from approvals import fact_words
from leads.models import InboundEvent
from outreach.feedback import placement
from outreach.models import WANT_AN_ANSWER, Reply, ReplyKind

NEEDS_SOMEONE_FOR = timedelta(days=14)
IMPORTED_SOURCE = "history"  # the source of what was imported
PAGE_SIZE = 25
MAX_UNPLACED = 1000
MAX_QUOTE_LENGTH = 240
MAX_REPLY_LENGTH = 2000  # characters of one reply on the page


@dataclass(frozen=True)
class ReplyRow:
    reply: Reply
    said: list[fact_words.TextPiece]
    subject: list[fact_words.TextPiece]
    because: list[str]
    is_cut: bool

    @property
    def is_unsure(self) -> bool:
        return not self.reply.is_sure and not self.reply.corrected_to

    @property
    def label(self) -> str:
        return short_label(self.reply.kind)

    @property
    def machine_said(self) -> str:
        """The machine's kind, where a person says otherwise."""
        return (
            short_label(self.reply.sorted_as)
            if self.reply.corrected_to not in ("", self.reply.sorted_as)
            else ""
        )

    @property
    def quote(self) -> str:
        """The sentences around what decided."""
        text = getattr(self.reply, "text", None)
        return quote_around(text.shown_answer, self.because) if text else ""


def short_label(kind: str) -> str:
    return str(ReplyKind(kind).label).partition(",")[0]


def quote_around(said: str, because: list[str]) -> str:
    """At most LONGEST_QUOTE characters, from the sentence with the first deciding word."""
    said = " ".join(said.split())
    at = min(
        (found for word in because if (found := said.find(" ".join(word.split()))) >= 0), default=0
    )
    start = _sentence_start(said, at) if at > MAX_QUOTE_LENGTH // 2 else 0
    cut = said[start : start + MAX_QUOTE_LENGTH]
    return ("… " if start else "") + cut + (" …" if start + MAX_QUOTE_LENGTH < len(said) else "")


def _sentence_start(said: str, at: int) -> int:
    ends = [found + 2 for end in (". ", "? ", "! ") if (found := said.rfind(end, 0, at)) >= 0]
    return max(ends, default=at)


def replies_needing_someone() -> list[ReplyRow]:
    """Positive replies and questions nobody has claimed, and unsure ones; oldest first.

    Where it is unsure of a stop, everything to that person is held until somebody sorts it.
    """
    rows = _with_related(_unclaimed_replies())
    return [reply_row(reply) for reply in rows.order_by("received_at")[:PAGE_SIZE]]


def count_needing_someone() -> int:
    return _unclaimed_replies().count()


def _unclaimed_replies() -> QuerySet[Reply]:
    unsure = Q(is_sure=False, corrected_to="")
    is_recent = Q(received_at__gte=timezone.now() - NEEDS_SOMEONE_FOR)
    held = Q(sorted_as=ReplyKind.STOP) & unsure  # holds everything to them, however old
    recent = Reply.objects.filter(is_recent | held, taken_at=None)
    wanting = recent.of_kind(*WANT_AN_ANSWER).values("pk")
    return recent.exclude(source=IMPORTED_SOURCE).filter(unsure | Q(pk__in=wanting))


def count_unplaced() -> int:
    """Messages of the last 14 days of which we cannot tell whom of ours they concern."""
    rows = InboundEvent.objects.filter(
        reason_code=placement.UNPLACED_CODE, received_at__gte=timezone.now() - NEEDS_SOMEONE_FOR
    ).exclude(reason="")
    return rows.order_by()[:MAX_UNPLACED].count()


def newest_replies(before: int | None = None) -> tuple[list[ReplyRow], int | None]:
    """One page of all replies, newest first, and the cursor of older ones."""
    rows = _with_related(Reply.objects.all()).order_by("-pk")
    found = list((rows.filter(pk__lt=before) if before else rows)[: PAGE_SIZE + 1])
    return [reply_row(reply) for reply in found[:PAGE_SIZE]], found[PAGE_SIZE - 1].pk if len(
        found
    ) > PAGE_SIZE else None


def _with_related(rows: Any) -> Any:
    return rows.select_related("lead__company", "message", "text", "corrected_by", "taken_by")


def reply_row(reply: Reply) -> ReplyRow:
    """One reply, with the words marked that decided its kind."""
    text = getattr(reply, "text", None)
    said, subject = (text.shown_answer, text.subject) if text else ("", "")
    because = text.shown_words if text else []
    phrases = [{"text": word, "source": "reply"} for word in because]
    return ReplyRow(
        reply=reply,
        said=fact_words.mark_phrases(said[:MAX_REPLY_LENGTH], phrases),
        subject=fact_words.mark_phrases(subject, phrases)
        if any(word in subject for word in because)
        else [],
        because=because,
        is_cut=len(said) > MAX_REPLY_LENGTH,
    )
