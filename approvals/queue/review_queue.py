"""The review queue as people see it: what waits, most urgent first, and who has it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from approvals.decisions import claims
from approvals.models import Claim
from approvals.queue import band_words, snoozed
from caio_project.lib import times
from caio_project.lib.db.kept_queries import kept_query
from leads.models import Kind
from outreach.choices import Band, Status, Transport
from outreach.control.policy import BAND_RANK
from outreach.lifecycle.transitions import APPROVED
from outreach.models import Message, MessageText
from outreach.review import snooze

KINDS_NOT_COUNTED = (Kind.TEST, Kind.TRAINING)
QUEUE_ORDER = ("rank", "queue_turn", "due_at", "pk")  # band, overdue or score, time


def waiting_messages() -> QuerySet[Message]:
    """What waits for a decision now, most urgent first; without what was put off, and training."""
    return held_messages().exclude(kind=Kind.TRAINING)


def held_messages() -> QuerySet[Message]:
    rows = Message.objects.filter(snoozed.not_snoozed(), status=Status.HELD)
    return rows.select_related("lead__company", "sender").order_by(*QUEUE_ORDER)


@dataclass(frozen=True)
class QueueCounts:
    pending: int
    approved: int
    rejected: int

    @property
    def total(self) -> int:
        return self.pending + self.approved + self.rejected


def count_by_kind_and_status() -> dict[tuple[str, str], int]:
    return {(kind, status): n for kind, status, n in _counts_of_kinds()}


@kept_query
def _counts_of_kinds() -> QuerySet[Any]:
    rows = Message.objects.exclude(transport=Transport.HISTORY).order_by()
    return rows.values_list("kind", "status").annotate(n=Count("*"))  # the key is in no index


def current_counts() -> QueueCounts:
    return counts_from(count_by_kind_and_status())


def counts_from(by_kind: dict[tuple[str, str], int]) -> QueueCounts:

    def total(*statuses: Status) -> int:
        return sum(
            n
            for (kind, status), n in by_kind.items()
            if status in statuses and kind not in KINDS_NOT_COUNTED
        )

    return QueueCounts(total(Status.HELD), total(*APPROVED), total(Status.REJECTED))


def next_message_for(
    user: Any,
    after: Message | None = None,
    skipped: Iterable[int] = (),
    among: QuerySet[Message] | None = None,
) -> Message | None:
    """The next email that no colleague has: after `after` in order, then from the start.

    Those this person skipped come last.
    """
    now = timezone.now()
    free = (waiting_messages() if among is None else among).exclude(
        Exists(Claim.objects.filter(message=OuterRef("pk"), until__gt=now).exclude(user=user))
    )
    if after is not None:
        free = free.exclude(pk=after.pk)
    fresh = free.exclude(pk__in=list(skipped)) if skipped else free
    later = (
        first_rows(messages_after(fresh, QueuePosition.of(after)), 1) if after is not None else []
    )
    return next(iter(later), None) or fresh.first() or free.first()


def count_overdue() -> int:
    return overdue_messages().count()


# --- A list that opens as fast at 100,000 rows as at 100: seeks along the index of QUEUE_ORDER, no
# OFFSET -------
PAGE_SIZE = 50
MAX_COUNTED = 1000
ALL_RANKS = sorted({*BAND_RANK.values()})


@dataclass(frozen=True)
class QueuePosition:
    """An email's place in the order of the queue; as text it is the cursor of a page."""

    rank: int
    turn: int
    due_at: datetime
    pk: int

    @classmethod
    def of(cls, message: Message) -> "QueuePosition":
        due_at = message.due_at or message.created_at
        return cls(message.rank, message.queue_turn, due_at, message.pk)

    @classmethod
    def parse(cls, text: str) -> "QueuePosition | None":
        """From the text that `str` gave; None for anything else."""
        try:
            rank, turn, due, pk = (int(part) for part in text.split("_"))
            at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=due)
        except (ValueError, OverflowError):
            return None
        is_storable = times.EARLIEST <= at < times.LATEST
        return cls(rank, turn, at, pk) if is_storable else None

    def __str__(self) -> str:
        whole = (self.due_at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
        return f"{self.rank}_{self.turn}_{whole}_{self.pk}"


def messages_after(messages: QuerySet[Message], place: QueuePosition) -> list[QuerySet[Message]]:
    """What comes after `place`, in parts that each use the index; an OR over four columns would
    scan.
    """
    ties = Q(due_at__gt=place.due_at) | Q(pk__gt=place.pk)
    of_rank = messages.filter(rank=place.rank)
    return [
        of_rank.filter(ties, queue_turn=place.turn, due_at__gte=place.due_at),
        of_rank.filter(queue_turn__gt=place.turn),
        messages.filter(rank__gt=place.rank),
    ]


def messages_before(messages: QuerySet[Message], place: QueuePosition) -> list[QuerySet[Message]]:
    """What comes before `place`, nearest part first."""
    ties = Q(due_at__lt=place.due_at) | Q(pk__lt=place.pk)
    of_rank = messages.filter(rank=place.rank)
    return [
        of_rank.filter(ties, queue_turn=place.turn, due_at__lte=place.due_at),
        of_rank.filter(queue_turn__lt=place.turn),
        messages.filter(rank__lt=place.rank),
    ]


def first_rows(parts: list[QuerySet[Message]], most: int) -> list[Message]:
    found: list[Message] = []
    for part in parts:
        if len(found) < most:
            found += part[: most - len(found)]
    return found


def count_up_to(messages: QuerySet[Message], most: int = MAX_COUNTED) -> int:
    """The count, or `most` where there are that many or more."""
    return messages.select_related(None).order_by()[:most].count()


def position_number(message: Message, among: QuerySet[Message]) -> int:
    """Its number in `among`, from 1; MAX_COUNTED where it is further back."""
    before = messages_before(among, QueuePosition.of(message))
    return min(MAX_COUNTED, 1 + sum(count_up_to(part) for part in before))


def overdue_messages() -> QuerySet[Message]:
    # With every rank named, both databases seek to the late rows of each.
    late = waiting_messages().filter(rank__in=ALL_RANKS, due_at__lt=timezone.now())
    return late.exclude(kind=Kind.TEST)


def messages_claimed_by(user: Any) -> QuerySet[Message]:
    held = Claim.objects.filter(user=user, until__gt=timezone.now()).values_list(
        "message_id", flat=True
    )
    return waiting_messages().filter(pk__in=list(held[:PAGE_SIZE]))


def messages_by_filter(name: str, user: Any) -> QuerySet[Message]:
    """The emails of one filter. HOT, WARM, LOW go by rank: CRITICAL ones are among the HOT."""
    if name == "overdue":
        return overdue_messages()
    if name == "blocked":
        return blocked_messages()
    if name == "snoozed":
        return snoozed.snoozed_messages()
    if name == "training":
        return held_messages().filter(kind=Kind.TRAINING)
    if name == "mine":
        return messages_claimed_by(user)
    if name in FILTER_RANKS:
        return waiting_messages().filter(rank=FILTER_RANKS[name])
    return waiting_messages()


def blocked_messages() -> QuerySet[Message]:
    """Drafts that a check keeps out of the queue, without tests and training."""
    rows = Message.objects.filter(status=Status.BLOCKED).exclude(kind__in=KINDS_NOT_COUNTED)
    return rows.select_related("lead__company", "sender").order_by("rank", "pk")


WITHOUT_PLACE = (
    "blocked",
    "snoozed",
)  # filters whose emails have no place in the order of the queue
FILTER_RANKS = {
    "hot": BAND_RANK[Band.HOT],
    "warm": BAND_RANK[Band.WARM],
    "low": BAND_RANK[Band.LOW],
}
FILTERS = {
    "": "All",
    "overdue": "Overdue",
    "hot": "HOT",
    "warm": "WARM",
    "low": "LOW",
    "mine": "Checked out to me",
    "blocked": "Blocked",
    "snoozed": "Snoozed",
    "training": "Training",
}
SHOWN_IF_ANY = (*WITHOUT_PLACE, "training")


@dataclass(frozen=True)
class FilterChip:
    """One filter with how many are under it."""

    name: str
    label: str
    count: int

    @property
    def shown(self) -> str:
        return str(self.count) if self.count < MAX_COUNTED else f"{MAX_COUNTED - 1}+"


def filter_chips(user: Any, chosen: str = "") -> list[FilterChip]:
    """Each filter; those outside the queue only while chosen or something is under them."""
    chips = [
        FilterChip(name, label, count_up_to(messages_by_filter(name, user)))
        for name, label in FILTERS.items()
    ]
    shown = {chosen, *(chip.name for chip in chips if chip.count)}
    return [chip for chip in chips if chip.name in shown or chip.name not in SHOWN_IF_ANY]


def search_messages(messages: QuerySet[Message], words: str) -> QuerySet[Message]:
    for word in words.split()[:5]:
        messages = messages.filter(
            Q(lead__first_name__icontains=word)
            | Q(lead__last_name__icontains=word)
            | Q(lead__company__name__icontains=word)
            | Q(to_address__icontains=word)
        )
    return messages


@dataclass(frozen=True)
class QueuePage:
    rows: list[Message]
    next: str  # the cursor of the page after it, or ""


def load_page(messages: QuerySet[Message], user: Any, after: str = "") -> QueuePage:
    """One page of rows with `subject`, `read`, `why_band` and the claim; five queries at any size.

    What is blocked or snoozed has no place in the queue: of it there is the first page only.
    """
    subject = MessageText.objects.filter(
        message=OuterRef("pk"), version=OuterRef("version")
    ).values("subject")[:1]
    rows = (
        claims.annotate_reading(messages, user)
        .annotate(subject=Subquery(subject))
        .select_related("lead__company", "sender", "claim__user", "assessment")
    )
    place = QueuePosition.parse(after) if after else None
    found = first_rows(messages_after(rows, place) if place else [rows], PAGE_SIZE + 1)
    for message in found:
        message.why_band = band_words.why_band(message)  # type: ignore[attr-defined]
    last = found[PAGE_SIZE - 1] if len(found) > PAGE_SIZE else None
    if last is not None and (last.status == Status.BLOCKED or snooze.is_snoozed(last)):
        last = None
    return QueuePage(found[:PAGE_SIZE], str(QueuePosition.of(last)) if last else "")
