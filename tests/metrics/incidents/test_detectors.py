"""Each detector: a history that must be found, one that must not, and its recovery. No database."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from metrics.gates.gate import Comparison, Gate, Threshold, Unit
from metrics.incident_codes import Action, Cause
from metrics.incidents import incident_words
from metrics.incidents.detectors import access, alarms, rates, work
from metrics.incidents.detectors.alarms import AlarmFact, AlarmFacts, BreachFact
from metrics.incidents.detectors.rates import DayCount
from metrics.incidents.findings import Finding, from_json, with_first_seen

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
MONDAY = date(2026, 1, 5)


def causes(found: list[Finding]) -> list[str]:
    return [one.cause.value for one in found]


# --- Rates


def days(*runs: tuple[int, int, int]) -> list[DayCount]:
    """(days, answered a day, people a day), one run after the other."""
    counts = [(answered, people) for n, answered, people in runs for _ in range(n)]
    return [DayCount(MONDAY + timedelta(days=at), *count) for at, count in enumerate(counts)]


HEALTHY, FALLEN, GOOD = (30, 4, 50), (25, 1, 50), (30, 8, 50)


@pytest.mark.parametrize(
    ("history", "is_found"),
    [
        (days(HEALTHY, FALLEN), True),
        (days(HEALTHY), False),
        (days(HEALTHY, FALLEN, GOOD), False),  # it has recovered
        (days((1, 0, 99)), False),  # below the sample, whatever the rate
        ([], False),
    ],
)
def test_reply_rate_falls_and_recovers(history: list[DayCount], is_found: bool) -> None:
    found = rates.falling_reply_rate(history)
    assert causes(found) == ["reply_rate"] * is_found
    if is_found:
        (one,) = found
        assert one.evidence["people"] >= 1000 and one.evidence["level"] >= one.evidence["alarm"]
        assert one.action == Action.TEST_PROPOSED and one.marks == (f"run:{one.evidence['since']}",)


def test_no_run_under_the_sample_alarms_though_the_rule_would() -> None:
    history = days((4, 0, 50))
    assert causes(rates.falling_reply_rate(history)) == ["reply_rate"]
    assert rates.falling_reply_rate(history, least_people=201) == []


def gate(value: float | None, sample: int) -> Gate:
    threshold = Threshold(Comparison.AT_LEAST, 0.3, Unit.SHARE)
    return Gate("enrichment rate", (threshold,), needed=50, window="", value=value, sample=sample)


@pytest.mark.parametrize(
    ("value", "sample", "is_found"),
    [(0.29, 50, True), (0.3, 50, False), (0.0, 49, False), (None, 0, False)],
)
def test_missed_gates_count_from_their_sample_on(
    value: float | None, sample: int, is_found: bool
) -> None:
    found = rates.missed_gate(gate(value, sample), Cause.ENRICHMENT_RATE)
    assert causes(found) == ["enrichment_rate"] * is_found


# --- Work that stands still


def ago(**amount: float) -> datetime:
    return NOW - timedelta(**amount)


def test_a_queue_that_waits_for_clay_is_told_from_the_others() -> None:
    found = work.stuck_queues({"enriched": ago(minutes=9), "leads": ago(minutes=6)}, NOW)
    assert [(one.cause, one.evidence) for one in found] == [
        ("enrichment_stalled", {"stages": {"enriched": 9}}),
        ("work_stuck", {"stages": {"leads": 6}}),
    ]
    assert work.stuck_queues({}, NOW) == []


@pytest.mark.parametrize(
    ("waiting", "overdue", "is_found"),
    [(10, 5, True), (11, 5, False), (4, 4, False), (5, 5, True), (50, 0, False)],
)
def test_reviews_age_where_half_of_five_or_more_are_late(
    waiting: int, overdue: int, is_found: bool
) -> None:
    found = work.ageing_reviews(work.ReviewFacts(waiting, overdue, ago(hours=3)), NOW)
    assert causes(found) == ["approvals_ageing"] * is_found
    assert work.ageing_reviews(work.ReviewFacts(waiting, overdue, None), NOW) == []


def test_sweeps_that_are_late_are_one_finding() -> None:
    (found,) = work.stopped_sweeps({"b": None, "a": ago(minutes=7)})
    assert found.evidence == {"sweeps": ["a", "b"], "count": 2}
    assert found.marks == (f"a:{ago(minutes=7).isoformat()}", "b:never")
    assert work.stopped_sweeps({}) == []


@pytest.mark.parametrize(
    ("computed_at", "is_found"), [(ago(hours=27), True), (ago(hours=25), False), (None, True)]
)
def test_a_figure_that_is_late(computed_at: datetime | None, is_found: bool) -> None:
    figure = work.FigureFact("gates", computed_at, ago(days=9), work.FIGURE_LATE)
    assert causes(work.stopped_figures([figure], NOW)) == ["figures_stopped"] * is_found
    young = replace(figure, computed_at=None, since=ago(hours=1))
    assert work.stopped_figures([young], NOW) == []


# --- Ways in


TOKEN = access.GhlTokenFact(7, NOW + timedelta(hours=20), ago(days=1), 0)


@pytest.mark.parametrize(
    ("fact", "is_found"),
    [
        (replace(TOKEN, attempts=3), True),
        (replace(TOKEN, attempts=2), False),
        (replace(TOKEN, renewed_at=ago(days=340)), True),
        (TOKEN, False),
        (None, False),
    ],
)
def test_ghl_tokens_that_are_not_renewed(fact: access.GhlTokenFact | None, is_found: bool) -> None:
    found = access.expiring_ghl_token(fact, NOW)
    assert [one.key for one in found] == [("token_expiring", "ghl")] * is_found


@pytest.mark.parametrize(("ahead", "is_found"), [(6, True), (8, False), (-1, False)])
def test_keys_are_told_of_in_their_last_week(ahead: int, is_found: bool) -> None:
    found = access.expiring_keys([access.KeyFact("abc", NOW + timedelta(days=ahead))], NOW)
    assert [one.key for one in found] == [("token_expiring", "key:abc")] * is_found


def test_clocks_tell_from_half_a_minute_and_rest_from_five() -> None:
    found = access.clocks_apart({"ghl": -31.0, "database": 300.0, "other": 29.9})
    assert [(one.subject, one.action) for one in found] == [
        ("database", Action.RESTED),
        ("ghl", Action.TOLD),
    ]
    assert access.clocks_apart({"ghl": 1.0}) == []


def test_ghl_is_down_after_so_many_failures() -> None:
    (found,) = access.ghl_down(3, 3, NOW + timedelta(seconds=40), NOW)
    assert found.evidence == {"failures": 3, "next_try_seconds": 40}
    assert access.ghl_down(2, 3, None, NOW) == access.ghl_down(0, 3, None, NOW) == []


def test_redis() -> None:
    assert causes(access.redis_down("ConnectionError")) == ["redis_down"]
    assert access.redis_down("") == []


def test_what_has_no_id_keeps_the_moment_it_was_first_found() -> None:
    first = with_first_seen(access.redis_down("A"), [], NOW)
    again = with_first_seen(access.redis_down("B"), first, NOW + timedelta(hours=1))
    assert first[0].marks == again[0].marks == (f"since:{NOW.isoformat()}",)
    assert again[0].evidence == {"error": "B"}
    assert [from_json(one.as_json()) for one in again] == again


# --- Alarms that others have raised


def alarm(key: str, pk: int = 1) -> AlarmFact:
    return AlarmFact(pk, key, NOW)


@pytest.mark.parametrize(
    ("key", "cause", "subject", "action"),
    [
        ("rb2b:silent", "silent_source", "rb2b", "told"),
        ("clay:breaker", "enrichment_stalled", "", "fell_back"),
        ("clay:budget", "clay_budget", "", "told"),
        ("clay:budget:used_up", "clay_budget", "", "fell_back"),
        ("ghl:scope:contacts.write", "ghl_access", "", "deferred"),
        ("ghl:sync:emails", "ghl_reading", "", "deferred"),
        ("ghl:refusing", "sends_failing", "", "told"),
        ("uncertain:7", "uncertain", "", "deferred"),
        ("guardrail:health_verdict", "figures_stopped", "", "machine_paused"),
        ("slack", "slack", "", "told"),
        ("llm:breaker", "language_model", "", "fell_back"),
        ("spool:web:bad", "other", "spool:web:bad", "told"),
    ],
)
def test_every_alarm_has_a_cause(key: str, cause: str, subject: str, action: str) -> None:
    (found,) = alarms.findings_of_alarms(AlarmFacts((alarm(key),)))
    assert (found.cause, found.subject, found.action) == (cause, subject, action)
    assert (found.marks, found.alarms) == (("alarm:1",), (1,))


@pytest.mark.parametrize(
    ("guardrail", "cause"),
    [("complaints", "complaints"), ("blocked", "blocks"), ("hard_bounces", "bounces")],
)
def test_a_breach_is_found_by_its_events_with_what_it_did(guardrail: str, cause: str) -> None:
    breach = BreachFact("halt", "dropped", ("e:1", "e:2"), 140, None, "assisted", "parallel")
    facts = AlarmFacts((alarm(f"guardrail:{guardrail}"),), {guardrail: breach})
    (found,) = alarms.findings_of_alarms(facts)
    assert (found.cause, found.marks, found.action) == (cause, ("e:1", "e:2"), "dropped")
    text = incident_words.incident_text(found.cause, "", found.action, found.evidence)
    assert text.evidence.startswith("2 ") and "140 emails sent in 7 days" in text.evidence
    assert text.done == "Sending is halted, and the phase dropped from Assisted to Parallel."
    assert alarms.findings_of_alarms(AlarmFacts()) == []


def test_alarms_of_one_cause_are_one_finding_with_the_gravest_action() -> None:
    breach = BreachFact("alert", "alerted", ("move:3",), 20, None, "assisted", "assisted")
    keys = ("ghl:refusing", "guardrail:send_errors", "clay:budget", "clay:budget:used_up")
    facts = AlarmFacts(
        tuple(alarm(key, pk) for pk, key in enumerate(keys)),
        {"send_errors": breach},
        clay_used=50_000,
    )
    sends, budget = alarms.findings_of_alarms(facts)
    assert (sends.cause, sends.action, sends.alarms) == ("sends_failing", "machine_paused", (1, 0))
    assert set(sends.marks) == {"alarm:0", "move:3"}
    assert (budget.action, budget.evidence["used"]) == ("fell_back", 50_000)


# --- Words


SPOKEN: list[tuple[Cause, dict[str, Any], str]] = [
    (Cause.REDIS_DOWN, {"error": "TimeoutError"}, "Redis gives no answer (TimeoutError)."),
    (Cause.SWEEPS_STOPPED, {"sweeps": list("abcdefg"), "count": 7}, "e and 2 more"),
    (Cause.WORK_STUCK, {"stages": {"leads": 95}}, "“leads” for 1\u00a0h 35\u00a0min"),
    (Cause.FIGURES_STOPPED, {"figures": {"gates": 1620}}, "gates for 1\u00a0d 3\u00a0h"),
    (Cause.FIGURES_STOPPED, {"alarms": [], "count": 1}, "verdict on domain health is too old"),
    (Cause.GHL_DOWN, {"failures": 3}, "3 calls in a row failed"),
    (Cause.UNCERTAIN, {"count": 1, "alarms": []}, "1 email may or may not have been sent."),
    (Cause.SENDS_FAILING, {"count": 1, "alarms": ["ghl:refusing"]}, "1 alarm is open: ghl:refus"),
    (Cause.DOMAIN_HEALTH, {"score": 61}, "The score is 61 of 100."),
    (Cause.DOMAIN_HEALTH, {"score": None, "alarms": ["a"], "count": 1}, "1 alarm is open: a."),
    (
        Cause.AUTHENTICATION,
        {"count": 1, "alarms": ["guardrail:authentication"]},
        "1 alarm is open: safety limit “SPF, DKIM, DMARC”.",
    ),
    (Cause.SILENT_SOURCE, {"since": "2026-03-02T10:00:00+00:00", "due": 6.6}, "About 7 were due"),
    (Cause.SILENT_SOURCE, {"since": "", "alarms": ["rb2b:silent"], "count": 1}, "rb2b:silent"),
    (Cause.ENRICHMENT_STALLED, {"alarms": ["clay:breaker"], "count": 1}, "clay:breaker"),
    (
        Cause.ENRICHMENT_RATE,
        {"value": 0.2, "threshold": 0.3, "sample": 50},
        "20.0 % of 50 requests gained a field; at least 30 % must.",
    ),
    (
        Cause.APPROVAL_LATENCY,
        {"value": 5.25, "threshold": 4, "sample": 20},
        "5.2 business hours on average over 20 decisions; under 4 must be.",
    ),
    (Cause.APPROVALS_AGEING, {"overdue": 5, "waiting": 6, "late_minutes": 30}, "5 of 6 waiting"),
    (Cause.TOKEN_EXPIRING, {"hours": 30}, "It ends in 1\u00a0d 6\u00a0h."),
    (Cause.TOKEN_EXPIRING, {"attempts": 3, "refresh_days": 300}, "3 renewals in a row failed."),
    (Cause.TOKEN_EXPIRING, {"attempts": 0, "refresh_days": 1}, "The refresh token ends in 1 day."),
    (Cause.CLOCKS_APART, {"seconds": -42}, "It is 42\u00a0s behind this server's clock."),
    (Cause.CLAY_BUDGET, {"used": 45_001}, "45,001 submissions"),
    (
        Cause.REPLY_RATE,
        {"answered": 2, "people": 99, "since": "x", "healthy": 0.07, "level": 6, "alarm": 5.5},
        "2 of 99 people",
    ),
]


@pytest.mark.parametrize(("cause", "numbers", "said"), SPOKEN)
def test_evidence_is_said_in_words(cause: Cause, numbers: dict[str, Any], said: str) -> None:
    assert said in incident_words.evidence_words(cause, numbers)
    assert incident_words.evidence_words(cause, {"of": "an older version"}) == "" or (
        cause in (Cause.FIGURES_STOPPED,)
    )


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_says_what_was_done_and_what_to_do(cause: Cause) -> None:
    for action in Action:
        text = incident_words.incident_text(cause, "", action, {})
        assert text.done.endswith(".") and text.next.endswith((".", "?"))
        assert text.notice.startswith(f"{cause.label}. ")


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ({"action": "shed_low", "shed": 1, "until": "2026-03-03T13:00:00+00:00"}, "1 LOW em"),
        ({"action": "test_proposed", "proposed": "warm"}, "for the template “warm”"),
        ({"action": "test_proposed", "proposed": ""}, "No subject of ours fits"),
        ({"action": "rested", "until": "2026-03-03T13:00:00+00:00"}, "Sending rests until"),
        ({"action": "told"}, ""),
    ],
)
def test_actions_say_what_they_brought(numbers: dict[str, Any], said: str) -> None:
    words = incident_words.acted_words(numbers)
    assert said in words and bool(words) is bool(said)


@pytest.mark.parametrize(
    ("subject", "said"),
    [("rb2b", "RB2B"), ("key:abc", "API key abc…"), ("spool:x", "spool:x"), ("", "")],
)
def test_subjects(subject: str, said: str) -> None:
    assert incident_words.subject_words(subject) == said
