"""The words for thresholds and reasons, and the gates of rows stored before there were codes."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from metrics.gates import gate_evaluation
from metrics.gates.gate import (
    Comparison,
    Gate,
    Reason,
    ReasonCode,
    SampleUnit,
    Scope,
    Threshold,
    Unit,
)
from metrics.gates.gate_words import (
    reason_text,
    reason_words,
    stored_gate_texts,
    threshold_text,
    threshold_words,
)
from metrics.models import GateEvaluation
from outreach.choices import Phase

SHARE_7 = Threshold(Comparison.AT_LEAST, 0.07, Unit.SHARE)
OLDER_GATE = {
    "name": "enrichment rate",
    "threshold": ">= 30 %",
    "needed": 50,
    "window": "14 days",
    "value": 0.5,
    "unit": "share",
    "interval": [0.4, 0.6],
    "sample": 60,
    "met": True,
    "verdict": "insufficient",
    "why": "met on 1 of 7 days in a row",
    "raw": {"settled": 60, "gained": 30},
}


def demands(*thresholds: Threshold) -> Gate:
    return Gate("any", thresholds, 1, "")


def because(code: ReasonCode, **arguments: object) -> Gate:
    return Gate("any", (SHARE_7,), 1, "", reason=Reason(code, arguments))


@pytest.mark.parametrize(
    ("gate", "text", "words"),
    [
        (demands(SHARE_7), ">= 7 %", "at least 7\u00a0%"),
        (
            demands(
                Threshold(Comparison.AT_LEAST, 0.08, Unit.SHARE),
                Threshold(Comparison.AT_LEAST, 0.07, Unit.SHARE, Scope.EACH_HALF),
            ),
            ">= 8 %, >= 7 % in each half",
            "at least 8\u00a0%, at least 7\u00a0% in each half",
        ),
        (
            demands(
                Threshold(Comparison.AT_LEAST, 0.2, Unit.SHARE, Scope.OVER_BASELINE),
                Threshold(Comparison.AT_LEAST, 180_000, Unit.DOLLARS),
            ),
            ">= 20 % over the baseline and >= $180,000",
            "at least 20\u00a0% over the baseline and at least $180,000",
        ),
        (
            demands(Threshold(Comparison.UNDER, 4, Unit.HOURS, Scope.MEAN)),
            "< 4 h mean",
            "under 4\u00a0h mean",
        ),
        (
            demands(Threshold(Comparison.OVER, 70, Unit.DOMAIN_SCORE, Scope.EVERY_DAY)),
            "> 70 every day",
            "over 70 every day",
        ),
        (demands(Threshold(Comparison.EXACTLY, 0, Unit.ERRORS)), "0", "0"),
        (demands(Threshold(Comparison.AT_LEAST, 9, Unit.STAGES)), "every stage", "every stage"),
        (demands(Threshold(Comparison.AT_LEAST, 14, Unit.DAYS)), ">= 14 days", "at least 14 days"),
        (
            demands(Threshold(Comparison.AT_LEAST, 3.5, Unit.QUALITY_SCORE)),
            ">= 3.5 of 5",
            "at least 3.5 of 5",
        ),
        (
            demands(Threshold(Comparison.AT_LEAST, 1, Unit.PERSONS)),
            "a named person",
            "a named person",
        ),
    ],
)
def test_thresholds_in_signs_and_in_words(gate: Gate, text: str, words: str) -> None:
    assert (threshold_text(gate), threshold_words(gate)) == (text, words)


@pytest.mark.parametrize(
    ("gate", "words"),
    [
        (
            because(
                ReasonCode.SAMPLE_TOO_SMALL, left=46, of=SampleUnit.SETTLED_REQUESTS, per_day=0
            ),
            "about 46 more settled requests",
        ),
        (
            because(ReasonCode.SAMPLE_TOO_SMALL, left=26, of=SampleUnit.PEOPLE_EMAILED, per_day=25),
            "about 26 more people emailed, 2 days at today's cap of 25",
        ),
        (
            because(ReasonCode.SAMPLE_TOO_SMALL, left=25, of=SampleUnit.SENDS, per_day=25),
            "about 25 more sends, 1 day at today's cap of 25",
        ),
        (because(ReasonCode.THRESHOLD_MISSED), "the threshold is >= 7 %"),
        (because(ReasonCode.MET_ON_DAYS, days=8), "met on 8 days in a row"),
        (because(ReasonCode.MET_ON_TOO_FEW_DAYS, days=3, of=7), "met on 3 of 7 days in a row"),
        (because(ReasonCode.STAGES_NOT_SEEN, stages=["lead", "sent"]), "not seen: lead, sent"),
        (
            because(ReasonCode.SENDS_FAILED, failed=1, uncertain=0),
            "1 failed, 0 uncertain for over 15 min",
        ),
        (
            because(
                ReasonCode.EVIDENCE_TOO_WEAK,
                evidence=7.44,
                enough=20,
                left=375,
                of=SampleUnit.PEOPLE_EMAILED,
                per_day=25,
            ),
            "evidence 7.4 of 20; about 375 more people emailed at today's rate, 15 sending days at "
            "today's cap of 25",
        ),
        (
            because(ReasonCode.EVIDENCE_TOO_WEAK, evidence=0.3, enough=20, left=0, per_day=25),
            "evidence 0.3 of 20; at today's rate it will not be reached",
        ),
        (
            because(ReasonCode.EVIDENCE_ENOUGH, evidence=23.1, enough=20, day="2026-05-03"),
            "evidence 23.1 of 20, reached by 2026-05-03",
        ),
        (
            because(ReasonCode.SIGN_OFF_OUTDATED, by="lena", evaluation=7, gates=["reply rate"]),
            "lena signed evaluation 7; since then it no longer holds: reply rate",
        ),
        (demands(SHARE_7), ""),
    ],
)
def test_reasons_in_words(gate: Gate, words: str) -> None:
    assert (reason_words(gate), reason_text(gate)) == (words, words)


def test_what_cannot_be_measured_is_named_insufficient() -> None:
    gate = because(ReasonCode.NO_SIGN_OFF)

    assert reason_words(gate) == "nobody has signed off an evaluation"
    assert reason_text(gate) == "insufficient: nobody has signed off an evaluation"


@pytest.mark.parametrize("code", list(ReasonCode))
def test_every_reason_has_words(code: ReasonCode) -> None:
    arguments = {
        "left": 1,
        "of": SampleUnit.SENDS,
        "per_day": 1,
        "days": 1,
        "stages": [],
        "failed": 1,
        "uncertain": 1,
        "evidence": 7.4,
        "enough": 20,
        "day": "2026-05-03",
        "phase": "parallel",
        "by": "lena",
        "evaluation": 7,
        "gates": ["reply rate"],
        "collecting": 1,
        "unmeasured": 0,
        "unknown": {"spf": 2},
    }

    assert reason_words(because(code, **arguments))


@pytest.mark.parametrize(
    ("comparison", "met", "not_met"),
    [
        (Comparison.AT_LEAST, 5.0, 4.9),
        (Comparison.OVER, 5.1, 5.0),
        (Comparison.UNDER, 4.9, 5.0),
        (Comparison.EXACTLY, 5.0, 5.1),
    ],
)
def test_a_threshold_is_met_by_numbers(comparison: Comparison, met: float, not_met: float) -> None:
    threshold = Threshold(comparison, 5, Unit.HOURS)

    assert threshold.is_met_by(met)
    assert not threshold.is_met_by(not_met)
    assert not threshold.is_met_by(None)


@pytest.mark.django_db
class TestStoredGates:
    def test_rows_hold_codes_and_numbers(self) -> None:
        row = gate_evaluation.record_evaluation(gate_evaluation.evaluate_gates("assisted"))
        row.refresh_from_db()

        gate = row.gates[0]

        assert gate["thresholds"] == [
            {"comparison": "at_least", "value": 0.3, "unit": "share", "scope": ""}
        ]
        assert gate["reason"] == {
            "code": "sample_too_small",
            "arguments": {"left": 50, "of": "settled_requests", "per_day": 0},
        }

    @pytest.mark.parametrize("target", [Phase.ASSISTED, Phase.AUTONOMOUS])
    def test_stored_gates_read_as_they_were_measured(self, target: Phase) -> None:
        evaluation = gate_evaluation.evaluate_gates(target)
        row = gate_evaluation.record_evaluation(evaluation)
        row.refresh_from_db()

        texts = [stored_gate_texts(gate) for gate in row.gates]

        assert [(text["threshold"], text["why"]) for text in texts] == [
            (threshold_text(gate), reason_text(gate)) for gate in evaluation.gates
        ]

    def test_older_rows_read_as_they_are(self) -> None:
        assert stored_gate_texts(OLDER_GATE) == OLDER_GATE

    def test_older_rows_count_in_the_streak(self) -> None:
        with time_machine.travel("2026-11-02 15:00:10+00:00", tick=False):
            for days in range(1, 4):
                GateEvaluation.objects.create(
                    target="assisted",
                    at=timezone.now() - timedelta(days=days),
                    verdict="insufficient",
                    gates=[OLDER_GATE],
                    metric_version=gate_evaluation.METRIC_VERSION,
                    policy_version="1",
                    before="",
                    sha256=str(days),
                )

            streaks = gate_evaluation._met_streaks("assisted", timezone.now())

        assert streaks == {"enrichment rate": 3}

    def test_the_admin_shows_both_in_words(self, client: Client, admin_user: User) -> None:
        older = GateEvaluation.objects.create(
            target="assisted",
            verdict="insufficient",
            gates=[OLDER_GATE],
            metric_version="2",
            policy_version="1",
            before="",
            sha256="older",
        )
        newer = gate_evaluation.record_evaluation(gate_evaluation.evaluate_gates("assisted"))
        client.force_login(admin_user)

        pages = [
            client.get(f"/admin/metrics/gateevaluation/{row.pk}/change/").content.decode()
            for row in (older, newer)
        ]

        assert "met on 1 of 7 days in a row" in pages[0]
        assert "about 50 more settled requests" in pages[1]


def test_a_stored_gate_of_today_is_read_as_texts() -> None:
    threshold = {"comparison": "at_least", "value": 0.07, "unit": "share", "scope": ""}
    stored = {"name": "reply rate", "needed": 50, "window": "14 days", "reason": None}
    shown = stored_gate_texts({**stored, "thresholds": [threshold]})
    assert (shown["name"], shown["needed"]) == ("reply rate", 50)
    assert shown["threshold"] == threshold_text(demands(SHARE_7)) and "thresholds" not in shown
