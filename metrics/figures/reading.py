"""Read figures of a period from the counts of its days."""

from bisect import bisect_right
from calendar import monthrange
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from django.conf import settings
from django.utils import timezone

from caio_project.lib import calendar
from metrics.evidence.reply_rules import RIPE_AFTER
from metrics.figures import costs
from metrics.figures.counts import Counts, measure
from metrics.figures.definitions import FIGURES, Dimension, FigureDefinition, Reading, Tally
from metrics.figures.group_names import group_labels
from metrics.models import DailyFigure, FigureDay

MOST_DAYS = 3 * 366


class Bucket(StrEnum):
    DAY = "day"
    WEEK = "week"  # from Monday
    MONTH = "month"
    WHOLE = "whole"


class NotReadable(ValueError):
    """`field` names what was asked wrongly; the text is a sentence for whoever asked."""

    def __init__(self, field: str, text: str):
        super().__init__(text)
        self.field = field


@dataclass(frozen=True)
class FigureRow:
    """One figure from `start` to `end`, both included.

    `group` is a value of the dimension asked for, "" without one. `numerator` and `denominator`
    are in shown units; `sample` is what `is_enough` is judged by. Without data `value` is None,
    but 0 for a count.
    """

    code: str
    start: date
    end: date
    group: str
    group_label: str
    value: float | None
    numerator: float
    denominator: int
    interval: tuple[float, float] | None
    sample: int
    is_enough: bool

    @property
    def definition(self) -> FigureDefinition:
        return FIGURES[self.code]


def read_figures(
    codes: Sequence[str], start: date, end: date, by: str | None = None, bucket: str = Bucket.DAY
) -> list[FigureRow]:
    """The rows of each figure in the order of `codes`, then of time, then of groups by name.

    Without `by` every bucket of the period has its row; with it those in which the group occurs.
    Figures that have no such dimension have no rows. Raises NotReadable.
    """
    _require_readable(codes, start, end, by, bucket)
    figures = [FIGURES[code] for code in dict.fromkeys(codes)]
    if by is not None:
        figures = [one for one in figures if by in one.dimensions]
    dimension, spans = Dimension(by) if by else None, list(_spans(start, end, Bucket(bucket)))
    stored = _load_counts(figures, dimension, start, end)
    labels = group_labels(dimension, {group for rows in stored.values() for _, group, _ in rows})
    ripe = last_ripe_day()
    prices = costs.load_prices()
    found: list[FigureRow] = []
    for figure in figures:
        last = min(ripe, end) if figure.ripens else end
        sums = _sums_by_span(stored[figure.tally], spans, last)
        for span in spans:
            cost = None
            if figure.reading == Reading.PRICE:
                cost = prices.cost_of(_spent(stored, span), span[1])
            groups = {"": sums.get((span, ""), Counts())} if by is None else _groups(sums, span)
            for group in sorted(groups, key=lambda one: labels[one]):
                found.append(_row(figure, span, (group, labels[group]), groups[group], cost))
    return found


Span = tuple[date, date]  # both days included
Stored = dict[Tally, list[tuple[date, str, Counts]]]


def last_ripe_day() -> date:
    """The newest day whose first emails have all had their time to be answered."""
    past = timezone.now() - RIPE_AFTER
    return calendar.team_day(past, settings.TEAM_TIME_ZONE) - timedelta(days=1)


def days_to_compute(start: date, end: date) -> int:
    """How many days of the period have changed since they were computed; 0: all is current."""
    waits = FigureDay.objects.filter(changed_at__isnull=False)
    return waits.filter(day__gte=start, day__lte=end).count()


def _require_readable(
    codes: Sequence[str], start: date, end: date, by: str | None, bucket: str
) -> None:
    if unknown := [code for code in codes if code not in FIGURES]:
        raise NotReadable("figures", f"{unknown[0]!r} is no figure.")
    if by is not None and by not in [one.value for one in Dimension]:
        raise NotReadable("by", f"It is one of {', '.join(Dimension)}.")
    if bucket not in [one.value for one in Bucket]:
        raise NotReadable("bucket", f"It is one of {', '.join(Bucket)}.")
    if end < start:
        raise NotReadable("to", "It is before the first day.")
    if (end - start).days >= MOST_DAYS:
        raise NotReadable("from", f"A period has at most {MOST_DAYS} days.")


def _spans(start: date, end: date, bucket: Bucket) -> Iterator[Span]:
    first = start
    while first <= end:
        last = min(_last_day(first, end, bucket), end)
        yield first, last
        if last == date.max:
            return
        first = last + timedelta(days=1)


def _last_day(first: date, end: date, bucket: Bucket) -> date:
    if bucket == Bucket.DAY:
        return first
    if bucket == Bucket.WEEK:
        return first + timedelta(days=6 - first.weekday())
    if bucket == Bucket.MONTH:
        return first.replace(day=monthrange(first.year, first.month)[1])
    return end


def _load_counts(
    figures: Iterable[FigureDefinition], dimension: Dimension | None, start: date, end: date
) -> Stored:
    tallies = {one.tally for one in figures}
    if any(one.reading == Reading.PRICE for one in figures):
        tallies |= costs.SPENT
    rows = DailyFigure.objects.filter(
        dimension=dimension or "", tally__in=tallies, day__gte=start, day__lte=end
    ).values_list("tally", "day", "value", "numerator", "denominator", "squares", "classes")
    found: Stored = defaultdict(list)
    for tally, day, group, numerator, denominator, squares, classes in rows:
        bins = Counter({int(number): count for number, count in classes.items()})
        counts = Counts(numerator, denominator, squares, bins)
        found[Tally(tally)].append((day, group, counts))
    return found


def _sums_by_span(
    rows: Iterable[tuple[date, str, Counts]], spans: Sequence[Span], last: date
) -> dict[tuple[Span, str], Counts]:
    starts = [span[0] for span in spans]
    sums: dict[tuple[Span, str], Counts] = defaultdict(Counts)
    for day, group, counts in rows:
        if day <= last:
            sums[spans[bisect_right(starts, day) - 1], group].add(counts)
    return sums


def _groups(sums: dict[tuple[Span, str], Counts], span: Span) -> dict[str, Counts]:
    return {group: counts for (one, group), counts in sums.items() if one == span}


def _spent(stored: Stored, span: Span) -> dict[date, dict[Tally, int]]:
    spent: dict[date, dict[Tally, int]] = {}
    for tally in costs.SPENT:
        for day, _, counts in stored[tally]:
            if counts.numerator and span[0] <= day <= span[1]:
                of_day = spent.setdefault(day, {})
                of_day[tally] = of_day.get(tally, 0) + counts.numerator
    return spent


def _row(
    figure: FigureDefinition, span: Span, group: tuple[str, str], counts: Counts, cost: float | None
) -> FigureRow:
    found = measure(figure, counts, cost)
    return FigureRow(
        code=figure.code,
        start=span[0],
        end=span[1],
        group=group[0],
        group_label=group[1],
        value=found.value,
        numerator=counts.numerator / figure.scale,
        denominator=counts.denominator,
        interval=found.interval,
        sample=found.sample,
        is_enough=found.is_enough,
    )
