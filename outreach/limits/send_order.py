"""Whose turn it is: the most urgent email that may leave now, and of equals the one approved first.

Nothing is deferred row by row. Each place has its line in the queue, so lines of closed offices are not looked at, and
emails to a domain that has had its share are passed over; a wait for everything is in the control row.
"""

from collections import Counter

from django.db.models import OuterRef, QuerySet, Subquery

from caio_project.lib import calendar
from outreach.choices import Status
from outreach.limits import office_hours, priority_reserve
from outreach.limits.limit_rules import BindingLimit, CurrentLimits
from outreach.limits.priority_reserve import LaterGroup
from outreach.models import Message, Place, SendIntent

QUEUE_ORDER = ("rank", "cleared_at", "pk")
LOOK_AHEAD_FACTOR = 4  # times what is left of the day is looked at, for many may be to one domain


def next_in_queue(at: CurrentLimits) -> Message | None:
    """The email whose turn it is, if the limits for everything let one leave; None where each waits for its own."""
    free = Message.objects.filter(status=Status.CLEARED, not_before__lte=at.now).exclude(
        domain__in=at.full_domains
    )
    lines = [place.pk for place in office_hours.places_open_now(at.now)]
    while heads := _queue_heads(free, lines):
        message = free.filter(pk__in=heads).select_related("lead").order_by(*QUEUE_ORDER).first()
        if message is not None:  # else other workers took all of them meanwhile
            return message
    return None


def _queue_heads(free: QuerySet[Message], lines: list[int]) -> set[int]:
    """The first of each line, and the first of those that keep nobody's hours."""
    line = free.filter(place=OuterRef("pk")).order_by(*QUEUE_ORDER).values("pk")[:1]
    heads = (
        Place.objects.filter(pk__in=lines)
        .annotate(head=Subquery(line))
        .values_list("head", flat=True)
    )
    # Ordered by the place as well, which is none for all of them: PostgreSQL would not see that the index fits.
    nobodys = (
        free.filter(place=None).order_by("place", *QUEUE_ORDER).values_list("pk", flat=True)[:1]
    )
    return {pk for pk in (*heads, *nobodys) if pk is not None}


def limit_by_reserve(rank: int, at: CurrentLimits) -> BindingLimit | None:
    """Whether what is left of the day is kept for more urgent ones than `rank` whose offices open later."""
    return priority_reserve.reserve_limit(at, _more_urgent_later(rank, at))


def _more_urgent_later(rank: int, at: CurrentLimits) -> list[LaterGroup]:
    """Of each place and domain how many, as far as a few times what is left of the day."""
    ends = calendar.next_day(at.now, at.zone)
    spans = office_hours.places_opening_later(at.now, ends) if rank else {}
    rows = Message.objects.filter(
        status=Status.CLEARED, place__in=spans, rank__lt=rank, not_before__lt=ends
    )
    counted = Counter(
        rows.order_by("place", "rank").values_list("place", "domain")[
            : at.of_day.left * LOOK_AHEAD_FACTOR
        ]
    )
    return [
        LaterGroup(*spans[place], domain, count)
        for (place, domain), count in counted.items()
        if place
    ]


def would_overtake(message: Message, at: CurrentLimits) -> bool:
    """Whether a more urgent email could leave now in place of `message`, from the queue or from the door."""
    if message.rank == 0:
        return False
    head = next_in_queue(at)
    return (head is not None and head.rank < message.rank) or more_urgent_in_progress(message, at)


def more_urgent_in_progress(message: Message, at: CurrentLimits) -> bool:
    """Taken, and not yet called for. Those whose worker died are forgotten with their lease."""
    taken = Message.objects.filter(
        status=Status.SENDING, rank__lt=message.rank, lease_until__gt=at.now
    )
    return taken.exclude(intents__outcome=SendIntent.Outcome.OPEN).exists()
