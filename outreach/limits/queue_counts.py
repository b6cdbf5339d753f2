"""What waits to leave, counted by urgency, place and domain for the forecast: few rows however many wait."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.conf import settings
from django.db.models import Case, Count, F, Q, QuerySet, Value, When

from outreach.choices import Status
from outreach.limits import office_hours, send_order, time_zones
from outreach.limits.forecast import Line
from outreach.limits.limit_rules import Standing
from outreach.models import Message, Place

MOST_DOMAINS = 50  # whose hourly limit is reckoned with: those that most emails go to
LOOKED_AT = 5000  # of one email's line, from the front: weeks of sending

AHEAD, ITSELF, BEHIND = 0, 1, 2


def approved(at: Standing) -> list[Line]:
    """All that is approved."""
    return _lines(at, Message.objects.filter(status=Status.CLEARED), (), AHEAD)


def undecided(at: Standing) -> list[Line]:
    """All that waits for a decision, as if it were approved now."""
    sandbox = "ghl" in settings.SANDBOXED
    rows = Message.objects.filter(status=Status.HELD)
    where = () if sandbox else ("lead__country", "lead__state")
    counted = rows.order_by().values("rank", *where, to=_crowded(at, rows)).annotate(n=Count("pk"))
    return [
        Line((one["rank"], BEHIND), None if sandbox else _office(one), one["to"], one["n"])
        for one in counted
    ]


def _office(one: dict[str, Any]) -> time_zones.Where:
    return office_hours.where(time_zones.where(one["lead__country"], one["lead__state"]))


def around(at: Standing, emails: Sequence[Message]) -> list[Line]:
    """`emails`, each for itself, among the approved ones: those ahead of the last of them, and those behind."""
    front = (
        Message.objects.filter(status=Status.CLEARED)
        .exclude(transport="")
        .order_by(*send_order.ORDER)
        .values("pk")[:LOOKED_AT]
    )
    others = Message.objects.filter(pk__in=front).exclude(pk__in=[one.pk for one in emails])
    last = max(emails, key=_turn)
    first = Q(rank__lt=last.rank) | Q(rank=last.rank, cleared_at__lt=last.cleared_at)
    first |= Q(rank=last.rank, cleared_at=last.cleared_at, pk__lt=last.pk)
    side = Case(When(first, then=Value(AHEAD)), default=Value(BEHIND))
    return [*_lines(at, others, emails, side), *_each(emails)]


def _turn(message: Message) -> tuple[Any, ...]:
    return message.rank, message.cleared_at, message.pk


def _each(emails: Iterable[Message]) -> list[Line]:
    return [
        Line(
            (one.rank, ITSELF, one.cleared_at, one.pk), _place(office_hours.for_leaving(one, one.transport)), one.domain, 1,
            one.not_before, one.pk,
        )
        for one in emails
    ]  # fmt: skip


def _lines(
    at: Standing, rows: QuerySet[Message], alone: Iterable[Message], side: Any
) -> list[Line]:
    known = {place.pk: _place(place) for place in Place.objects.all()}
    named = [one.domain for one in alone]
    side = Value(side) if isinstance(side, int) else side
    grouped = rows.order_by().values("rank", "place", side=side, to=_crowded(at, rows, named))
    return [
        Line((one["rank"], one["side"]), known.get(one["place"]), one["to"], one["n"])
        for one in grouped.annotate(n=Count("pk"))
    ]


def _place(place: Place | None) -> time_zones.Where | None:
    return office_hours.where(place) if place else None


def _crowded(at: Standing, rows: QuerySet[Message], named: Iterable[str] = ()) -> Any:
    """The domain where its hourly limit may bind, else ""; an expression, so that the database adds up the others."""
    many = rows.order_by().values("domain").annotate(n=Count("pk")).filter(n__gt=at.domain_hourly)
    most = many.order_by("-n").values_list("domain", flat=True)[:MOST_DOMAINS]
    names = {*most, *named, *(claim.domain for claim in at.recent)} - {""}
    if not names:
        return Value("")
    return Case(When(domain__in=sorted(names), then=F("domain")), default=Value(""))
