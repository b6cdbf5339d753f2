"""The order of sending: the most urgent email that may leave now, and of equals the first approved.

No row is rewritten to defer an email. The index is by place, so that emails to closed offices are
not read; emails to domains at their hourly limit are filtered out; a wait for every email is stored
in the control row.
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
LOOK_AHEAD_FACTOR = 4  # emails read for each slot left today, because many may be to one domain


def next_in_queue(at: CurrentLimits) -> Message | None:
    """The first email that no limit of its own holds back; None where there is none.

    The limits for every email are not checked here.
    """
    free = Message.objects.filter(status=Status.CLEARED, not_before__lte=at.now).exclude(
        domain__in=at.full_domains
    )
    open_places = [place.pk for place in office_hours.places_open_now(at.now)]
    while heads := _queue_heads(free, open_places):
        message = free.filter(pk__in=heads).select_related("lead").order_by(*QUEUE_ORDER).first()
        if message is not None:  # else other workers have claimed all of them
            return message
    return None


def _queue_heads(free: QuerySet[Message], open_places: list[int]) -> set[int]:
    """The first email of each open place, and the first of those that leave at any hour."""
    first = free.filter(place=OuterRef("pk")).order_by(*QUEUE_ORDER).values("pk")[:1]
    places = Place.objects.filter(pk__in=open_places).annotate(head=Subquery(first))
    # Ordering by the empty place, too, lets PostgreSQL see that the index fits.
    without_place = free.filter(place=None).order_by("place", *QUEUE_ORDER)
    heads = (
        *places.values_list("head", flat=True),
        *without_place.values_list("pk", flat=True)[:1],
    )
    return {pk for pk in heads if pk is not None}


def limit_by_reserve(rank: int, at: CurrentLimits) -> BindingLimit | None:
    return priority_reserve.reserve_limit(at, _more_urgent_later(rank, at))


def _more_urgent_later(rank: int, at: CurrentLimits) -> list[LaterGroup]:
    """Count the more urgent emails by place and domain, a few for each slot left."""
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
    if message.rank == 0:
        return False
    head = next_in_queue(at)
    return (head is not None and head.rank < message.rank) or more_urgent_in_progress(message, at)


def more_urgent_in_progress(message: Message, at: CurrentLimits) -> bool:
    """Whether a more urgent email is claimed and not sent yet.

    A dead worker's claim ends with its lease.
    """
    claimed = Message.objects.filter(
        status=Status.SENDING, rank__lt=message.rank, lease_until__gt=at.now
    )
    return claimed.exclude(intents__outcome=SendIntent.Outcome.OPEN).exists()
