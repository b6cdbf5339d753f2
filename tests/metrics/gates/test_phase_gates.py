"""Time in assisted, and a sign-off that is bound to what it signed."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone

from caio_project.lib import calendar
from metrics.gates import phase_gates
from metrics.gates.gate import Gate
from metrics.gates.gate_evaluation import evaluate_gates, record_evaluation
from metrics.gates.gate_words import reason_text
from metrics.models import Baseline, DomainDay, GateEvaluation, SignOff
from metrics.promotion import promotion
from outreach.choices import Phase
from outreach.control import phase
from outreach.models import Control

pytestmark = pytest.mark.django_db
TEXT = "I have read thirty of the emails and answer for the machine."


def in_phase(name: str, days: float = 0) -> None:
    Control.objects.filter(pk=phase.current_control().pk).update(
        phase=name, phase_since=timezone.now() - timedelta(days=days)
    )


def signed_gate() -> Gate:
    return phase_gates.sign_off(timezone.now())


@pytest.mark.parametrize(
    ("name", "days", "verdict", "why"),
    [
        ("parallel", 30, "insufficient", "the phase is parallel"),
        ("assisted", 0, "insufficient", "about 14 more days"),
        ("assisted", 13, "insufficient", "about 1 more days"),
        ("assisted", 13.99, "insufficient", "about 1 more days"),
        ("assisted", 14, "pass", "met today"),
        ("autonomous", 30, "insufficient", "the phase is autonomous"),
    ],
)
def test_fourteen_days_in_assisted(name: str, days: float, verdict: str, why: str) -> None:
    in_phase(name, days)
    found = evaluate_gates("autonomous").gates[0]
    assert (found.verdict, reason_text(found)) == (verdict, why)


def test_two_midnights_are_no_two_days() -> None:
    """From the first of June at 23:58 to the fifteenth at 00:01, by the clock of New York."""
    since = datetime(2026, 6, 2, 3, 58, tzinfo=UTC)
    Control.objects.filter(pk=phase.current_control().pk).update(
        phase="assisted", phase_since=since
    )
    found = phase_gates.time_in_assisted(datetime(2026, 6, 15, 4, 1, tzinfo=UTC))
    assert (found.value, found.verdict) == (13, "insufficient")
    assert phase_gates.time_in_assisted(since + timedelta(days=14)).met


class TestSignOff:
    @pytest.fixture
    def evaluation(self, db: None) -> GateEvaluation:
        in_phase("assisted", 20)
        return record_evaluation(evaluate_gates("autonomous"))

    def sign(self, number: Any, text: str = TEXT, by: str = "lena") -> str:
        out = StringIO()
        call_command(
            "sign_off", f"--evaluation={number}", f"--text={text}", f"--as={by}", stdout=out
        )
        return out.getvalue()

    def test_a_lead_signs_and_the_gate_names_them(
        self, evaluation: GateEvaluation, lead_user: User
    ) -> None:
        assert signed_gate().verdict == "insufficient"
        self.sign(evaluation.pk, by=lead_user.username)
        found = signed_gate()
        assert (found.verdict, reason_text(found)) == (
            "pass",
            f"{lead_user.username} signed evaluation {evaluation.pk}",
        )

    def test_it_is_over_after_seven_days(self, evaluation: GateEvaluation, lead_user: User) -> None:
        self.sign(evaluation.pk, by=lead_user.username)
        with time_machine.travel(timezone.now() + timedelta(days=7, minutes=1)):
            found = signed_gate()
            assert found.verdict == "insufficient" and "more than 7 days ago" in reason_text(found)

    def test_it_is_over_where_what_was_signed_no_longer_holds(
        self, evaluation: GateEvaluation, lead_user: User
    ) -> None:
        self.sign(evaluation.pk, by=lead_user.username)
        in_phase("assisted", 3)  # time in assisted passed, and does so no longer
        record_evaluation(evaluate_gates("autonomous"))
        found = signed_gate()
        assert found.verdict == "insufficient"
        assert reason_text(found).endswith("since then it no longer holds: time in assisted")

    @pytest.mark.parametrize(
        ("score", "is_standing"), [(None, True), (60, False)], ids=["not measured", "too low"]
    )
    def test_a_day_that_was_not_measured_does_not_end_it(
        self, lead_user: User, settings: Any, score: int | None, is_standing: bool
    ) -> None:
        settings.GHL_FROM_EMAIL = "alex@mail.ours.example.com"
        today = calendar.team_day(timezone.now(), settings.TEAM_TIME_ZONE)
        for ago in range(1, 15):
            DomainDay.objects.create(
                domain="mail.ours.example.com", day=today - timedelta(days=ago), score=95,
                spf="present", dkim="present", dmarc="present", measured_at=timezone.now(),
            )  # fmt: skip
        evaluation = record_evaluation(evaluate_gates("autonomous"))
        self.sign(evaluation.pk, by=lead_user.username)
        assert evaluation.gates[3]["verdict"] == "pass"

        DomainDay.objects.filter(day=today - timedelta(days=2)).update(score=score)
        record_evaluation(evaluate_gates("autonomous"))

        assert (signed_gate().verdict == "pass") is is_standing
        if not is_standing:
            assert reason_text(signed_gate()).endswith("it no longer holds: domain health")

    def test_it_is_over_where_the_person_may_no_longer_sign(
        self, evaluation: GateEvaluation, lead_user: User
    ) -> None:
        self.sign(evaluation.pk, by=lead_user.username)
        lead_user.groups.clear()
        assert "may no longer sign off" in reason_text(signed_gate())

    @pytest.mark.parametrize(
        ("number", "text", "why"),
        [
            (999_999, TEXT, "evaluation: there is none with the number 999999."),
            (-1, TEXT, "evaluation: there is none with the number -1."),
            (10**30, TEXT, "evaluation: there is none"),
            (None, "  ", "text: it is empty"),
        ],
    )
    def test_what_cannot_be_signed_is_refused(
        self, evaluation: GateEvaluation, lead_user: User, number: int | None, text: str, why: str
    ) -> None:
        with pytest.raises(CommandError, match=why):
            self.sign(number or evaluation.pk, text, lead_user.username)
        assert not SignOff.objects.exists()

    def test_one_into_assisted_and_an_old_one_are_refused(
        self, evaluation: GateEvaluation, lead_user: User
    ) -> None:
        other = record_evaluation(evaluate_gates("assisted"))
        with pytest.raises(CommandError, match="only one into autonomous"):
            self.sign(other.pk, by=lead_user.username)
        with (
            time_machine.travel(timezone.now() + timedelta(days=8)),
            pytest.raises(CommandError, match="older than 7 days"),
        ):
            self.sign(evaluation.pk, by=lead_user.username)
        assert not SignOff.objects.exists()

    def test_a_reviewer_may_not(self, evaluation: GateEvaluation, reviewer: User) -> None:
        with pytest.raises(CommandError, match=r"does not have metrics\.sign_off"):
            self.sign(evaluation.pk, by=reviewer.username)
        assert not SignOff.objects.exists()

    def test_no_override_replaces_it(self, evaluation: GateEvaluation, lead_user: User) -> None:
        more = {"by": lead_user, "override": True, "reason": "The board wants it before the fair."}
        with pytest.raises(promotion.NotPromoted, match="nobody has signed off"):
            promotion.promote_phase(Phase.AUTONOMOUS, **more)
        self.sign(evaluation.pk, by=lead_user.username)
        assert promotion.promote_phase(Phase.AUTONOMOUS, **more).phase == "autonomous"


class TestBaseline:
    def record(self, by: User, **fields: Any) -> None:
        given = {"emails": 847, "reply-rate": "6.5", "meetings": 12, "pipeline-value": 142_000}
        asked = [f"--{name}={value}" for name, value in {**given, **fields}.items()]
        call_command("record_baseline", *asked, f"--as={by.username}", stdout=StringIO())

    def test_the_newest_stands_and_earlier_ones_stay(self, lead_user: User) -> None:
        self.record(lead_user)
        self.record(lead_user, **{"pipeline-value": "150000.55"})
        rows = Baseline.objects.all()
        assert [str(row.pipeline_value) for row in rows] == ["150000.55", "142000.00"]

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("emails", "-1"), ("emails", "8.5"), ("emails", "many"), ("emails", "²"),
            ("reply-rate", "101"), ("reply-rate", "nan"), ("meetings", ""),
            ("pipeline-value", "-5"), ("pipeline-value", "1e30"), ("pipeline-value", "$5"),
        ],
    )  # fmt: skip
    def test_what_is_no_number_is_refused_by_its_name(
        self, lead_user: User, field: str, value: str
    ) -> None:
        with pytest.raises(CommandError, match=f"--{field}"):
            self.record(lead_user, **{field: value})
        assert not Baseline.objects.exists()

    def test_a_reviewer_may_not(self, reviewer: User) -> None:
        with pytest.raises(CommandError, match="does not have"):
            self.record(reviewer)
        assert not Baseline.objects.exists()
