"""The review queue as people see it: what waits, most urgent first, and who has it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from approvals.models import Claim, Reading
from leads.models import Kind
from outreach import review
from outreach.models import Message
from outreach.states import APPROVED, Status

HOLD = timedelta(minutes=10)
ORDER = ("rank", "due_at", "pk")


def waiting() -> QuerySet[Message]:
    """Held emails in the order of the queue."""
    return Message.objects.filter(status=Status.HELD).select_related("lead__company", "sender").order_by(*ORDER)


@dataclass(frozen=True)
class Counts:
    """The review queue in numbers, training and test people left out."""

    pending: int
    approved: int
    rejected: int

    @property
    def total(self) -> int:
        return self.pending + self.approved + self.rejected


def counts() -> Counts:
    real = Message.objects.exclude(kind__in=[Kind.TEST, Kind.TRAINING])
    found = real.filter(status__in=[Status.HELD, Status.REJECTED, *APPROVED]).aggregate(
        pending=Count("pk", filter=Q(status=Status.HELD)),
        approved=Count("pk", filter=Q(status__in=APPROVED)),
        rejected=Count("pk", filter=Q(status=Status.REJECTED)),
    )
    return Counts(**found)


def take(message: Message, user: Any) -> Claim:
    """Have the email on this person's desk for ten minutes; returns the claim that stands, which may be another's."""
    now = timezone.now()
    with transaction.atomic():
        claim, _ = Claim.objects.get_or_create(message=message, defaults={"user": user, "until": now + HOLD})
        if claim.user_id == user.pk or claim.until <= now:
            rows = Claim.objects.filter(pk=claim.pk).filter(Q(user=user) | Q(until__lte=now))
            rows.update(user=user, until=now + HOLD)
            claim.refresh_from_db()
    return claim


def give_back(message: Message, user: Any) -> None:
    Claim.objects.filter(message=message, user=user).delete()


def holder(message: Message, user: Any) -> Claim | None:
    """Somebody else who has it now, or None."""
    return (
        Claim.objects.filter(message=message, until__gt=timezone.now()).exclude(user=user).select_related("user").first()
    )


def note_reading(message: Message, user: Any) -> None:
    """Remember that this person had this text on the screen."""
    Reading.objects.get_or_create(message=message, user=user, version=message.version)
    review.mark_opened(message)


def with_reading(messages: QuerySet[Message], user: Any) -> QuerySet[Message]:
    """Each message with `read`: whether this person had its current text on the screen."""
    mine = Reading.objects.filter(message=OuterRef("pk"), user=user, version=OuterRef("version"))
    return messages.annotate(read=Exists(mine))


def next_for(user: Any, after: Message | None = None) -> Message | None:
    """The next email to review: the most urgent that nobody else has; after `after` in order, then from the start."""
    now = timezone.now()
    free = waiting().exclude(Exists(Claim.objects.filter(message=OuterRef("pk"), until__gt=now).exclude(user=user)))
    if after is not None:
        free = free.exclude(pk=after.pk)
        later = free.filter(_behind(after)).first()
        if later is not None:
            return later
    return free.first()


def previous_for(before: Message) -> Message | None:
    return waiting().filter(_ahead(before)).reverse().first()


def _behind(one: Message) -> Q:
    return (
        Q(rank__gt=one.rank)
        | Q(rank=one.rank, due_at__gt=one.due_at)
        | Q(rank=one.rank, due_at=one.due_at, pk__gt=one.pk)
    )


def _ahead(one: Message) -> Q:
    return (
        Q(rank__lt=one.rank)
        | Q(rank=one.rank, due_at__lt=one.due_at)
        | Q(rank=one.rank, due_at=one.due_at, pk__lt=one.pk)
    )


def overdue() -> int:
    return Message.objects.filter(status=Status.HELD, due_at__lt=timezone.now()).count()
