"""Where each guardrail stands, in words."""

from datetime import timedelta

import pytest

from caio_project.lib.words.check_states import CheckState
from outreach.choices import Guardrail, Level
from outreach.guardrails.guardrail_display import describe_breach, guardrail_table
from outreach.guardrails.guardrail_rules import Breach, EventCounts, HealthState, MissingRecord


def shown(counts: EventCounts) -> list[tuple[str, str, str, str, str]]:
    return [
        (one.guardrail.value, one.now, one.alert_at, one.halt_at, one.level)
        for one in guardrail_table(counts)
    ]


def test_the_whole_table_when_nothing_stands() -> None:
    health = HealthState("verdict:1", timedelta(minutes=90), 84)
    assert shown(EventCounts(sends_week=340, bounces_week=("b:1", "b:2"), health=health)) == [
        ("complaints", "0 in 7 days", "1 in 7 days", "2 in 7 days", "clear"),
        (
            "blocked",
            "0 in 7 days",
            "1 in 7 days; 2 in 24 hours: the rest of the day off",
            "3 in 7 days",
            "clear",
        ),
        (
            "hard_bounces",
            "0 in 24 hours, 2 of 340 sent in 7 days (0.6\u00a0%)",
            "2 in 24 hours",
            "3 in 24 hours, or 3\u00a0% of at least 100 sent in 7 days",
            "clear",
        ),
        ("send_errors", "0 in an hour, 0 in 48 hours", "1 in 48 hours", "3 in an hour", "clear"),
        ("domain_health", "84", "under 70", "under 50", "clear"),
        ("authentication", "none is missing", "one missing", "one missing for 72 hours", "clear"),
        ("health_verdict", "1.5 hours", "older than 6 hours", "", "clear"),
    ]


def test_each_that_is_breached_says_how_and_why() -> None:
    lost = (
        MissingRecord("spf", timedelta(hours=80), "spf:1"),
        MissingRecord("dkim", timedelta(hours=2), "dkim:3"),
    )
    counts = EventCounts(
        {Guardrail.COMPLAINTS: ("c:1",)}, {Guardrail.HARD_BOUNCES: ("b:1", "b:2", "b:3")},
        health=HealthState("verdict:9", timedelta(hours=7), 40, "v:1", "v:1", lost),
    )  # fmt: skip
    assert [(one.now, one.level) for one in guardrail_table(counts)] == [
        ("1 in 7 days", "alert"),
        ("0 in 7 days", "not_known"),
        ("0 in 24 hours, 0 of 0 sent in 7 days", "halt"),
        ("0 in an hour, 0 in 48 hours", "not_known"),
        ("40", "halt"),
        ("SPF missing for 80 hours, DKIM missing for 2 hours", "halt"),
        ("7.0 hours", "alert"),
    ]
    assert guardrail_table(counts)[0].why == "1 complaint in 7 days."


def test_what_is_not_known_is_said_so() -> None:
    found = {one.guardrail.value: one for one in guardrail_table(EventCounts())}
    assert found["domain_health"].now == found["health_verdict"].now == "no verdict yet"
    assert (found["authentication"].now, found["health_verdict"].level) == ("not known", "alert")
    states = [one.state for one in found.values()]
    assert states == [CheckState.NOT_KNOWN] * 6 + [CheckState.ALERT]
    assert found["complaints"].why == "Nothing was sent in 7 days."
    assert [one.words for one in found.values()] == ["Not known"] * 6 + ["Alert"]


def test_unanswered_records_are_not_green() -> None:
    health = HealthState("verdict:1", timedelta(hours=1), None, unknown=("spf", "dkim", "dmarc"))
    found = {one.guardrail.value: one for one in guardrail_table(EventCounts(health=health))}
    shown_row = found["authentication"]
    assert (shown_row.state, shown_row.now) == (
        CheckState.NOT_KNOWN,
        "SPF not known, DKIM not known, DMARC not known",
    )
    assert shown_row.why == "DNS gave no answer about SPF and DKIM and DMARC."
    assert found["domain_health"].state == CheckState.NOT_KNOWN
    small = guardrail_table(EventCounts(health=HealthState("v", timedelta(0), None)))
    assert [(one.now, one.level) for one in small][4] == ("too little sent to say", "not_known")


def test_several_missing_records_stand_in_one_sentence() -> None:
    lost = (
        MissingRecord("spf", timedelta(hours=80), "spf:1"),
        MissingRecord("dkim", timedelta(hours=72), "dkim:3"),
    )
    counts = EventCounts(health=HealthState("v", timedelta(0), 90, lost=lost))
    [why] = [one.why for one in guardrail_table(counts) if one.level == "halt"]
    assert why == "SPF and DKIM of the sending domain are missing or broken for 72 hours or longer."


def test_a_share_of_bounces_alone_names_the_share() -> None:
    bounces = tuple(f"b:{n}" for n in range(3))
    counts = EventCounts(bounces_week=bounces, sends_week=100)
    [bounced] = [one for one in guardrail_table(counts) if one.guardrail == "hard_bounces"]
    assert (bounced.level, bounced.why) == ("halt", "3 hard bounces of 100 emails sent in 7 days.")


@pytest.mark.parametrize(
    ("hours", "sentence"),
    [
        (None, "There is no verdict on domain health."),
        (9, "The verdict on domain health is 9 hours old; after 6 it counts for nothing."),
    ],
)
def test_an_old_verdict_is_described(hours: int | None, sentence: str) -> None:
    breach = Breach(Guardrail.HEALTH_VERDICT, Level.ALERT, ("verdict:1",), {"hours": hours})
    assert describe_breach(breach) == sentence
