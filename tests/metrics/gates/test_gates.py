"""Gates from real rows: no data is never a pass, and a pass needs seven days."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from approvals.decisions import decisions
from caio_project.lib import statistics
from leads.models import Enrichment, Lead
from metrics.gates import gate_evaluation, parallel_checks
from metrics.gates.gate import Gate
from metrics.gates.gate_measures import GATES
from metrics.gates.gate_words import reason_text
from metrics.models import GateEvaluation
from outreach.choices import Phase, Status, Transport
from outreach.guardrails import guardrails
from outreach.lifecycle.moves import move_message
from outreach.models import DailySlots, Message, SendIntent, SyncCursor
from tests import factories
from tests.races.conftest import at_once

pytestmark = pytest.mark.django_db


def gate(name: str, target: str = "assisted") -> Gate:
    return next(gate for gate in gate_evaluation.evaluate_gates(target).gates if gate.name == name)


def settled(
    lead: Lead,
    gained: list[str],
    outcome: str = "answered",
    after: timedelta = timedelta(seconds=20),
) -> None:
    now = timezone.now()
    Enrichment.objects.create(
        lead=lead,
        state="settled",
        outcome=outcome,
        gained=gained,
        created_at=now - after,
        settled_at=now,
        answered_at=now if outcome in ("answered", "late") else None,
    )


@pytest.mark.parametrize("target", ["assisted", "autonomous"])
def test_an_empty_database_passes_nothing(target: str) -> None:
    evaluation = gate_evaluation.evaluate_gates(target)
    assert evaluation.verdict == "insufficient"
    assert [gate.verdict for gate in evaluation.gates] == ["insufficient"] * 6
    assert all(reason_text(gate) for gate in evaluation.gates)


class TestEnrichmentRate:
    def test_counts_timely_gains_and_names_the_missing(self) -> None:
        lead = factories.LeadFactory()
        settled(lead, ["title"])
        settled(lead, ["company.industry"], outcome="late", after=timedelta(hours=25))
        settled(lead, ["email"])  # not verified
        settled(lead, [], outcome="partial")
        settled(lead, [], outcome="skipped")
        settled(factories.LeadFactory(test=True), ["title"])
        found = gate("enrichment rate")
        assert (found.sample, found.raw["gained"], found.value) == (4, 1, 0.25)
        assert (found.verdict, reason_text(found)) == (
            "insufficient",
            "about 46 more settled requests",
        )
        assert found.interval == pytest.approx(statistics.wilson_interval(1, 4))

    def test_below_the_threshold_fails(self) -> None:
        lead = factories.LeadFactory()
        for n in range(50):
            settled(lead, ["title"] if n < 14 else [])
        assert (gate("enrichment rate").verdict, gate("enrichment rate").met) == ("fail", False)

    def test_above_the_threshold_passes_after_seven_days(self) -> None:
        start = timezone.now() - timedelta(days=7)
        verdicts = []
        with time_machine.travel(start, tick=False) as clock:
            lead = factories.LeadFactory()
            for _ in range(50):
                settled(lead, ["title"])
            for _ in range(7):
                verdicts.append(gate("enrichment rate").verdict)
                assert gate_evaluation.record_daily_evaluation()
                assert not gate_evaluation.record_daily_evaluation()
                clock.shift(timedelta(days=1))
        assert verdicts == ["insufficient"] * 6 + ["pass"]

    def test_days_of_the_metric_version_before_count_on(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with time_machine.travel(timezone.now() - timedelta(days=7), tick=False) as clock:
            for _ in range(50):
                settled(factories.LeadFactory(), ["title"])
            for version in ("2", *"333333"):
                monkeypatch.setattr(gate_evaluation, "METRIC_VERSION", version)
                gate_evaluation.record_daily_evaluation()
                clock.shift(timedelta(days=1))
            monkeypatch.undo()
            assert reason_text(gate("enrichment rate")) == "met on 7 days in a row"

    def test_one_bad_day_starts_the_count_again(self) -> None:
        with time_machine.travel(timezone.now() - timedelta(days=9), tick=False) as clock:
            lead = factories.LeadFactory()
            for day in range(8):
                if day != 3:
                    for _ in range(50 if day == 0 else 0):
                        settled(lead, ["title"])
                else:
                    Enrichment.objects.update(gained=[])
                gate_evaluation.record_daily_evaluation()
                Enrichment.objects.update(gained=["title"])
                clock.shift(timedelta(days=1))
            assert reason_text(gate("enrichment rate")) == "met on 5 of 7 days in a row"


class TestSendErrors:
    def sent(self, count: int, outcome: str = "sent") -> None:
        for _ in range(count):
            message = factories.held_email()
            SendIntent.objects.create(
                message=message,
                transport=Transport.GHL,
                phase="parallel",
                day=timezone.now().date(),
                domain="x.test",
                claimed_at=timezone.now(),
                outcome=outcome,
            )

    def failed(self, why: str) -> None:
        message = factories.held_email()
        Message.objects.filter(pk=message.pk).update(status="sending", transport="ghl")
        message.refresh_from_db()
        move_message(message, Status.FAILED, why)

    def uncertain(self) -> Message:
        message = factories.held_email()
        Message.objects.filter(pk=message.pk).update(status="sending", transport="ghl")
        message.refresh_from_db()
        return move_message(message, Status.UNCERTAIN, "uncertain", uncertain_at=timezone.now())

    def test_nothing_sent_is_no_evidence(self) -> None:
        assert (
            reason_text(gate("send errors")) == "about 30 more sends, 2 days at today's cap of 25"
        )

    @pytest.mark.parametrize("outcome", ["not_sent", "refused"])
    def test_claims_of_which_nothing_left_are_no_evidence(self, outcome: str) -> None:
        self.sent(30, outcome)
        DailySlots.objects.create(day=timezone.now().date(), used=0)
        found = gate("send errors")
        assert (found.verdict, found.sample) == ("insufficient", 0)
        daily = parallel_checks.check_parallel_phase(gate_evaluation.evaluate_gates("assisted"))[5]
        assert (daily.name, daily.text) == ("daily limit enforced", "nothing was sent yet")

    def test_days_of_an_outage_hide_no_earlier_error(self) -> None:
        with time_machine.travel(timezone.now() - timedelta(days=5)):
            self.sent(30)
            self.failed("refused")
        for ago in (1, 0):
            with time_machine.travel(timezone.now() - timedelta(days=ago)):
                self.sent(15, "not_sent")
        assert gate("send errors").verdict == "fail"

    def test_thirty_without_error_pass(self) -> None:
        self.sent(30)
        assert (gate("send errors").verdict, reason_text(gate("send errors"))) == (
            "pass",
            "met today",
        )

    def test_too_few_on_two_days_take_earlier_days_at_most_seven(self) -> None:
        self.sent(7)
        today = timezone.now().date()
        for number, row in enumerate(SendIntent.objects.order_by("pk")):
            SendIntent.objects.filter(pk=row.pk).update(day=today - timedelta(days=number))
        assert gate("send errors").sample == 7
        self.sent(29)
        assert gate("send errors").sample == 31  # today's 30 and yesterday's
        self.sent(8)
        SendIntent.objects.filter(pk__gte=SendIntent.objects.order_by("-pk")[7].pk).update(
            day=today - timedelta(days=9)
        )
        assert gate("send errors").sample == 31

    def test_an_error_before_the_days_that_count_is_over(self) -> None:
        with time_machine.travel(timezone.now() - timedelta(days=12)):
            self.failed("refused")
        self.sent(30)
        intents = SendIntent.objects.order_by("pk")
        SendIntent.objects.filter(pk__in=[row.pk for row in intents[:10]]).update(
            day=timezone.now().date() - timedelta(days=5)
        )
        assert gate("send errors").verdict == "pass"

    def test_an_address_at_fault_is_not_our_error(self) -> None:
        self.sent(30)
        for why in ("dnd", "unsubscribed", "invalid"):
            self.failed(why)
        assert gate("send errors").met

    def test_one_own_refusal_fails_at_low_volume(self) -> None:
        self.failed("refused")
        found = gate("send errors")
        assert (found.verdict, reason_text(found)) == (
            "fail",
            "1 failed, 0 uncertain for over 15 min",
        )

    def test_an_uncertain_one_counts_after_fifteen_minutes(self) -> None:
        self.sent(30)
        message = factories.held_email()
        Message.objects.filter(pk=message.pk).update(
            status="uncertain", uncertain_at=timezone.now() - timedelta(minutes=14)
        )
        assert gate("send errors").met
        Message.objects.filter(pk=message.pk).update(
            uncertain_at=timezone.now() - timedelta(minutes=16)
        )
        assert gate("send errors").verdict == "fail"

    def test_one_settled_after_hours_counts_as_the_guardrail_counts_it(self) -> None:
        self.sent(30)
        with time_machine.travel(timezone.now() - timedelta(hours=5)) as clock:
            late, soon = self.uncertain(), self.uncertain()
            clock.shift(timedelta(minutes=14))
            move_message(soon, Status.SENT, "found_at_ghl", sent_at=timezone.now())
            clock.shift(timedelta(hours=4))
            assert gate("send errors").raw["uncertain"] == 1
            move_message(late, Status.SENT, "found_at_ghl", sent_at=timezone.now())

        found = gate("send errors")

        assert (found.verdict, found.raw["uncertain"]) == ("fail", 1)
        assert [one.arguments["count"] for one in guardrails.current_breaches()
                if one.guardrail == "send_errors"] == [1]  # fmt: skip

    def test_one_uncertain_since_before_the_sending_days_counts(self) -> None:
        with time_machine.travel(timezone.now() - timedelta(days=12)):
            self.uncertain()
        self.sent(30)
        assert gate("send errors").raw["uncertain"] == 1


class TestApprovalLatency:
    def decide(self, user: User | None, held_ago: timedelta) -> None:
        message = factories.held_email()
        Message.objects.filter(pk=message.pk).update(held_at=timezone.now() - held_ago)
        message.refresh_from_db()
        decisions.approve(message, 1, decisions.Decider(user, "desk"))

    def test_is_measured_in_business_hours(self, ghl: object, reviewer: User) -> None:
        # Monday 10:00 in New York; held on Friday at 17:00
        with time_machine.travel("2026-11-16T15:00:00+00:00", tick=False):
            for _ in range(20):
                self.decide(reviewer, timedelta(hours=65))
            found = gate("approval latency")
        assert (found.value, found.sample, found.met) == (pytest.approx(3.0), 20, True)
        assert found.raw["wall_clock"]["mean"] == pytest.approx(65.0)

    def test_sandbox_and_nameless_decisions_are_no_evidence(self, reviewer: User) -> None:
        self.decide(reviewer, timedelta(hours=1))  # the sandbox
        assert gate("approval latency").sample == 0

    def test_a_key_without_a_user_is_no_evidence(self, ghl: object) -> None:
        self.decide(None, timedelta(hours=1))
        assert gate("approval latency").sample == 0


class TestConnectivity:
    def test_says_what_was_not_seen(self) -> None:
        factories.held_email()
        found = gate("pipeline connectivity")
        assert found.verdict == "insufficient"
        assert (
            reason_text(found)
            == "not seen: received, lead, enrichment settled, decided, sent, sync polled"
        )
        assert (found.sample, found.needed) == (3, 9)

    @pytest.mark.parametrize(
        ("polled", "counts"),
        [("2026-11-13T04:59", 0), ("2026-11-13T05:01", 1), ("2026-11-15T20:00", 1)],
    )
    def test_on_a_monday_friday_and_the_days_since_count(self, polled: str, counts: int) -> None:
        SyncCursor.objects.create(name="emails", polled_at=f"{polled}:00+00:00", error="oops")
        with time_machine.travel("2026-11-16T14:00:00+00:00", tick=False):
            assert gate("pipeline connectivity").raw["sync polled"] == counts


class TestRecord:
    def test_evaluations_are_chained_by_hash(self) -> None:
        first, second = (
            gate_evaluation.record_evaluation(gate_evaluation.evaluate_gates("assisted"))
            for _ in range(2)
        )
        assert (first.before, second.before) == ("", first.sha256)
        assert first.sha256 != second.sha256

    def test_an_evaluation_into_one_phase_leaves_the_other_due(self) -> None:
        gate_evaluation.record_evaluation(gate_evaluation.evaluate_gates("autonomous"))

        assert gate_evaluation.record_daily_evaluation()

        targets = GateEvaluation.objects.order_by("pk").values_list("target", flat=True)
        assert list(targets) == ["autonomous", "assisted"]

    def test_two_workers_record_a_day_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        measure, other_worker = gate_evaluation.evaluate_gates, []

        def overtaken(target: str, now: datetime) -> Any:
            if not other_worker:
                other_worker.append(True)
                gate_evaluation.record_daily_evaluation(now)
            return measure(target, now)

        monkeypatch.setattr(gate_evaluation, "evaluate_gates", overtaken)

        assert not gate_evaluation.record_daily_evaluation()
        assert GateEvaluation.objects.count() == 2

    @pytest.mark.postgres
    @pytest.mark.usefixtures("committed")
    def test_two_workers_at_one_moment_record_a_day_once(self) -> None:
        found = at_once(*[gate_evaluation.record_daily_evaluation] * 2)
        assert True in found and GateEvaluation.objects.count() == 2

    def test_an_evaluation_cannot_be_changed(self) -> None:
        row = gate_evaluation.record_evaluation(gate_evaluation.evaluate_gates("assisted"))
        with pytest.raises(TypeError):
            row.save()

    def test_evaluating_writes_nothing(self) -> None:
        gate_evaluation.evaluate_gates("assisted")
        assert GateEvaluation.objects.count() == 0


def test_gates_lead_into_two_phases() -> None:
    assert list(GATES) == [Phase.ASSISTED, Phase.AUTONOMOUS]


class TestForPages:
    def test_an_evaluation_is_kept_for_a_minute(self) -> None:
        with time_machine.travel("2026-11-02 15:00:10+00:00", tick=False) as clock:
            first = gate_evaluation.recent_evaluation("assisted")
            settled(factories.LeadFactory(), ["title"])
            clock.shift(59)
            assert gate_evaluation.recent_evaluation("assisted") == first
            assert gate_evaluation.evaluate_gates("assisted").gates[0].sample == 1
            clock.shift(2)
            later = gate_evaluation.recent_evaluation("assisted")
            assert (later.at - first.at, later.gates[0].sample) == (timedelta(seconds=61), 1)

    def test_kept_evaluations_are_by_target_until_recorded(self) -> None:
        first = gate_evaluation.recent_evaluation("assisted")
        assert gate_evaluation.recent_evaluation("autonomous").target == "autonomous"
        gate_evaluation.record_evaluation(gate_evaluation.evaluate_gates("assisted"))
        assert gate_evaluation.recent_evaluation("assisted").at > first.at

    def test_pages_show_the_kept_evaluation_and_its_time(
        self, client: Client, viewer: User
    ) -> None:
        client.force_login(viewer)
        at = gate_evaluation.recent_evaluation("assisted").at
        settled(factories.LeadFactory(), ["title"])
        for path in ("/sales", "/sales/phase"):
            page = client.get(path).content.decode()
            assert f'As of <time datetime="{at.isoformat()}">' in page
            assert "about 50 more settled requests" in page
