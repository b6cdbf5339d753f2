"""The guardrail table, row by row and on both sides of each threshold. Pure."""

from datetime import timedelta

import pytest

from outreach.choices import Guardrail, Level
from outreach.guardrails.guardrail_display import describe_breach
from outreach.guardrails.guardrail_rules import (
    Breach,
    EventCounts,
    HealthState,
    MissingRecord,
    find_breaches,
)

FRESH = HealthState("verdict:9", timedelta(hours=1), 90)


def events(kind: str, count: int) -> tuple[str, ...]:
    return tuple(f"{kind}:{n}" for n in range(count))


def levels(counts: EventCounts) -> dict[str, str]:
    return {breach.guardrail.value: breach.level.value for breach in find_breaches(counts)}


def counted(
    guardrail: Guardrail, alert: int, halt: int, *, week: int = 0, sends: int = 0
) -> EventCounts:
    in_both = events("event", max(alert, halt))
    return EventCounts(
        {guardrail: in_both[:alert]},
        {guardrail: in_both[:halt]},
        events("bounced", week),
        sends,
        FRESH,
    )


@pytest.mark.parametrize(
    ("guardrail", "alert", "halt", "level"),
    [
        (Guardrail.COMPLAINTS, 0, 0, None),
        (Guardrail.COMPLAINTS, 1, 1, "alert"),
        (Guardrail.COMPLAINTS, 2, 2, "halt"),
        (Guardrail.COMPLAINTS, 9, 9, "halt"),
        (Guardrail.BLOCKED, 0, 0, None),
        (Guardrail.BLOCKED, 1, 1, "alert"),
        (Guardrail.BLOCKED, 2, 2, "alert"),
        (Guardrail.BLOCKED, 3, 3, "halt"),
        (Guardrail.HARD_BOUNCES, 1, 1, None),
        (Guardrail.HARD_BOUNCES, 2, 2, "alert"),
        (Guardrail.HARD_BOUNCES, 3, 3, "halt"),
        (Guardrail.SEND_ERRORS, 0, 0, None),
        (Guardrail.SEND_ERRORS, 1, 0, "alert"),
        (Guardrail.SEND_ERRORS, 9, 2, "alert"),
        (Guardrail.SEND_ERRORS, 3, 3, "halt"),
    ],
)
def test_counts_in_a_window_breach(
    guardrail: Guardrail, alert: int, halt: int, level: str | None
) -> None:
    assert levels(counted(guardrail, alert, halt)) == ({guardrail.value: level} if level else {})


@pytest.mark.parametrize(
    ("bounces", "sends", "level"),
    [
        (3, 100, "halt"),
        (2, 100, None),
        (3, 99, None),  # too few to say a share
        (99, 99, None),
        (3, 101, None),
        (4, 101, "halt"),
        (21, 700, "halt"),
        (20, 700, None),
        (0, 0, None),
    ],
)
def test_bounce_rate_of_a_week_breaches(bounces: int, sends: int, level: str | None) -> None:
    found = levels(counted(Guardrail.HARD_BOUNCES, 0, 0, week=bounces, sends=sends))
    assert found == ({"hard_bounces": level} if level else {})


def test_both_bounce_conditions_are_one_breach() -> None:
    counts = EventCounts(
        {}, {Guardrail.HARD_BOUNCES: events("bounced", 3)}, events("bounced", 5), 120, FRESH
    )
    (breach,) = find_breaches(counts)

    assert breach == Breach(
        Guardrail.HARD_BOUNCES,
        Level.HALT,
        events("bounced", 5),
        {"count": 3, "window": timedelta(hours=24), "bounced": 5, "sent": 120},
    )
    assert describe_breach(breach) == (
        "3 hard bounces in 24 hours, 5 hard bounces of 120 emails sent in 7 days."
    )


@pytest.mark.parametrize(
    ("score", "level"),
    [
        (100, None),
        (70, None),
        (69, "alert"),
        (50, "alert"),
        (49, "halt"),
        (0, "halt"),
        (None, None),
    ],
)
def test_the_score_of_the_domain(score: int | None, level: str | None) -> None:
    found = find_breaches(
        EventCounts(health=HealthState("verdict:9", timedelta(0), score, "verdict:7", "verdict:8"))
    )
    events = {"alert": ("verdict:7",), "halt": ("verdict:8",)}
    assert [(b.guardrail, b.level, b.events) for b in found] == (
        [("domain_health", level, events[level])] if level else []
    )


@pytest.mark.parametrize("record", ["spf", "dkim", "dmarc"])
@pytest.mark.parametrize(
    ("lasted", "level"),
    [
        (timedelta(0), "alert"),  # at once
        (timedelta(hours=72) - timedelta(seconds=1), "alert"),
        (timedelta(hours=72), "halt"),
    ],
)
def test_a_record_that_dns_says_is_missing(record: str, lasted: timedelta, level: str) -> None:
    (breach,) = find_breaches(
        EventCounts(
            health=HealthState(
                "verdict:9", timedelta(0), 90, lost=(MissingRecord(record, lasted, "e"),)
            )
        )
    )
    assert (breach.guardrail, breach.level, breach.events) == ("authentication", level, ("e",))
    text = describe_breach(breach)
    assert text.startswith(f"{record.upper()} of the sending domain is missing")


def test_only_what_is_missing_long_enough_stops() -> None:
    lost = (
        MissingRecord("spf", timedelta(hours=80), "spf:1"),
        MissingRecord("dkim", timedelta(hours=2), "dkim:5"),
    )
    (breach,) = find_breaches(
        EventCounts(health=HealthState("verdict:9", timedelta(0), 90, lost=lost))
    )
    assert (breach.level, breach.events) == ("halt", ("spf:1",))


@pytest.mark.parametrize(
    ("age", "stands"),
    [(timedelta(0), False), (timedelta(hours=6), False), (timedelta(hours=6, seconds=1), True)],
)
def test_old_verdict_is_a_breach(age: timedelta, stands: bool) -> None:
    found = levels(EventCounts(health=HealthState("verdict:9", age, 90)))
    assert found == ({"health_verdict": "alert"} if stands else {})


def test_missing_verdict_is_a_breach() -> None:
    assert levels(EventCounts()) == {"health_verdict": "alert"}


def test_all_breaches_are_in_table_order() -> None:
    old = HealthState(
        "verdict:9",
        timedelta(hours=7),
        10,
        "v:1",
        "v:1",
        (MissingRecord("spf", timedelta(0), "spf:1"),),
    )
    counts = EventCounts(
        {Guardrail.COMPLAINTS: ("complained:1",), Guardrail.SEND_ERRORS: ("move:1",)}, health=old
    )
    assert levels(counts) == {
        "complaints": "alert",
        "send_errors": "alert",
        "domain_health": "halt",
        "authentication": "alert",
        "health_verdict": "alert",
    }


@pytest.mark.parametrize(
    ("guardrail", "count", "text"),
    [
        (Guardrail.COMPLAINTS, 1, "1 complaint in 7 days."),
        (Guardrail.COMPLAINTS, 2, "2 complaints in 7 days."),
        (Guardrail.HARD_BOUNCES, 3, "3 hard bounces in 24 hours."),
        (Guardrail.SEND_ERRORS, 3, "3 send errors in an hour."),
    ],
)
def test_a_breach_is_a_sentence(guardrail: Guardrail, count: int, text: str) -> None:
    found = find_breaches(counted(guardrail, count, count))
    assert [describe_breach(breach) for breach in found] == [text]
