"""Which digest is due when, and what it says. No database."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from caio_project.lib.hours.business_calendar import BusinessCalendar, Span
from metrics.digests import digest_words, periods

AT = time(8, 30)
DAY_SPAN = (Span(time(8), time(18)),)
WEEK = BusinessCalendar("America/New_York", (*[DAY_SPAN] * 5, (), ()), "US")
NEVER = BusinessCalendar("America/New_York", ((),) * 7)
MONDAY = date(2026, 3, 2)


def at(day: int, hour: int, minute: int = 0, month: int = 3) -> datetime:
    """In New York's winter, five hours behind."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (at(2, 13, 29), None),
        (at(2, 13, 30), MONDAY),
        (at(3, 4, 59), MONDAY),  # caught up with until the day ends
        (at(3, 5, 0), None),
        (at(7, 15), None),  # a Saturday
        (at(16, 15, month=2), None),  # Presidents' Day
    ],
)
def test_the_daily_digest(now: datetime, due: date | None) -> None:
    assert periods.daily_due(now, AT, WEEK) == due
    assert periods.daily_due(now, None, WEEK) is None


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (at(2, 13, 29), None),
        (at(2, 13, 30), MONDAY),
        (at(2, 23), MONDAY),
        (at(3, 15), None),
        (at(16, 15, month=2), None),  # Presidents' Day
        (at(17, 15, month=2), date(2026, 2, 17)),  # the day after stands in
        (at(18, 15, month=2), None),
    ],
)
def test_the_weekly_digest(now: datetime, due: date | None) -> None:
    assert periods.weekly_due(now, "monday", AT, WEEK) == due
    assert periods.weekly_due(now, "monday", None, WEEK) is None
    assert periods.weekly_due(now, "funday", AT, WEEK) is None


def test_what_they_cover() -> None:
    assert periods.daily_start(MONDAY, AT, WEEK) == datetime(2026, 2, 27, 13, 30, tzinfo=UTC)
    assert periods.weekly_start(MONDAY, "monday", AT, WEEK) == at(23, 13, 30, month=2)


@pytest.mark.parametrize(
    ("day", "weekday", "start"),
    [
        (date(2026, 2, 17), "monday", at(9, 13, 30, month=2)),  # the day after Presidents' Day
        (date(2026, 2, 23), "monday", at(17, 13, 30, month=2)),  # a week later: six days
        (date(2026, 3, 4), "monday", at(23, 13, 30, month=2)),  # by hand on a Wednesday
        (MONDAY, "", at(23, 13, 30, month=2)),
    ],
)
def test_a_week_begins_when_the_digest_before_was_due(
    day: date, weekday: str, start: datetime
) -> None:
    assert periods.weekly_start(day, weekday, AT, WEEK) == start


def test_a_week_off_moves_two_digests_to_one_day() -> None:
    off = frozenset(date(2026, 2, 23) + timedelta(days=n) for n in range(5))
    hours = replace(WEEK, days_off=off)
    assert periods.weekly_start(MONDAY, "monday", AT, hours) == at(17, 13, 30, month=2)


def test_days_off_of_the_team_have_no_digest() -> None:
    """A day off of its own, and a weekday on which it never works."""
    hours = replace(WEEK, days_off=frozenset({MONDAY}), week=((), *WEEK.week[1:4], (), (), ()))
    assert periods.daily_due(at(2, 15), AT, hours) is None
    assert periods.daily_due(at(6, 15), AT, hours) is None  # a Friday
    assert periods.weekly_due(at(2, 15), "monday", AT, hours) is None
    assert periods.weekly_due(at(3, 15), "monday", AT, hours) == date(2026, 3, 3)
    assert periods.daily_start(date(2026, 3, 3), AT, hours) == at(26, 13, 30, month=2)


def test_a_team_without_hours_has_no_digest() -> None:
    assert periods.daily_due(at(2, 15), AT, NEVER) is None
    assert periods.weekly_due(at(2, 15), "monday", AT, NEVER) is None
    assert periods.daily_start(MONDAY, AT, NEVER) == at(1, 13, 30)


# --- Words

EMPTY: dict[str, Any] = {
    "kind": "daily",
    "since": at(1, 13, 30).isoformat(),
    "until": at(2, 13, 30).isoformat(),
    "unread": [],
    "waiting": {
        "by_band": {}, "critical": 0, "overdue": 0, "oldest": "", "uncertain": 0, "parked": 0,
        "blocked": {}, "snoozed": 0, "halted": False, "answers": 0,
    },
    "sources": [],
    "sent": {"sent": 0, "sandbox": 0, "replies": 0, "positive": 0, "meetings": 0},
    "decisions": {
        "machine": 0, "returned": 0, "people": 0, "rejected": 0, "edited": 0, "reread": 0,
        "overridden": 0, "unread": 0,
    },
    "changes": [],
    "gates": {"phase": "parallel", "target": "assisted", "passed": 2, "of": 6, "changed": []},
    "incidents": {"open": [], "opened": 0, "closed": 0},
}  # fmt: skip


def test_nothing_to_report_is_said_only_where_everything_was_read_and_is_empty() -> None:
    assert digest_words.lines_of(EMPTY) == [
        digest_words.NOTHING,
        "Phase: Parallel. 2 of 6 gates to Assisted pass.",
    ]
    unread = {key: value for key, value in EMPTY.items() if key != "sent"} | {"unread": ["sent"]}
    lines = digest_words.lines_of(unread)
    assert lines[-1] == "Could not be read: what was sent. See the log."
    assert digest_words.NOTHING not in lines


@pytest.mark.parametrize(
    "news",
    [
        {"waiting": EMPTY["waiting"] | {"uncertain": 1}},
        {"waiting": EMPTY["waiting"] | {"halted": True}},
        {"waiting": EMPTY["waiting"] | {"blocked": {"person": 1}}},
        {"waiting": EMPTY["waiting"] | {"snoozed": 1}},
        {"sources": [{"cause": "silent_source", "subject": "rb2b", "since": at(1, 9).isoformat()}]},
        {"sent": EMPTY["sent"] | {"sent": 1}},
        {"decisions": EMPTY["decisions"] | {"people": 1}},
        {"changes": [{"what": "phase", "before": "assisted", "after": "parallel"}]},
        {"gates": EMPTY["gates"] | {"changed": [["send errors", "pass", "fail"]]}},
        {"incidents": EMPTY["incidents"] | {"closed": 1}},
    ],
)
def test_any_news_is_reported(news: dict[str, Any]) -> None:
    assert digest_words.NOTHING not in digest_words.lines_of(EMPTY | news)


def test_a_full_week_is_read_in_a_minute() -> None:
    content = EMPTY | {
        "kind": "weekly",
        "waiting": {
            "by_band": {"hot": 2, "low": 1}, "critical": 1, "overdue": 1, "uncertain": 1,
            "oldest": at(2, 9).isoformat(), "parked": 1, "halted": True,
            "answers": 1, "blocked": {"us": 2, "person": 3, "earlier": 1}, "snoozed": 2,
        },
        "sources": [{"cause": "silent_source", "subject": "rb2b", "since": at(1, 9).isoformat()}],
        "sent": {
            "sent": 120, "sandbox": 3, "replies": 9, "positive": 4, "meetings": 2, "bounced": 1,
        },
        "decisions": {
            "machine": 40, "returned": 2, "people": 70, "rejected": 9, "edited": 12, "reread": 8,
            "overridden": 1, "unread": 2,
        },
        "changes": [
            {"what": "auto_approve", "before": "off", "after": "on"} for _ in range(6)
        ],
        "gates": EMPTY["gates"] | {"changed": [["send errors", "pass", "fail"]]},
        "incidents": {"open": [["slack", ""]] * 5, "opened": 6, "closed": 1},
    }  # fmt: skip
    lines = digest_words.lines_of(content)
    assert lines[0].startswith(
        "Waits for you: 3 emails to decide (2 HOT, 1 LOW, 1 CRITICAL), 1 overdue, 1 answer"
    )
    assert (
        "6 drafts blocked (2 by us, 3 by what is known of the person, 1 by an earlier email), "
        "1 parked event, 2 emails put off."
    ) in lines[0]
    assert lines[0].endswith("Sending is halted.")
    assert lines[1].startswith("Dead sources: A source is silent: RB2B (since ")
    assert lines[2:] == [
        "Sent: 120 emails, 3 kept in test mode. "
        "Came back: 9 replies (4 positive, 2 meetings, 1 bounce).",
        "The machine approved 40 and gave 2 back; of 8 re-read, people would have changed 1; "
        "2 wait to be re-read. People decided 70 (9 rejected, 12 edited).",
        f"Changed: {', '.join(['auto approve off to on'] * 4)} and 2 more.",
        "Phase: Parallel. 2 of 6 gates to Assisted pass; send errors went from pass to fail.",
        f"Incidents: 6 opened, 1 closed. Still open: {'; '.join(['Slack takes no messages'] * 4)} "
        "and 1 more.",
    ]
    assert len(" ".join(lines).split()) < 200
    assert digest_words.title_of(content).startswith("Your week: Mar")


@pytest.mark.parametrize(
    ("gates", "said"),
    [
        ({"phase": "autonomous", "target": "", "passed": None}, "There is no gate above it."),
        ({"phase": "parallel", "target": "assisted", "passed": None}, "not evaluated yet."),
    ],
)
def test_gates_that_say_nothing(gates: dict[str, Any], said: str) -> None:
    assert digest_words.lines_of(EMPTY | {"gates": gates})[-1].endswith(said)


def test_machine_alone_and_one_of_each() -> None:
    decisions = EMPTY["decisions"] | {"machine": 1}
    sent = {"sent": 1, "sandbox": 0, "replies": 1, "positive": 0, "meetings": 0}
    lines = digest_words.lines_of(EMPTY | {"decisions": decisions, "sent": sent})
    assert "Sent: 1 email. Came back: 1 reply." in lines
    assert "The machine approved 1; none was re-read. People decided 0." in lines
    assert lines[0] == "Waits for you: nothing."


def test_without_hours_a_week_began_seven_days_ago() -> None:
    """As for a digest that is made by hand."""
    assert periods.weekly_start(MONDAY, "monday", AT, NEVER) == at(23, 13, 30, month=2)
