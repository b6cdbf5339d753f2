"""Waiting emails counted by urgency, place and domain for the forecast.

The database does the counting, so the forecast reads few rows however many emails wait.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Case, Count, F, Q, QuerySet, Value, When

from caio_project.lib.vendor_access.access import is_sandboxed
from outreach.choices import Status
from outreach.limits import office_hours, send_order, time_zones
from outreach.limits.forecast import EmailGroup
from outreach.limits.limit_rules import CurrentLimits
from outreach.models import Message, Place

DOMAINS_COUNTED = 50  # the domains with the most emails, whose hourly limit the forecast applies
QUEUE_DEPTH = 5000  # emails read from the front of the queue: weeks of sending

AHEAD, ITSELF, BEHIND = 0, 1, 2


def approved_groups(at: CurrentLimits) -> list[EmailGroup]:
    return _grouped_rows(at, Message.objects.filter(status=Status.CLEARED), (), AHEAD)


def undecided_groups(at: CurrentLimits) -> list[EmailGroup]:
    sandbox = is_sandboxed("ghl")
    rows = Message.objects.filter(status=Status.HELD)
    location = () if sandbox else ("lead__country", "lead__state")
    counted = (
        rows.order_by()
        .values("rank", *location, to=_crowded_domain(at, rows))
        .annotate(n=Count("pk"))
    )
    return [
        EmailGroup(
            (one["rank"], BEHIND), None if sandbox else _place_of_row(one), one["to"], one["n"]
        )
        for one in counted
    ]


def _place_of_row(one: dict[str, Any]) -> time_zones.TimeZonePlace:
    return office_hours.effective_place(
        time_zones.find_place(one["lead__country"], one["lead__state"])
    )


def groups_around(at: CurrentLimits, emails: Sequence[Message]) -> list[EmailGroup]:
    """One group for each of `emails`, and groups of the other approved emails ahead and behind."""
    front = (
        Message.objects.filter(status=Status.CLEARED)
        .exclude(transport="")
        .order_by(*send_order.QUEUE_ORDER)
        .values("pk")[:QUEUE_DEPTH]
    )
    others = Message.objects.filter(pk__in=front).exclude(pk__in=[one.pk for one in emails])
    last = max(emails, key=_queue_key)
    first = Q(rank__lt=last.rank) | Q(rank=last.rank, cleared_at__lt=last.cleared_at)
    first |= Q(rank=last.rank, cleared_at=last.cleared_at, pk__lt=last.pk)
    side = Case(When(first, then=Value(AHEAD)), default=Value(BEHIND))
    return [*_grouped_rows(at, others, emails, side), *_single_groups(emails)]


def _queue_key(message: Message) -> tuple[Any, ...]:
    return message.rank, message.cleared_at, message.pk


def _single_groups(emails: Iterable[Message]) -> list[EmailGroup]:
    return [
        EmailGroup(
            order=(one.rank, ITSELF, one.cleared_at, one.pk),
            place=_effective_place(office_hours.place_for_sending(one, one.transport)),
            domain=one.domain,
            count=1,
            not_before=one.not_before,
            mark=one.pk,
        )
        for one in emails
    ]


def _grouped_rows(
    at: CurrentLimits, rows: QuerySet[Message], alone: Iterable[Message], side: Any
) -> list[EmailGroup]:
    known = {place.pk: _effective_place(place) for place in Place.objects.all()}
    named = [one.domain for one in alone]
    side = Value(side) if isinstance(side, int) else side
    grouped = rows.order_by().values(
        "rank", "place", side=side, to=_crowded_domain(at, rows, named)
    )
    return [
        EmailGroup((one["rank"], one["side"]), known.get(one["place"]), one["to"], one["n"])
        for one in grouped.annotate(n=Count("pk"))
    ]


def _effective_place(place: Place | None) -> time_zones.TimeZonePlace | None:
    return office_hours.effective_place(place) if place else None


def _crowded_domain(at: CurrentLimits, rows: QuerySet[Message], named: Iterable[str] = ()) -> Any:
    """A database expression: the domain where its hourly limit may be reached, else ""."""
    many = rows.order_by().values("domain").annotate(n=Count("pk")).filter(n__gt=at.domain_hourly)
    most = many.order_by("-n").values_list("domain", flat=True)[:DOMAINS_COUNTED]
    names = {*most, *named, *(claim.domain for claim in at.recent)} - {""}
    if not names:
        return Value("")
    return Case(When(domain__in=sorted(names), then=F("domain")), default=Value(""))
