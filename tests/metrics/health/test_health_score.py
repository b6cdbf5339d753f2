"""The sum that makes domain health, term by term. Pure."""

import pytest

from metrics.health.health_score import EmailSample, domain_score, score_parts

GOOD = {"spf": "present", "dkim": "present", "dmarc": "present"}


def points(**counts: int | str) -> dict[str, int]:
    sample = EmailSample(**{"sent": 1000, **GOOD, **counts})
    return {part.code: part.points for part in score_parts(sample) if part.points}


@pytest.mark.parametrize(
    ("count", "expected"),
    [(0, 0), (10, 0), (11, -5), (20, -5), (21, -15), (50, -15), (51, -30), (1000, -30)],
)
def test_hard_bounces_of_what_was_sent(count: int, expected: int) -> None:
    assert points(hard_bounces=count) == ({"hard_bounces": expected} if expected else {})


@pytest.mark.parametrize(
    ("count", "sent", "expected"),
    [(0, 2000, 0), (1, 2000, 0), (1, 1999, -20), (1, 1000, -20), (1, 999, -40), (2, 1000, -40)],
)
def test_complaints_of_what_arrived(count: int, sent: int, expected: int) -> None:
    assert points(complaints=count, sent=sent) == ({"complaints": expected} if expected else {})


@pytest.mark.parametrize(("count", "expected"), [(10, 0), (11, -5), (20, -5), (21, -15)])
def test_unsubscribes(count: int, expected: int) -> None:
    assert points(unsubscribes=count) == ({"unsubscribes": expected} if expected else {})


@pytest.mark.parametrize(("count", "expected"), [(50, 0), (51, 10)])
def test_replies_speak_for_it(count: int, expected: int) -> None:
    assert points(replies=count) == ({"replies": expected} if expected else {})


@pytest.mark.parametrize("record", ["spf", "dkim", "dmarc"])
@pytest.mark.parametrize(("state", "expected"), [("present", 0), ("unknown", 0), ("missing", -15)])
def test_records(record: str, state: str, expected: int) -> None:
    assert points(**{record: state}) == ({record: expected} if expected else {})


def test_records_alone_alert_and_never_halt() -> None:
    assert domain_score(EmailSample(sent=100, spf="missing", dkim="missing", dmarc="missing")) == 55


@pytest.mark.parametrize(("sent", "expected"), [(0, None), (49, None), (50, 100)])
def test_below_the_sample_there_is_no_score(sent: int, expected: int | None) -> None:
    assert domain_score(EmailSample(sent=sent, **GOOD)) == expected


def test_the_score_is_the_sum_within_its_scale() -> None:
    assert domain_score(EmailSample(sent=1000, replies=100, **GOOD)) == 100
    assert (
        domain_score(EmailSample(sent=1000, hard_bounces=30, unsubscribes=15, replies=100, **GOOD))
        == 100 - 15 - 5 + 10
    )
    worst = EmailSample(
        sent=100,
        hard_bounces=50,
        complaints=9,
        unsubscribes=9,
        spf="missing",
        dkim="missing",
        dmarc="missing",
    )
    assert domain_score(worst) == 0


def test_every_term_is_listed_even_without_points() -> None:
    sample = EmailSample(sent=180, hard_bounces=4, replies=9, spf="present", dkim="missing")
    assert [(part.code, part.points, part.said) for part in score_parts(sample)] == [
        ("hard_bounces", -15, "4 of 180"),
        ("complaints", 0, "0 of 176"),
        ("unsubscribes", 0, "0 of 176"),
        ("replies", 10, "9 of 176"),
        ("spf", 0, "present"),
        ("dkim", -15, "missing"),
        ("dmarc", 0, "not known"),
    ]


def test_nothing_sent_divides_by_nothing() -> None:
    assert {part.points for part in score_parts(EmailSample(sent=0, **GOOD))} == {0}
