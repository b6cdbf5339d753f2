"""Which days something was learned of since the figures last looked.

Rows are read by their keys, twice: one that was written by a transaction still open at the first
time is seen at the second. What no row tells of (an owner changed, leads merged) is found when the
day is checked again (roll_up).
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Model, Q, QuerySet, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from approvals.models import Decision, DecisionUndo, QualityScore, Rereading
from caio_project.lib import calendar
from leads.models import Enrichment
from metrics.evidence import reply_cohorts
from metrics.figures.definitions import Tally
from metrics.figures.sources import emails, vendors
from metrics.models import DailyFigure
from outreach.choices import Transport
from outreach.models import EmailEvent, Message, ModelDraft, Move, Reply

OVERLAP = timedelta(minutes=2)
Rows = QuerySet[Any]
Times = Iterator[datetime | None]


def _of_messages(messages: Rows) -> Times:
    """When these emails were sent and decided: all the days on which they count."""
    yield from Message.objects.filter(pk__in=messages).values_list("sent_at", flat=True)
    yield from Decision.objects.filter(message__in=messages).values_list("at", flat=True)


def _of_moves(rows: Rows) -> Times:
    counting = rows.filter(message__transport=Transport.GHL).values("message")
    return _of_messages(counting)


def _of_events(rows: Rows) -> Times:
    return iter(rows.values_list("message__sent_at", flat=True))


def _of_replies(rows: Rows) -> Times:
    firsts = reply_cohorts.first_emails(timezone.now()).filter(lead__in=rows.values("lead"))
    return iter(firsts.values_list("sent_at", flat=True))


def _of_decisions(rows: Rows) -> Times:
    """All decisions about the emails: the newest counts, so the one before does no longer."""
    found = Decision.objects.filter(message__in=rows.values("message"))
    return iter(found.values_list("at", flat=True))


def _of_undos(rows: Rows) -> Times:
    return _of_decisions(Decision.objects.filter(pk__in=rows.values("decision")))


def _of_scores(rows: Rows) -> Times:
    found = QualityScore.objects.filter(message__in=rows.values("message"))
    return iter(found.values_list("at", flat=True))


def _of_rereadings(rows: Rows) -> Times:
    return iter(rows.values_list("at", flat=True))


APPENDED: dict[str, tuple[type[Model], Callable[[Rows], Times]]] = {
    "moves": (Move, _of_moves),
    "events": (EmailEvent, _of_events),
    "replies": (Reply, _of_replies),
    "decisions": (Decision, _of_decisions),
    "undos": (DecisionUndo, _of_undos),
    "scores": (QualityScore, _of_scores),
    "rereadings": (Rereading, _of_rereadings),
}


@dataclass
class Positions:
    """How far each table was read before last and last time, and when that was."""

    keys: dict[str, list[int]]
    read_at: datetime

    @classmethod
    def now(cls, now: datetime) -> "Positions":
        return cls({name: [_newest(model)] * 2 for name, (model, _) in APPENDED.items()}, now)

    @classmethod
    def load(cls, stored: dict[str, Any]) -> "Positions":
        return cls(stored["keys"], datetime.fromisoformat(stored["read_at"]))

    def as_json(self) -> dict[str, Any]:
        return {"keys": self.keys, "read_at": self.read_at.isoformat()}

    def advance(self, now: datetime) -> "Positions":
        keys = {
            name: [self.keys.get(name, [0, 0])[1], _newest(model)]
            for name, (model, _) in APPENDED.items()
        }
        return Positions(keys, now)


def _newest(model: Any) -> int:
    return model.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def changed_days(since: Positions) -> set[date]:
    times: list[Iterable[datetime | None]] = []
    for name, (model, of_rows) in APPENDED.items():
        rows: Rows = model._default_manager.filter(pk__gt=since.keys.get(name, [0])[0])
        if rows.exists():
            times.append(of_rows(rows.order_by()))
    times += _changed_in_place(since.read_at - OVERLAP)
    days = {calendar.team_day(at, settings.TEAM_TIME_ZONE) for at in chain(*times) if at}
    return days | _miscounted_days()


def _changed_in_place(since: datetime) -> Iterator[Iterable[datetime | None]]:
    yield _of_replies(Reply.objects.filter(corrected_at__gte=since))
    yield ModelDraft.objects.filter(settled_at__gte=since).values_list("settled_at", flat=True)
    recent = Q(settled_at__gte=since) | Q(answered_at__gte=since) | Q(requested_at__gte=since)
    yield from Enrichment.objects.filter(recent).values_list("settled_at", "requested_at")


def _miscounted_days() -> set[date]:
    """Days whose meetings or open deals are not as stored. Both tables are small, and their rows
    change at GoHighLevel's times, which may be older than our last look.
    """
    booked = _by_day(emails.booked_meetings(), "booked_at")
    opened = _by_day(vendors.open_deals(), "opened_at", "value")
    return _differing(Tally.MEETINGS, booked, 1) | _differing(Tally.PIPELINE, opened, 100)


def _by_day(rows: Rows, field: str, value: str = "") -> dict[date, Any]:
    day = TruncDate(field, tzinfo=_zone())
    if value:
        return dict(rows.annotate(_day=day).values_list("_day").annotate(n=Sum(value)))
    found: dict[date, int] = {}
    for one in rows.annotate(_day=day).values_list("_day", flat=True):
        found[one] = found.get(one, 0) + 1
    return found


def _zone() -> Any:
    return ZoneInfo(settings.TEAM_TIME_ZONE)


def _differing(tally: Tally, counted: dict[date, Any], scale: int) -> set[date]:
    rows = DailyFigure.objects.filter(tally=tally, dimension="")
    stored = dict(rows.values_list("day", "numerator"))
    return {
        day
        for day in stored.keys() | counted.keys()
        if round(counted.get(day, 0) * scale) != stored.get(day, 0)
    }


def first_day() -> date | None:
    oldest = (
        emails.sent_emails()
        .filter(sent_at__isnull=False)
        .order_by("sent_at")
        .values_list("sent_at"),
        Decision.objects.order_by("at").values_list("at"),
        vendors.settled_requests().order_by("settled_at").values_list("settled_at"),
        emails.booked_meetings().order_by("booked_at").values_list("booked_at"),
        vendors.open_deals().order_by("opened_at").values_list("opened_at"),
        QualityScore.objects.order_by("at").values_list("at"),
    )
    found: list[datetime] = [row[0] for rows in oldest if (row := rows.first()) and row[0]]
    return calendar.team_day(min(found), settings.TEAM_TIME_ZONE) if found else None
