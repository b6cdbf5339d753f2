"""What the page Performance shows of a period, of all emails or of one group of them."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from caio_project.lib import calendar
from metrics.evidence.cusum import REPLY_RATE
from metrics.figures import month
from metrics.figures.definitions import FIGURES, Dimension
from metrics.figures.group_names import group_labels
from metrics.figures.reading import Bucket, FigureRow, days_to_compute, read_figures
from metrics.models import DailyFigure
from metrics.performance import charts, day_facts, target_rows
from metrics.performance.chart import Chart
from metrics.performance.charts import GroupRule
from outreach.guardrails.guardrail_rules import HEALTH_ALERT, HEALTH_HALT

PERIODS = (30, 90, 180)
USUAL_PERIOD = 90
FILTERS = (Dimension.TEMPLATE, Dimension.BAND, Dimension.SENDER, Dimension.OWNER)
CUSUM_BEGINS = timedelta(days=365)  # before the last day, whatever the period
QUALITY, EDITS = "quality", "edits"


@dataclass(frozen=True)
class Selection:
    """The days shown, both included, and of which group; `dimension` is None for all emails."""

    start: date
    end: date
    dimension: Dimension | None = None
    group: str = ""

    def read(self, code: str, bucket: Bucket, start: date | None = None) -> list[FigureRow]:
        rows = read_figures([code], start or self.start, self.end, self.dimension, bucket)
        return [row for row in rows if row.group == self.group]


def selection_of(days: int, part: str) -> Selection:
    """`part` is one of `part_choices`."""
    end = calendar.team_day(timezone.now(), settings.TEAM_TIME_ZONE)
    dimension, _, group = part.partition(":")
    start = end - timedelta(days=days - 1)
    return Selection(start, end, Dimension(dimension) if dimension else None, group)


def part_choices() -> list[Any]:
    """Groups that occur in the figures, by dimension, as choices of a field."""
    choices: list[Any] = [("", "All emails")]
    rows = DailyFigure.objects.filter(dimension__in=FILTERS).values_list("dimension", "value")
    found = sorted(set(rows.order_by().distinct()))
    for dimension in FILTERS:
        labels = group_labels(dimension, [group for name, group in found if name == dimension])
        named = [
            (f"{dimension}:{group}", labels[group]) for name, group in found if name == dimension
        ]
        if named:
            choices.append((dimension.capitalize(), sorted(named, key=lambda one: one[1])))
    return choices


def page_context(chosen: Selection) -> dict[str, Any]:
    return {
        "chosen": chosen,
        "charts": [chart for chart in _charts(chosen) if chart is not None],
        "to_compute": days_to_compute(chosen.start, chosen.end),
        "targets": target_rows.show_targets(timezone.now()),
    }


def _charts(chosen: Selection) -> list[Chart | None]:
    replies = FIGURES["reply_rate"]
    days = chosen.read("reply_rate", Bucket.DAY, chosen.end - CUSUM_BEGINS)
    is_all = chosen.dimension is None
    return [
        charts.reply_chart(
            chosen.read("reply_rate", Bucket.WEEK),
            replies.needed,
            month.goals_of(chosen.end).reply_percent,
            replies.definition,
        ),
        charts.cusum_chart(days, chosen.start, replies.needed, REPLY_RATE, is_part=not is_all),
        _sends(chosen),
        charts.hours_chart(day_facts.sends_by_hour(timezone.now()), settings.HOURLY_LIMIT)
        if is_all
        else None,
        _waits(chosen),
        _by_template(chosen, QUALITY),
        _by_template(chosen, EDITS),
        _health(chosen) if is_all else None,
    ]


def _sends(chosen: Selection) -> Chart:
    return charts.sends_chart(
        chosen.read("sent", Bucket.DAY),
        day_facts.caps_by_day(chosen.start, chosen.end),
        FIGURES["sent"].definition,
    )


def _waits(chosen: Selection) -> Chart:
    figure = FIGURES["approval_hours_median"]
    medians = chosen.read(figure.code, Bucket.WEEK)
    nines = chosen.read("approval_hours_p90", Bucket.WEEK)
    return charts.waits_chart(medians, nines, figure.needed, figure.definition)


GROUP_RULES = {
    QUALITY: GroupRule(
        QUALITY, "Quality by template", "Mean score, 1 to 5", 1, "", "Emails scored",
        FIGURES[QUALITY].needed,
    ),
    EDITS: GroupRule(
        EDITS, "Edits by template", "Edited before approval, %", 100, " %", "Emails approved",
        FIGURES[EDITS].needed,
    ),
}  # fmt: skip


def _by_template(chosen: Selection, code: str) -> Chart | None:
    """Of all templates; where one is chosen, of that one; none where another group is."""
    if chosen.dimension not in (None, Dimension.TEMPLATE):
        return None
    rows = read_figures([code], chosen.start, chosen.end, Dimension.TEMPLATE, Bucket.WHOLE)
    if chosen.dimension is not None:
        rows = [row for row in rows if row.group == chosen.group]
    return charts.groups_chart(rows, GROUP_RULES[code], FIGURES[code].definition)


def _health(chosen: Selection) -> Chart:
    scores = day_facts.lowest_scores(chosen.start, chosen.end)
    return charts.health_chart(scores, HEALTH_ALERT, HEALTH_HALT)
