"""How often people who re-read automatic approvals blind would have rejected or edited them.

Only what chance drew counts. What nobody has read is counted apart, and never as approved.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from approvals.models import Rereading, RereadingItem
from caio_project.lib import calendar, statistics
from outreach.choices import Band, Phase
from outreach.models import Control, ControlChange

ABOVE_PARALLEL = (Phase.ASSISTED, Phase.AUTONOMOUS)


@dataclass(frozen=True)
class OverrideRate:
    drawn: int
    read: int
    overridden: int

    @property
    def unread(self) -> int:
        return self.drawn - self.read

    @property
    def rate(self) -> float | None:
        return self.overridden / self.read if self.read else None

    @property
    def interval(self) -> tuple[float, float] | None:
        return statistics.wilson_interval(self.overridden, self.read)

    @property
    def percent(self) -> str:
        return f"{self.rate * 100:.1f}\u00a0%" if self.rate is not None else ""

    @property
    def range(self) -> str:
        """ "1.8–16.0 %", or "" where nobody has read."""
        if self.interval is None:
            return ""
        low, high = self.interval
        return f"{low * 100:.1f}–{high * 100:.1f}\u00a0%"


@dataclass(frozen=True)
class ReaderCheck:
    """How many of the faults put into texts a person found."""

    reader: str
    found: int
    of: int


@dataclass(frozen=True)
class DrawnEmail:
    template: str
    band: str
    judgement: str  # "" where nobody has read it
    reader: str
    read_at: datetime | None

    @property
    def is_overridden(self) -> bool:
        return self.judgement in Rereading.OVERRIDING


GROUPS: dict[str, Callable[[DrawnEmail], str]] = {
    "template": lambda one: one.template,
    "band": lambda one: one.band,
    "reviewer": lambda one: one.reader,
}


def drawn_items() -> QuerySet[RereadingItem]:
    """What chance drew of automatic approvals; faults put into texts are no part of it."""
    return RereadingItem.objects.filter(draw__isnull=False, machine=True, fault="")


def load_drawn(since: datetime | None) -> list[DrawnEmail]:
    """What chance drew of the approvals since then; all where there is no such moment."""
    rows = drawn_items()
    if since is not None:
        rows = rows.filter(approved_at__gte=since)
    found = rows.order_by("pk").values_list(
        "message__template__name",
        "message__band",
        "rereading__judgement",
        "rereading__by_name",
        "rereading__at",
    )
    return [
        DrawnEmail(template or "No template", Band(band).label, said or "", reader or "", read_at)
        for template, band, said, reader, read_at in found
    ]


def count_rate(emails: Iterable[DrawnEmail]) -> OverrideRate:
    rows = list(emails)
    read = [one for one in rows if one.judgement]
    return OverrideRate(len(rows), len(read), sum(one.is_overridden for one in read))


def rates_by(
    emails: Iterable[DrawnEmail], group: Callable[[DrawnEmail], str]
) -> list[tuple[str, OverrideRate]]:
    """The rate of each group, by its name; emails without one are left out."""
    groups: dict[str, list[DrawnEmail]] = defaultdict(list)
    for one in emails:
        if group(one):
            groups[group(one)].append(one)
    return [(name, count_rate(rows)) for name, rows in sorted(groups.items())]


def counts_by_day(emails: Iterable[DrawnEmail]) -> list[tuple[date, int, int]]:
    """(day, overridden, read) of each day on which somebody read, in their order."""
    days: dict[date, list[DrawnEmail]] = defaultdict(list)
    for one in emails:
        if one.read_at is not None:
            days[calendar.team_day(one.read_at, settings.TEAM_TIME_ZONE)].append(one)
    return [
        (day, sum(one.is_overridden for one in rows), len(rows))
        for day, rows in sorted(days.items())
    ]


def counted_since(control: Control) -> datetime | None:
    """When Assisted began, as far as it has not been left downwards; None below it."""
    if control.phase not in ABOVE_PARALLEL:
        return None
    changes = ControlChange.objects.filter(what="phase", after=Phase.ASSISTED)
    risen = changes.exclude(before=Phase.AUTONOMOUS).order_by("-pk").first()
    return risen.at if risen else control.phase_since


def reader_checks() -> list[ReaderCheck]:
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    rows = Rereading.objects.exclude(item__fault="").values_list("by_name", "judgement")
    for reader, judgement in rows:
        counts[reader][0] += judgement != Rereading.Judgement.APPROVE
        counts[reader][1] += 1
    return [ReaderCheck(reader, found, of) for reader, (found, of) in sorted(counts.items())]


def rate_json(rate: OverrideRate) -> dict[str, Any]:
    return {
        "drawn": rate.drawn,
        "read": rate.read,
        "unread": rate.unread,
        "overridden": rate.overridden,
        "rate": rate.rate,
        "interval": rate.interval,
    }
