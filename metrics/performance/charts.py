"""Each chart of the page, made of figures. Pure.

A chart under its sample is not drawn; `missing` says what it lacks.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from metrics.evidence.cusum import CusumRule, cusum, first_alarm
from metrics.health.health_score import MIN_SAMPLE, WINDOWS
from metrics.performance.chart import (
    Cell,
    Chart,
    Column,
    Measured,
    day_label,
    number_cell,
    percent_of,
)

FEWEST_POINTS = 2  # a line needs two


def reply_chart(weeks: Sequence[Measured], needed: int, target: float, definition: str) -> Chart:
    """`target` is in percent; a week under its sample is in the table without a rate."""
    rows, enough = [], 0
    for week in weeks:
        share, band = (week.value, week.interval) if week.is_enough else (None, None)
        low, high = band or (None, None)
        enough += week.is_enough
        counted = f"{week.numerator:g} of {week.denominator}"
        if not week.is_enough:
            counted += f", {needed - week.sample} more are needed"
        cells = (
            number_cell(percent_of(share), " %"),
            number_cell(percent_of(low), " %"),
            number_cell(percent_of(high), " %"),
            number_cell(target, " %"),
            Cell(counted),
        )
        rows.append((day_label(week.start), cells))
    fullest = max((week.sample for week in weeks), default=0)
    return Chart(
        code="replies",
        title="Reply rate by week",
        axis="People who answered, %",
        first="Week from",
        columns=(
            Column("Reply rate", "line"),
            Column("95 % range from", "low"),
            Column("to", "high", legend="95 % range"),
            Column("Target", "limit"),
            Column("Answered of emailed"),
        ),
        rows=tuple(rows),
        missing=""
        if enough >= FEWEST_POINTS
        else f"Needs {FEWEST_POINTS} weeks with {needed} people emailed each; "
        f"{enough} {'has' if enough == 1 else 'have'} so many, and the fullest has {fullest}.",
        definition=definition,
    )


def cusum_chart(
    days: Iterable[Measured], shown_from: date, needed: int, rule: CusumRule, *, is_part: bool
) -> Chart:
    """The line runs over all `days` and is shown from `shown_from`."""
    counted = [day for day in days if day.denominator]
    people = sum(day.denominator for day in counted)
    line = cusum(((round(day.numerator), day.denominator) for day in counted), rule)
    shown = [
        (day, level) for day, level in zip(counted, line, strict=True) if day.start >= shown_from
    ]
    rows = tuple(
        (
            day_label(day.start),
            (
                number_cell(round(level, 2)),
                number_cell(round(rule.alarm, 2)),
                Cell(f"{day.numerator:g} of {day.denominator}"),
            ),
        )
        for day, level in shown
    )
    return Chart(
        code="cusum",
        title="Has the reply rate fallen?",
        axis="CUSUM",
        first="Emailed on",
        columns=(
            Column("CUSUM line", "line"),
            Column("Alarm", "limit"),
            Column("Answered of emailed"),
        ),
        rows=rows,
        finding=_cusum_finding(shown, rule, is_part=is_part),
        missing=""
        if people >= needed and len(rows) >= FEWEST_POINTS
        else f"Needs {FEWEST_POINTS} days and {needed} people emailed at least three days ago; "
        f"there are {len(rows)} days and {people} people.",
        definition=f"Adds up how much better {rule.fallen:.0%} explains each day's answers than "
        f"{rule.healthy:.0%}, and never falls below 0. About one healthy year in six reaches "
        "the alarm by chance.",
    )


def _cusum_finding(
    shown: Sequence[tuple[Measured, float]], rule: CusumRule, *, is_part: bool
) -> str:
    levels = [level for _, level in shown]
    if not levels:
        return ""
    whose = "the reply rate of this selection" if is_part else "the reply rate"
    if levels[-1] >= rule.alarm:
        start = len(levels)
        while start and levels[start - 1] >= rule.alarm:
            start -= 1
        return f"Over the alarm since {day_label(shown[start][0].start)}: {whose} has fallen."
    at = first_alarm(levels, rule)
    if at is not None:
        return f"Under the alarm now; it was reached on {day_label(shown[at][0].start)}."
    return f"Under the alarm: no fall of {whose} is seen."


def sends_chart(days: Sequence[Measured], caps: Mapping[date, int], definition: str) -> Chart:
    rows = tuple(
        (day_label(day.start), (number_cell(day.value), number_cell(caps[day.start])))
        for day in days
    )
    total = sum(day.value or 0 for day in days)
    return Chart(
        code="sends",
        title="Sends by day",
        axis="Emails sent",
        first="Day",
        columns=(Column("Sent", "bar"), Column("Cap of the phase", "limit")),
        rows=rows,
        finding=f"{total:,.0f} email{'' if total == 1 else 's'} sent.",
        missing="" if total else "No email was sent in this period.",
        definition=definition,
    )


def hour_label(hour: int) -> str:
    return f"{hour % 12 or 12} {'AM' if hour < 12 else 'PM'}"


def hours_chart(by_hour: Mapping[int, int], cap: int) -> Chart:
    rows = tuple(
        (hour_label(hour), (number_cell(by_hour.get(hour, 0)), number_cell(cap)))
        for hour in range(24)
        if by_hour
    )
    return Chart(
        code="hours",
        title="Sends by hour, today",
        axis="Emails sent",
        first="Hour",
        columns=(Column("Sent", "bar"), Column("Hourly limit", "limit")),
        rows=rows,
        missing="" if by_hour else "Nothing was sent today.",
        definition="Emails that left through GoHighLevel today, by the team's clock.",
    )


def waits_chart(
    medians: Sequence[Measured], nines: Sequence[Measured], needed: int, definition: str
) -> Chart:
    rows, enough = [], 0
    for middle, nine in zip(medians, nines, strict=True):
        enough += middle.is_enough
        counted = f"{middle.denominator}"
        if not middle.is_enough:
            counted += f", {needed - middle.sample} more are needed"
        cells = tuple(
            number_cell(round(one.value, 1) if one.is_enough and one.value is not None else None)
            for one in (middle, nine)
        )
        rows.append((day_label(middle.start), (*cells, Cell(counted))))
    fullest = max((week.sample for week in medians), default=0)
    return Chart(
        code="waits",
        title="Time to decide",
        axis="Business hours",
        first="Week from",
        columns=(Column("Median", "line"), Column("9 of 10 within", "line"), Column("Decisions")),
        rows=tuple(rows),
        missing=""
        if enough >= FEWEST_POINTS
        else f"Needs {FEWEST_POINTS} weeks with {needed} decisions each; the fullest has "
        f"{fullest}.",
        definition=definition,
    )


@dataclass(frozen=True)
class GroupRule:
    """How a figure by group is shown: `times` makes the shown unit, `ending` follows it."""

    code: str
    title: str
    axis: str
    times: float
    ending: str
    counted: str
    needed: int


def groups_chart(groups: Sequence[Measured], rule: GroupRule, definition: str) -> Chart:
    rows, enough = [], 0
    for group in groups:
        value = None
        if group.is_enough and group.value is not None:
            value, enough = round(rule.times * group.value, 2), enough + 1
        counted = f"{group.sample}"
        if not group.is_enough:
            counted += f", {rule.needed - group.sample} more are needed"
        rows.append((group.group_label, (number_cell(value, rule.ending), Cell(counted))))
    fullest = max((group.sample for group in groups), default=0)
    return Chart(
        code=rule.code,
        title=rule.title,
        axis=rule.axis,
        first="Template",
        columns=(Column(rule.axis, "bar"), Column(rule.counted)),
        rows=tuple(rows),
        missing=""
        if enough
        else f"Needs a template with {rule.needed} {rule.counted.lower()}; the fullest has "
        f"{fullest}.",
        definition=definition,
        across=True,
    )


def health_chart(scores: Mapping[date, int], alert: int, halt: int) -> Chart:
    rows = tuple(
        (day_label(day), (number_cell(score), number_cell(alert), number_cell(halt)))
        for day, score in sorted(scores.items())
    )
    return Chart(
        code="health",
        title="Health of the sending domain",
        axis="Score, 0 to 100",
        first="Day",
        columns=(
            Column("Lowest score of the day", "line"),
            Column("Alert below", "limit"),
            Column("Halt below", "limit"),
        ),
        rows=rows,
        missing=""
        if len(rows) >= FEWEST_POINTS
        else f"Needs {FEWEST_POINTS} days with a score; there {'is' if len(rows) == 1 else 'are'} "
        f"{len(rows)}. A score needs {MIN_SAMPLE} emails sent within {WINDOWS[-1]} days.",
        definition="The lowest score of each day; how it adds up is on the phase page.",
    )
