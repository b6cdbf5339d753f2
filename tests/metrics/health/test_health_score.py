"""The sum that makes domain health, term by term. Pure."""

import pytest

from metrics.health.health_score import DomainScore, EmailCounts, judge_domain, score_parts

GOOD = {"spf": "present", "dkim": "present", "dmarc": "present"}


def points(**counts: int) -> dict[str, int]:
    parts = score_parts(EmailCounts(**{"days": 7, "sent": 1000, **counts}), GOOD)
    return {part.code: part.points for part in parts if part.points}


def judged(*windows: EmailCounts, **states: str) -> DomainScore:
    return judge_domain(windows, {**GOOD, **states})


@pytest.mark.parametrize(
    "code", ["hard_bounces", "blocked", "complaints", "unsubscribes", "replies"]
)
@pytest.mark.parametrize("sent", [1, 10, 100, 1000])
def test_one_event_alone_moves_nothing(code: str, sent: int) -> None:
    assert points(**{code: 1}, sent=sent) == {}


# Wilson's lower bounds of k in 1,000 (scipy, and Newcombe 1998): 16 is 0.987 %, 17 1.064 %,
# 29 2.027 %, 42 3.122 % and so on.
@pytest.mark.parametrize(
    ("code", "count", "expected"),
    [
        ("hard_bounces", 16, 0),
        ("hard_bounces", 17, -5),
        ("hard_bounces", 28, -5),
        ("hard_bounces", 29, -15),
        ("hard_bounces", 63, -15),
        ("hard_bounces", 66, -30),
        ("blocked", 16, 0),
        ("blocked", 17, -5),
        ("blocked", 40, -5),
        ("blocked", 42, -20),
        ("blocked", 66, -40),
        ("complaints", 3, -20),
        ("complaints", 4, -20),
        ("complaints", 5, -35),
        ("complaints", 8, -60),
        ("unsubscribes", 16, 0),
        ("unsubscribes", 17, -5),
        ("unsubscribes", 29, -15),
        ("replies", 50, 0),
        ("replies", 66, 10),
    ],
)
def test_a_rate_costs_where_its_lower_bound_passes_a_step(
    code: str, count: int, expected: int
) -> None:
    assert points(**{code: count}).get(code, 0) == expected


def test_two_complaints_at_a_hundred_a_day_cost_nothing_that_halts() -> None:
    week = EmailCounts(7, 500, complaints=2)
    assert judged(week).score == 80


@pytest.mark.parametrize("record", ["spf", "dkim", "dmarc"])
@pytest.mark.parametrize(("state", "score"), [("present", 100), ("unknown", 100), ("missing", 85)])
def test_records(record: str, state: str, score: int) -> None:
    assert judged(EmailCounts(7, 100), **{record: state}).score == score


def test_records_alone_alert_and_never_halt() -> None:
    assert judged(EmailCounts(7, 100), spf="missing", dkim="missing", dmarc="missing").score == 55


def test_below_the_sample_it_collects() -> None:
    found = judged(EmailCounts(7, 20), EmailCounts(30, 60), EmailCounts(90, 99, complaints=9))
    assert (found.score, found.days) == (None, 90)
    assert found.by_window == ((7, 20, None), (30, 60, None), (90, 99, None))
    assert judged(EmailCounts(7, 0)).score is None


def test_the_worst_window_with_its_sample_wins() -> None:
    found = judged(
        EmailCounts(7, 99, complaints=99),  # not enough: it says nothing
        EmailCounts(30, 500),
        EmailCounts(90, 1000, hard_bounces=30),
    )
    assert (found.score, found.days) == (85, 90)
    assert found.by_window == ((7, 99, None), (30, 500, 100), (90, 1000, 85))


def test_the_score_stays_within_its_scale() -> None:
    assert judged(EmailCounts(7, 1000, replies=100)).score == 100
    worst = EmailCounts(7, 200, hard_bounces=90, blocked=50, complaints=20, unsubscribes=20)
    assert judged(worst, spf="missing").score == 0


def test_every_term_is_listed_even_without_points() -> None:
    counts = EmailCounts(7, 180, hard_bounces=8, blocked=2, replies=20)
    states = {"spf": "present", "dkim": "missing", "dmarc": "unknown"}
    assert [(part.code, part.points, part.said) for part in score_parts(counts, states)] == [
        ("hard_bounces", -15, "8 of 180"),
        ("blocked", 0, "2 of 180"),
        ("complaints", 0, "0 of 170"),
        ("unsubscribes", 0, "0 of 170"),
        ("replies", 10, "20 of 170"),
        ("spf", 0, "present"),
        ("dkim", -15, "missing"),
        ("dmarc", 0, "not known"),
    ]


def test_nothing_sent_divides_by_nothing() -> None:
    assert {part.points for part in score_parts(EmailCounts(7, 0), GOOD)} == {0}
