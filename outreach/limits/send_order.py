"""The order of sending: the most urgent email that may leave now, and of equals the first approved.

No row is rewritten to defer an email. The index is by place, so that emails to closed offices are
not read; emails to domains at their hourly limit are filtered out; a wait for every email is stored
in the control row.
"""

from collections import Counter
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from caio_project.lib import calendar
from caio_project.lib.db.kept_queries import kept_query
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
    free = {"now": at.now, "full": at.full_domains}
    open_places = [place.pk for place in office_hours.places_open_now(at.now)]
    while True:
        found = _heads_of_places(places=open_places, **free)
        heads = [pk for pk in found if pk is not None]
        messages = _first_of_heads(heads=heads, **free)
        if messages or not heads:  # else other workers have claimed all of them
            return next(iter(messages), None)


@kept_query
def _heads_of_places(places: list[int], now: datetime, full: list[str]) -> QuerySet[Any]:
    first = _free_emails(now, full).filter(place=OuterRef("pk")).order_by(*QUEUE_ORDER)
    rows = Place.objects.filter(pk__in=places).annotate(head=Subquery(first.values("pk")[:1]))
    return rows.values_list("head", flat=True)


@kept_query
def _first_of_heads(heads: list[int], now: datetime, full: list[str]) -> QuerySet[Message]:
    free = _free_emails(now, full)
    # Ordering by the empty place, too, lets PostgreSQL see that the index fits.
    without_place = free.filter(place=None).order_by("place", *QUEUE_ORDER).values("pk")[:1]
    rows = free.filter(Q(pk__in=heads) | Q(pk=Subquery(without_place)))
    rows = rows.annotate(is_overtaking=Exists(_in_progress(now).filter(rank__lt=OuterRef("rank"))))
    return rows.select_related("lead", "look").order_by(*QUEUE_ORDER)[:1]


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


def is_overtaking(message: Any) -> bool:
    """As `next_in_queue` has read it: a more urgent email is claimed and not sent yet."""
    return bool(message.is_overtaking)


def would_overtake(message: Message, at: CurrentLimits) -> bool:
    """Whether a more urgent email could leave, or is claimed and not sent yet."""
    if message.rank == 0:
        return False
    open_places = [place.pk for place in office_hours.places_open_now(at.now)]
    return bool(
        _where_overtaking(
            message=message.pk,
            rank=message.rank,
            places=open_places,
            now=at.now,
            full=at.full_domains,
        )
    )


@kept_query
def _where_overtaking(
    message: int, rank: int, places: list[int], now: datetime, full: list[str]
) -> QuerySet[Any]:
    more_urgent = _free_emails(now, full).filter(rank__lt=rank)
    # One condition for each line of the queue: PostgreSQL asks the index for each of them.
    found = (
        Exists(more_urgent.filter(place__pk__in=places))
        | Exists(more_urgent.filter(place=None))
        | Exists(_in_progress(now).filter(rank__lt=rank))
    )
    return Message.objects.filter(found, pk=message).values_list("pk")


def _free_emails(now: datetime, full: list[str]) -> QuerySet[Message]:
    """Those that may leave, without the domains that are `full`."""
    free = Message.objects.filter(status=Status.CLEARED, not_before__lte=now)
    return free.exclude(domain__in=full) if full else free


def _in_progress(now: datetime) -> QuerySet[Message]:
    """The emails that are claimed and not sent yet. A dead worker's claim ends with its lease."""
    leaving = SendIntent.objects.filter(message=OuterRef("pk"), outcome=SendIntent.Outcome.OPEN)
    claimed = Message.objects.filter(status=Status.SENDING, lease_until__gt=now)
    return claimed.filter(~Exists(leaving))
