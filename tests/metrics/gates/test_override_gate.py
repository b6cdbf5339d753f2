"""The override rate as a gate: insufficient without readings, and decided by evidence."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from approvals.models import Rereading, RereadingDraw, RereadingItem
from metrics.gates import gate_evaluation
from metrics.gates.gate import FAIL, INSUFFICIENT, PASS, Gate
from metrics.gates.gate_words import reason_text
from metrics.gates.override_gate import override_rate
from outreach.choices import Phase
from outreach.control import phase
from outreach.models import Message
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def assisted() -> None:
    phase.current_control()
    phase.change_phase(Phase.ASSISTED, by=None, reason="test")


def reread(reviewer: User, good: int, bad: int = 0, **changes: Any) -> None:
    now = timezone.now()
    draw = RereadingDraw.objects.create(
        day=now.date() + timedelta(days=RereadingDraw.objects.count()),
        seed="s", one_in=5, approved=good + bad, drawn=good + bad,
    )  # fmt: skip
    lead = factories.LeadFactory()
    for number in range(good + bad):
        message = Message.objects.create(lead=lead, status="sent", by_machine=True, band="low")
        fields = {"machine": True, "approved_at": now, "draw": draw} | changes
        item = RereadingItem.objects.create(message=message, version=1, **fields)
        judgement = "approve" if number >= bad else ("reject", "edit")[number % 2]
        Rereading.objects.create(
            item=item, judgement=judgement, by=reviewer, by_name="rita", at=now
        )


def gate() -> Gate:
    return override_rate(timezone.now())


def test_an_empty_database_is_insufficient() -> None:
    assert (gate().verdict, gate().value, gate().interval, gate().sample) == (
        INSUFFICIENT, None, None, 0,
    )  # fmt: skip
    assert reason_text(gate()) == "about 30 more emails re-read"


@pytest.mark.usefixtures("assisted")
class TestAssisted:
    def test_below_the_sample_is_insufficient(self, reviewer: User) -> None:
        reread(reviewer, 29)
        assert (gate().verdict, gate().sample) == (INSUFFICIENT, 29)
        assert reason_text(gate()) == "about 1 more emails re-read"

    def test_a_high_rate_fails(self, reviewer: User) -> None:
        reread(reviewer, 27, 3)
        assert (gate().verdict, gate().value) == (FAIL, 0.1)

    def test_a_low_rate_without_evidence_is_insufficient(self, reviewer: User) -> None:
        reread(reviewer, 28, 2)
        assert gate().verdict == INSUFFICIENT
        assert reason_text(gate()).startswith("evidence ")
        assert "more emails re-read at today's rate" in reason_text(gate())
        assert (gate().evidence or 0) < 20

    def test_it_passes_on_the_day_that_has_the_evidence(self, reviewer: User) -> None:
        reread(reviewer, 60, 1)
        assert gate().verdict == PASS and (gate().evidence or 0) >= 20
        low, high = gate().interval or (0, 0)
        assert low < 1 / 61 < high
        evaluated = gate_evaluation.evaluate_gates("autonomous")
        assert [one.verdict for one in evaluated.gates if one.name == "override rate"] == [PASS]

    @pytest.mark.parametrize("change", [{"draw": None}, {"machine": False}, {"fault": "no_footer"}])
    def test_what_chance_did_not_draw_is_no_evidence(
        self, change: dict[str, Any], reviewer: User
    ) -> None:
        reread(reviewer, 60, **change)
        assert (gate().verdict, gate().sample) == (INSUFFICIENT, 0)

    def test_what_nobody_read_is_no_approval(self, reviewer: User) -> None:
        reread(reviewer, 5)
        draw = RereadingDraw.objects.get()
        for _ in range(60):
            message = Message.objects.create(lead=factories.LeadFactory(), status="sent")
            RereadingItem.objects.create(
                message=message, version=1, machine=True, approved_at=timezone.now(), draw=draw
            )
        assert (gate().verdict, gate().sample, gate().raw["drawn"]) == (INSUFFICIENT, 5, 65)

    def test_it_begins_anew_with_the_phase(self, reviewer: User) -> None:
        reread(reviewer, 60)
        assert gate().verdict == PASS
        phase.change_phase(Phase.PARALLEL, by=None, reason="test")
        assert (gate().verdict, gate().sample) == (INSUFFICIENT, 0)
        phase.change_phase(Phase.ASSISTED, by=None, reason="test")
        assert (gate().verdict, gate().sample) == (INSUFFICIENT, 0)
