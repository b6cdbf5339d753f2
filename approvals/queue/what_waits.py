"""What waits beside the queue: blocked drafts by cause, parked events, uncertain emails.

One count for the overview, the queue, the API, the diagnosis and the check of a deployment.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import (
    BooleanField,
    Count,
    Exists,
    ExpressionWrapper,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.db.models.functions import Coalesce

from approvals.queue import review_queue
from approvals.queue import snoozed as snoozed_emails
from caio_project.lib.db.kept_queries import kept_query
from caio_project.lib.words.clock_words import stamp_words
from leads.inbound.parked import UNMATCHED_ANSWERS
from leads.models import InboundEvent
from outreach.choices import BlockedBy, Status, Transport
from outreach.lifecycle.block_causes import BLOCK_CAUSES, TEXT_CHECKS, BlockCause, block_cause
from outreach.limits import team_calendar
from outreach.models import Message, MessageText, Move

LAST_DRAFTS = 60
MOST_BLOCKED = 20  # of the last 60 drafts, by what is known of the person
OLDEST_DAYS = 3  # working days that such a draft may wait for somebody to see to it


@dataclass(frozen=True)
class BlockedDrafts:
    """How many drafts have one cause."""

    cause: BlockCause
    count: int

    @property
    def sentence(self) -> str:
        drafts = "1 draft is" if self.count == 1 else f"{self.count} drafts are"
        return f"{drafts} blocked: {self.cause.words}. {self.cause.clear}"


@dataclass(frozen=True)
class WaitingWork:
    """`blocked` has the most frequent cause first; test and training emails are left out.

    `unmatched` counts answers of Clay about nobody known here: they wait for nobody.
    """

    blocked: tuple[BlockedDrafts, ...]
    parked: int
    uncertain: int
    unmatched: int = 0
    snoozed: int = 0  # put off by a person until a day; they come back by themselves

    def blocked_by(self, *who: BlockedBy) -> int:
        return sum(one.count for one in self.blocked if not who or one.cause.who in who)

    def sentences(self, *who: BlockedBy) -> list[str]:
        return [one.sentence for one in self.blocked if not who or one.cause.who in who]

    @property
    def is_any(self) -> bool:
        return bool(self.blocked or self.parked or self.uncertain)

    def as_counts(self) -> dict[str, int]:
        return {
            "blocked_by_us": self.blocked_by(BlockedBy.US),
            "blocked_by_person": self.blocked_by(BlockedBy.PERSON),
            "blocked_by_earlier_email": self.blocked_by(BlockedBy.EARLIER),
            "parked": self.parked,
            "uncertain": self.uncertain,
            "unmatched_answers": self.unmatched,
            "snoozed": self.snoozed,
        }

    def as_status(self) -> dict[str, Any]:
        """The counts, and each cause of blocked drafts with what clears it."""
        causes = [
            {"count": one.count, "cause": one.cause.words, "clear": one.cause.clear}
            for one in self.blocked
        ]
        return {**self.as_counts(), "blocked": causes}


def what_waits() -> WaitingWork:
    """Count all that a page must not call "all caught up"; at most five queries at any size."""
    uncertain = Message.objects.filter(status=Status.UNCERTAIN)
    unmatched = Q(reason_code__in=UNMATCHED_ANSWERS)
    parked = InboundEvent.objects.filter(state=InboundEvent.State.PARKED).aggregate(
        all=Count("pk", filter=~unmatched), unmatched=Count("pk", filter=unmatched)
    )
    snoozed = snoozed_emails.snoozed_messages().count()
    return WaitingWork(
        _count_blocked(), parked["all"], uncertain.count(), parked["unmatched"], snoozed
    )


def _count_blocked() -> tuple[BlockedDrafts, ...]:
    codes, typed = Counter(dict(_blocked_codes())), Counter[str]()
    # Whose words they are is asked only where it decides.
    if any(code in TEXT_CHECKS for code in codes):
        rows = review_queue.blocked_messages().filter(blocked_by__in=TEXT_CHECKS)
        typed = Counter(dict(_by_code(_typed(rows))))
    found: Counter[BlockCause] = Counter()
    for code, count in (codes - typed).items():
        found[block_cause(code, by_template=True)] += count
    for code, count in typed.items():
        found[block_cause(code, by_template=False)] += count
    return tuple(BlockedDrafts(cause, count) for cause, count in found.most_common())


@kept_query
def _blocked_codes() -> QuerySet[Any]:
    return _by_code(review_queue.blocked_messages())


def _by_code(rows: QuerySet[Message]) -> QuerySet[Any]:
    return rows.order_by().values_list("blocked_by").annotate(n=Count("*"))


def with_typed(rows: QuerySet[Message]) -> QuerySet[Any]:
    """Each with `typed`: whether a person wrote its text, or it was imported."""
    return rows.annotate(typed=ExpressionWrapper(_is_typed(), output_field=BooleanField()))


def _typed(rows: QuerySet[Message]) -> QuerySet[Message]:
    return rows.filter(_is_typed())


def _is_typed() -> Q:
    by_a_person = MessageText.objects.filter(message=OuterRef("pk"), author__isnull=False)
    return Q(Exists(by_a_person)) | Q(template__isnull=True)


def _waits_for_person() -> Q:
    """Whether a blocked draft waits for a person's data, or for a person's own words."""
    of_others = [code for code, one in BLOCK_CAUSES.items() if one.who != BlockedBy.PERSON]
    text = Q(blocked_by__in=TEXT_CHECKS)
    return (~Q(blocked_by__in=of_others) & ~text) | (text & _is_typed())


def problems_by_person_data(now: datetime) -> list[str]:
    """Sentences where blocked drafts are too many, or wait too long, for one person's data."""
    found = []
    if (many := _blocked_of_last_drafts()) > MOST_BLOCKED:
        found.append(
            f"{many} of the last {LAST_DRAFTS} drafts are blocked by what is known of the person."
        )
    oldest = _oldest_blocked_by_person(now)
    if oldest is not None and _working_days_later(oldest) < now:
        found.append(
            f"A draft is blocked by what is known of the person since {stamp_words(oldest)}, "
            f"over {OLDEST_DAYS} working days."
        )
    return found


def _blocked_of_last_drafts() -> int:
    drafts = Message.objects.exclude(status=Status.DRAFT).exclude(transport=Transport.HISTORY)
    drafts = drafts.exclude(kind__in=review_queue.KINDS_NOT_COUNTED).order_by("-created_at")
    newest = list(drafts.values_list("pk", flat=True)[:LAST_DRAFTS])
    blocked = review_queue.blocked_messages().filter(_waits_for_person(), pk__in=newest)
    return blocked.count()


def _oldest_blocked_by_person(now: datetime) -> datetime | None:
    """Since when the one that waits longest is blocked, where that may be too long."""
    block = Move.objects.filter(message=OuterRef("pk"), to_status=Status.BLOCKED).order_by("-pk")
    old = review_queue.blocked_messages().filter(
        _waits_for_person(), created_at__lt=now - timedelta(days=OLDEST_DAYS)
    )
    since = old.annotate(since=Coalesce(Subquery(block.values("at")[:1]), "created_at"))
    found: datetime | None = since.aggregate(oldest=Min("since"))["oldest"]
    return found


def _working_days_later(at: datetime) -> datetime:
    later = team_calendar.current_calendar().add_days(at, OLDEST_DAYS)
    return later or at + timedelta(days=OLDEST_DAYS)
