"""What a chart shows, and that none is drawn under its sample."""

from dataclasses import dataclass
from datetime import date, timedelta
from math import log

import pytest

from metrics.evidence.cusum import CusumRule
from metrics.performance import charts
from metrics.performance.chart import Cell
from metrics.performance.charts import GroupRule

MONDAY = date(2026, 3, 2)
RULE = CusumRule(0.07, 0.04, log(250))


@dataclass(frozen=True)
class Row:
    """A figure's row as far as charts read it."""

    start: date = MONDAY
    group_label: str = ""
    value: float | None = None
    numerator: float = 0
    denominator: int = 0
    interval: tuple[float, float] | None = None
    sample: int = 0
    is_enough: bool = False


def week(number: int, answered: int, people: int) -> Row:
    return Row(
        start=MONDAY + timedelta(weeks=number),
        value=answered / people if people else None,
        numerator=answered,
        denominator=people,
        interval=(0.05, 0.15),
        sample=people,
        is_enough=people >= 50,
    )


def day(number: int, answered: int, people: int) -> Row:
    return Row(start=MONDAY + timedelta(days=number), numerator=answered, denominator=people)


class TestReplies:
    def test_two_full_weeks_are_drawn_with_range_and_target(self) -> None:
        chart = charts.reply_chart([week(0, 10, 100), week(1, 9, 60)], 50, 8.0, "How.")
        assert chart.missing == ""
        assert [column.kind for column in chart.columns] == ["line", "low", "high", "limit", ""]
        label, cells = chart.rows[0]
        assert label == "Mar 2"
        assert [cell.value for cell in cells] == [10.0, 5.0, 15.0, 8.0, None]
        assert cells[-1].text == "10 of 100"

    def test_a_week_under_its_sample_has_no_rate(self) -> None:
        chart = charts.reply_chart([week(0, 10, 100), week(1, 4, 20)], 50, 8.0, "How.")
        assert [cell.value for cell in chart.rows[1][1]] == [None, None, None, 8.0, None]
        assert chart.rows[1][1][-1] == Cell("4 of 20, 30 more are needed")
        assert chart.missing == (
            "Needs 2 weeks with 50 people emailed each; 1 has so many, and the fullest has 100."
        )

    def test_nothing_says_what_is_missing(self) -> None:
        assert (
            "0 have so many, and the fullest has 0." in charts.reply_chart([], 50, 8.0, "").missing
        )


class TestCusum:
    def test_the_line_runs_from_before_the_period(self) -> None:
        days = [day(number, 0, 30) for number in range(4)]
        chart = charts.cusum_chart(days, MONDAY + timedelta(days=2), 50, RULE, is_part=False)
        assert [label for label, _ in chart.rows] == ["Mar 4", "Mar 5"]
        assert chart.rows[0][1][0].value == round(3 * 30 * log(0.96 / 0.93), 2)
        assert chart.missing == ""

    @pytest.mark.parametrize(
        ("counts", "finding"),
        [
            ([(3, 50)] * 3, "Under the alarm: no fall of the reply rate is seen."),
            ([(0, 60)] * 4, "Over the alarm since Mar 4: the reply rate has fallen."),
            ([(0, 60)] * 3 + [(30, 60)], "Under the alarm now; it was reached on Mar 4."),
        ],
    )
    def test_it_says_what_the_line_shows(self, counts: list[tuple[int, int]], finding: str) -> None:
        days = [day(number, *count) for number, count in enumerate(counts)]
        chart = charts.cusum_chart(days, MONDAY, 50, RULE, is_part=False)
        assert (chart.missing, chart.finding) == ("", finding)

    def test_a_selection_is_named_and_empty_days_are_left_out(self) -> None:
        days = [day(0, 0, 30), day(1, 0, 0), day(2, 0, 30)]
        chart = charts.cusum_chart(days, MONDAY, 50, RULE, is_part=True)
        assert len(chart.rows) == 2
        assert (
            chart.finding == "Under the alarm: no fall of the reply rate of this selection is seen."
        )

    def test_too_few_people_are_not_drawn(self) -> None:
        chart = charts.cusum_chart([day(0, 1, 20), day(1, 0, 9)], MONDAY, 50, RULE, is_part=False)
        assert chart.missing.endswith("there are 2 days and 29 people.")
        assert charts.cusum_chart([], MONDAY, 50, RULE, is_part=False).finding == ""


class TestSends:
    def test_each_day_stands_against_its_own_cap(self) -> None:
        days = [Row(start=MONDAY, value=25.0), Row(start=MONDAY + timedelta(days=1), value=0.0)]
        chart = charts.sends_chart(days, {MONDAY: 25, MONDAY + timedelta(days=1): 50}, "How.")
        assert [cells[1].value for _, cells in chart.rows] == [25, 50]
        assert (chart.finding, chart.missing) == ("25 emails sent.", "")

    def test_none_sent_is_said(self) -> None:
        chart = charts.sends_chart([Row(value=0.0)], {MONDAY: 25}, "")
        assert chart.missing == "No email was sent in this period."

    def test_hours_of_a_day_with_sends(self) -> None:
        chart = charts.hours_chart({9: 4, 17: 15}, 15)
        assert len(chart.rows) == 24
        assert chart.rows[9] == ("9 AM", (Cell("4", 4), Cell("15", 15)))
        assert charts.hours_chart({}, 15).missing == "Nothing was sent today."


def test_time_to_decide_needs_two_weeks_of_decisions() -> None:
    medians = [
        Row(value=1.24, sample=30, denominator=30, is_enough=True),
        Row(sample=4, denominator=4),
    ]
    nines = [
        Row(value=3.07, sample=30, denominator=30, is_enough=True),
        Row(sample=4, denominator=4),
    ]
    chart = charts.waits_chart(medians, nines, 20, "How.")
    assert chart.rows[0][1] == (Cell("1.2", 1.2), Cell("3.1", 3.1), Cell("30"))
    assert chart.rows[1][1] == (Cell("–"), Cell("–"), Cell("4, 16 more are needed"))
    assert chart.missing == "Needs 2 weeks with 20 decisions each; the fullest has 30."
    assert charts.waits_chart(medians[:1] * 2, nines[:1] * 2, 20, "").missing == ""
    assert charts.waits_chart([], [], 20, "").missing.endswith("has 0.")


def test_templates_under_their_sample_have_no_bar() -> None:
    rule = GroupRule("edits", "Edits", "Edited, %", 100, " %", "Emails approved", 20)
    few = Row(group_label="B", value=1.0, sample=3)
    enough = Row(group_label="A", value=0.255, sample=40, is_enough=True)
    chart = charts.groups_chart([enough, few], rule, "How.")
    assert chart.rows == (
        ("A", (Cell("25.5 %", 25.5), Cell("40"))),
        ("B", (Cell("–"), Cell("3, 17 more are needed"))),
    )
    assert chart.missing == ""
    lacking = charts.groups_chart([few], rule, "").missing
    assert lacking == "Needs a template with 20 emails approved; the fullest has 3."


def test_health_needs_two_days_with_a_score() -> None:
    two = {MONDAY + timedelta(days=1): 81, MONDAY: 90}
    chart = charts.health_chart(two, 70, 50)
    assert [(label, cells[0].value) for label, cells in chart.rows] == [
        ("Mar 2", 90),
        ("Mar 3", 81),
    ]
    assert chart.missing == ""
    assert "there is 1." in charts.health_chart({MONDAY: 90}, 70, 50).missing
    missing = charts.health_chart({}, 70, 50).missing
    assert "there are 0. A score needs 100 emails sent within 90 days." in missing
