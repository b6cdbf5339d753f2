"""What people answered, as our pages show it: what needs somebody now, and everything, with the words that decided."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from approvals import fact_words
from outreach.models import Reply, ReplyKind

NEEDS_SOMEBODY_FOR = timedelta(days=14)
BEFORE_US = "history"  # the source of what was imported
PAGE = 25
LONGEST_QUOTE = 240
LONGEST = 2000  # characters of one reply on the page


@dataclass(frozen=True)
class Answer:
    """A reply and what stands on the page about it."""

    reply: Reply
    said: list[fact_words.Piece]
    subject: list[fact_words.Piece]
    because: list[str]
    is_cut: bool

    @property
    def is_unsure(self) -> bool:
        return not self.reply.is_sure and not self.reply.corrected_to

    @property
    def label(self) -> str:
        return short(self.reply.kind)

    @property
    def machine_said(self) -> str:
        """What the machine took it for, where a person says otherwise."""
        return (
            short(self.reply.sorted_as)
            if self.reply.corrected_to not in ("", self.reply.sorted_as)
            else ""
        )

    @property
    def quote(self) -> str:
        """The sentences around what decided, for whoever reads only this."""
        text = getattr(self.reply, "text", None)
        return quoted(text.said, self.because) if text else ""


def short(kind: str) -> str:
    """ "Out of office", for a table."""
    return str(ReplyKind(kind).label).partition(",")[0]


def quoted(said: str, because: list[str]) -> str:
    """At most LONGEST_QUOTE characters of `said`, from the sentence on in which the first deciding word stands."""
    said = " ".join(said.split())
    at = min(
        (found for word in because if (found := said.find(" ".join(word.split()))) >= 0), default=0
    )
    start = _sentence_before(said, at) if at > LONGEST_QUOTE // 2 else 0
    cut = said[start : start + LONGEST_QUOTE]
    return ("… " if start else "") + cut + (" …" if start + LONGEST_QUOTE < len(said) else "")


def _sentence_before(said: str, at: int) -> int:
    """Where the sentence around `at` begins; `at` itself where none ends before it."""
    ends = [found + 2 for end in (". ", "? ", "! ") if (found := said.rfind(end, 0, at)) >= 0]
    return max(ends, default=at)


def needs_you() -> list[Answer]:
    """Positive answers that nobody has taken, and those that the machine asks about; the oldest first."""
    unsure = Q(is_sure=False, corrected_to="")
    recent = Reply.objects.filter(
        received_at__gte=timezone.now() - NEEDS_SOMEBODY_FOR, taken_at=None
    )
    positive = recent.of_kind(ReplyKind.POSITIVE).values("pk")
    rows = _with_people(recent.exclude(source=BEFORE_US).filter(unsure | Q(pk__in=positive)))
    return [shown(reply) for reply in rows.order_by("received_at")[:PAGE]]


def newest(before: int | None = None) -> tuple[list[Answer], int | None]:
    """One page of everything that was answered, the newest first, and the cursor of what is older."""
    rows = _with_people(Reply.objects.all()).order_by("-pk")
    found = list((rows.filter(pk__lt=before) if before else rows)[: PAGE + 1])
    return [shown(reply) for reply in found[:PAGE]], found[PAGE - 1].pk if len(
        found
    ) > PAGE else None


def _with_people(rows: Any) -> Any:
    return rows.select_related("lead__company", "message", "text", "corrected_by", "taken_by")


def shown(reply: Reply) -> Answer:
    """One reply with the words marked that decided how it is sorted."""
    text = getattr(reply, "text", None)
    said, subject = (text.said, text.subject) if text else ("", "")
    because = [word for word in text.decided_by if isinstance(word, str)] if text else []
    phrases = [{"text": word, "source": "reply"} for word in because]
    return Answer(
        reply=reply,
        said=fact_words.marked(said[:LONGEST], phrases),
        subject=fact_words.marked(subject, phrases)
        if any(word in subject for word in because)
        else [],
        because=because,
        is_cut=len(said) > LONGEST,
    )
