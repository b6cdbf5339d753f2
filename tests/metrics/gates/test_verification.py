"""A record that was changed is found, and each verdict runs again from its own counts."""

import json
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from caio_project.lib.db import append_only
from metrics.gates import gate_evaluation, verification
from metrics.gates.gate import Comparison, Gate, Scope, Threshold, Unit
from metrics.gates.gate_evaluation import evaluate_gates, record_evaluation
from metrics.gates.gate_words import read_stored_gate
from metrics.models import GateEvaluation
from outreach.models import ControlChange, Message, Reply
from tests import factories

pytestmark = pytest.mark.django_db


def emailed(people: int, answered: int) -> None:
    """So many people ten days ago; the phase has been assisted for a month."""
    at = timezone.now() - timedelta(days=10)
    factories.create_many_held(people)
    messages = list(Message.objects.filter(status="held"))
    Message.objects.update(status="sent", transport="ghl", sent_at=at)
    for message in messages[:answered]:
        Reply.objects.create(
            ghl_message_id=f"r{message.pk}", lead=message.lead, received_at=at, source="poll",
            sorted_as="question",
        )  # fmt: skip
    since = timezone.now() - timedelta(days=30)
    ControlChange.objects.create(what="phase", before="parallel", after="assisted", at=since)


def tampered(row: GateEvaluation, **changes: Any) -> None:
    """Change a row as somebody with the database's password could."""
    with connection.schema_editor() as editor:
        append_only.allow_changes(editor, "metrics_gateevaluation")
    GateEvaluation.objects.filter(pk=row.pk).update(**changes)


def problems() -> list[tuple[int, str]]:
    return [(one.evaluation, one.text) for one in verification.verify_evaluations().problems]


@pytest.mark.parametrize(("people", "answered"), [(0, 0), (210, 10), (210, 16), (210, 40)])
@pytest.mark.parametrize("target", ["assisted", "autonomous"])
def test_what_was_recorded_holds(people: int, answered: int, target: str) -> None:
    emailed(people, answered)
    for _ in range(2):
        record_evaluation(evaluate_gates(target))
    found = verification.verify_evaluations()
    assert (found.checked, found.rerun, found.problems) == (2, 2, ())


def test_a_verdict_is_run_again_from_the_counts() -> None:
    emailed(210, 40)
    row = record_evaluation(evaluate_gates("autonomous"))
    stored = next(gate for gate in row.gates if gate["name"] == "reply rate, sustained")
    gate = read_stored_gate(json.loads(json.dumps(stored)))
    assert verification.verdict_again(gate) == stored["verdict"] == "fail"  # no one in one half
    gate.raw["second_half"] = gate.raw["first_half"] = [20, 105]
    assert verification.verdict_again(gate) == "pass"
    gate.raw["strongest_weeks"] = []
    assert verification.verdict_again(gate) == "insufficient"


class TestChangedRows:
    @pytest.fixture
    def rows(self, transactional_db: None, flushable: None) -> Iterator[list[GateEvaluation]]:
        gate_evaluation.phase.current_control()
        yield [record_evaluation(evaluate_gates("assisted")) for _ in range(3)]
        with connection.schema_editor() as editor:  # the next test is guarded again
            append_only.allow_changes(editor, "metrics_gateevaluation")
            append_only.forbid_changes(editor, "metrics_gateevaluation")

    def test_a_better_verdict_is_found(self, rows: list[GateEvaluation]) -> None:
        gates = [{**gate, "verdict": "pass"} for gate in rows[1].gates]
        tampered(rows[1], gates=gates, verdict="pass")
        found = [text for number, text in problems() if number == rows[1].pk]
        assert found[0] == "what it says is not what was recorded: its hash differs"
        assert "reply rate: it says pass, its counts say insufficient" in found

    def test_a_better_verdict_with_a_hash_of_its_own_is_found(
        self, rows: list[GateEvaluation]
    ) -> None:
        changed = rows[1]
        changed.verdict = "pass"
        tampered(changed, verdict="pass", sha256=gate_evaluation.content_hash(changed))
        assert problems() == [
            (rows[1].pk, "it says pass, its gates say insufficient"),
            (
                rows[2].pk,
                "it does not follow the evaluation before it: one was taken out, put in or changed",
            ),
        ]

    def test_a_missing_one_is_found(self, rows: list[GateEvaluation]) -> None:
        with connection.schema_editor() as editor:
            append_only.allow_changes(editor, "metrics_gateevaluation")
        GateEvaluation.objects.filter(pk=rows[1].pk)._raw_delete("default")
        assert [number for number, _ in problems()] == [rows[2].pk]

    def test_the_command_names_it_and_exits_1(self, rows: list[GateEvaluation]) -> None:
        out = StringIO()
        with pytest.raises(SystemExit) as end:
            call_command("verify_evaluations", "--json", stdout=out)
        assert (end.value.code, json.loads(out.getvalue())["checked"]) == (0, 3)
        tampered(rows[0], verdict="pass")
        out = StringIO()
        with pytest.raises(SystemExit) as end:
            call_command("verify_evaluations", stdout=out)
        assert end.value.code == 1 and "its hash differs" in out.getvalue()


def test_rows_of_older_versions_are_chained_and_not_run_again() -> None:
    row = GateEvaluation(
        target="assisted", verdict="insufficient", gates=[{"name": "x"}], metric_version="2",
        policy_version="1", before="",
    )  # fmt: skip
    row.sha256 = gate_evaluation.content_hash(row)
    row.save()
    found = verification.verify_evaluations()
    assert (found.checked, found.rerun, found.problems) == (1, 0, ())


def test_growth_that_the_version_before_rounded_is_run_again_as_it_was() -> None:
    over = Threshold(Comparison.AT_LEAST, 0.20, Unit.SHARE, Scope.OVER_BASELINE)
    raw = {"value": 180_000.0, "baseline": 150_000.0}
    gate = Gate("pipeline value", (over,), needed=1, window="", sample=1, raw=raw)
    assert verification.verdict_again(gate, "3") == "fail"
    assert verification.verdict_again(gate, "4") == "pass"


class TestNumberOnRecord:
    def test_the_same_verdicts_on_one_day_are_one_row(self) -> None:
        first = gate_evaluation.recorded_evaluation(evaluate_gates("assisted"))
        assert gate_evaluation.recorded_evaluation(evaluate_gates("assisted")) == first
        emailed(210, 10)
        other = gate_evaluation.recorded_evaluation(evaluate_gates("assisted"))
        assert other.pk > first.pk and GateEvaluation.objects.count() == 2
        assert gate_evaluation.recorded_evaluation(evaluate_gates("autonomous")).pk > other.pk
