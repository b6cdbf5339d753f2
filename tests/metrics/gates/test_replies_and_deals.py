"""What came back, as gates and the overview count it."""

from datetime import timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone

from caio_project.lib import statistics
from caio_project.lib.models import Heartbeat
from caio_project.lib.words.clock_words import stamp_words
from caio_project.operations import diagnosis
from leads.inbound import events
from metrics.gates import gate_evaluation, verification
from metrics.gates.gate import Gate
from metrics.gates.gate_words import reason_text
from metrics.models import Baseline
from metrics.overview import flow
from outreach.models import ControlChange, Message, Opportunity, Reply, SyncCursor
from tests import factories

pytestmark = pytest.mark.django_db


def gate(name: str, target: str = "assisted") -> Gate:
    return next(gate for gate in gate_evaluation.evaluate_gates(target).gates if gate.name == name)


class TestReplyRate:
    """Two people answer out of so many; who counts as answering, and who as emailed."""

    def emailed(self, days: float = 10, **more: Any) -> Message:
        message = factories.held_email()
        at = timezone.now() - timedelta(days=days)
        Message.objects.filter(pk=message.pk).update(
            **{"status": "sent", "transport": "ghl", "sent_at": at, **more}
        )
        message.refresh_from_db()
        return message

    def answers(
        self, message: Message, kind: str = "question", days_later: float = 1, **more: Any
    ) -> None:
        at = message.sent_at + timedelta(days=days_later)
        fields = {"sorted_as": kind, "source": "poll", "received_at": at, **more}
        Reply.objects.create(
            ghl_message_id=f"{Reply.objects.count()}", lead=message.lead, message=message, **fields
        )

    def counted(self, name: str = "reply rate", target: str = "assisted") -> tuple[int, int]:
        raw = gate(name, target).raw
        return raw["answered"], raw["emailed"]

    @pytest.mark.parametrize(
        ("kind", "more", "counts"),
        [
            ("positive", {}, 1),
            ("negative", {}, 1),
            ("stop", {}, 0),
            ("out_of_office", {}, 0),
            ("out_of_office", {"corrected_to": "question"}, 1),
            ("question", {"corrected_to": "stop"}, 0),
            ("question", {"channel": "sms"}, 1),
        ],
    )
    def test_who_counts_as_having_answered(
        self, kind: str, more: dict[str, Any], counts: int
    ) -> None:
        self.answers(self.emailed(), kind, **more)
        assert self.counted() == (counts, 1)

    def test_a_person_counts_once_however_often_they_answer(self) -> None:
        message = self.emailed()
        for _ in range(3):
            self.answers(message)
        self.answers(self.emailed(), "positive", days_later=-1)  # before they were emailed
        assert self.counted() == (1, 2)

    @pytest.mark.parametrize(
        ("days", "more", "counts"),
        [
            (2.9, {}, 0),
            (3.1, {}, 1),
            (59.9, {}, 1),
            (60.1, {}, 0),
            (10, {"transport": "sandbox"}, 0),
            (10, {"transport": "history"}, 0),
            (10, {"status": "uncertain"}, 0),
            (10, {"kind": "test", "transport": "sandbox"}, 0),
        ],
    )
    def test_who_counts_as_emailed(self, days: float, more: dict[str, Any], counts: int) -> None:
        self.emailed(days, **more)
        assert self.counted() == (0, counts)

    def test_bounces_count_and_follow_ups_do_not(self) -> None:
        message = self.emailed()
        message.events.create(key="1", kind="bounced", source="poll", at=timezone.now())
        self.emailed(step=2, follows=message)
        assert self.counted() == (0, 1)

    def many(self, *groups: tuple[int, int, float]) -> None:
        """So many people, of whom so many answered, emailed so many days ago."""
        if not Message.objects.filter(status="held").exists():
            factories.create_many_held(sum(people for people, _, _ in groups))
        waiting = list(Message.objects.filter(status="held"))
        for people, answered, days in groups:
            group, waiting = waiting[:people], waiting[people:]
            at = timezone.now() - timedelta(days=days)
            Message.objects.filter(pk__in=[m.pk for m in group]).update(
                status="sent", transport="ghl", sent_at=at
            )
            Reply.objects.bulk_create(
                Reply(
                    ghl_message_id=f"r{m.pk}",
                    lead_id=m.lead_id,
                    received_at=at,
                    source="poll",
                    sorted_as="question",
                )
                for m in group[:answered]
            )

    @pytest.mark.parametrize(
        ("people", "answered", "verdict", "why"),
        [
            (0, 0, "insufficient", "about 200 more people emailed, 8 days at today's cap of 25"),
            (199, 199, "insufficient", "about 1 more people emailed, 1 day at today's cap of 25"),
            (200, 13, "fail", "the threshold is >= 7 %"),
            (200, 14, "insufficient", "evidence 1.0 of 20; about 1875 more people emailed at"
             " today's rate, 75 sending days at today's cap of 25"),
        ],
    )  # fmt: skip
    def test_the_sample_first_then_the_rate_then_the_evidence(
        self, people: int, answered: int, verdict: str, why: str
    ) -> None:
        self.many((people, answered, 10))
        found = gate("reply rate")
        assert (found.verdict, reason_text(found), found.sample) == (verdict, why, people)
        assert found.value == (pytest.approx(answered / people) if people else None)
        assert found.interval == statistics.wilson_interval(answered, people)

    def test_enough_evidence_passes_and_stays_through_worse_weeks(self) -> None:
        factories.create_many_held(750)
        self.many((125, 20, 40), (125, 20, 33))
        found = gate("reply rate")
        assert found.verdict == "pass" and found.evidence is not None and found.evidence > 20
        assert reason_text(found).startswith(f"evidence {found.evidence:.1f} of 20, reached by ")
        assert [week[1:] for week in found.weeks] == [(125, 20), (125, 20)]
        self.many((320, 0, 10))
        later = gate("reply rate")
        assert later.raw["evidence_today"] < found.evidence == later.evidence
        assert (later.verdict, later.value) == ("pass", pytest.approx(40 / 570))
        self.many((180, 0, 9))  # the rate of today is asked for as well
        assert gate("reply rate").verdict == "fail"

    def test_a_change_of_phase_begins_the_evidence_anew(self) -> None:
        self.many((125, 20, 40), (125, 20, 33))
        change = ControlChange.objects.create(what="phase", before="assisted", after="parallel")
        found = gate("reply rate")
        assert (found.evidence, found.weeks, found.sample) == (1, (), 250)
        assert found.raw["began"] == change.at.isoformat()

    def test_into_autonomous_it_begins_with_assisted(self) -> None:
        self.many((125, 20, 20), (125, 20, 10))
        assert gate("reply rate, sustained", "autonomous").evidence == 1
        ago = timezone.now() - timedelta(days=30)
        ControlChange.objects.create(what="phase", before="parallel", after="assisted", at=ago)
        found = gate("reply rate, sustained", "autonomous")
        assert (found.verdict, len(found.weeks)) == ("pass", 2)

    def test_imported_emails_are_no_evidence_and_say_how_much_weeks_differ(self) -> None:
        days = [200 + 7 * n for n in range(8)]
        self.many(*((50, 1 if n % 2 else 9, days[n]) for n in range(8)))
        Message.objects.filter(status="sent").update(transport="history")
        found = gate("reply rate")
        assert (found.evidence, found.weeks, found.sample) == (1, (), 0)
        assert found.raw["spread_seen"] > 0.6 == found.raw["rule"]["spread"]

    def test_weeks_of_more_than_a_year_before_say_nothing_of_the_spread(self) -> None:
        wild = ((50, 1 if n % 2 else 9, 600 + 7 * n) for n in range(8))
        self.many(*wild, *((50, 4, 200 + 7 * n) for n in range(8)))
        Message.objects.filter(status="sent").update(transport="history")
        assert gate("reply rate").raw["spread_seen"] < 0.3

    def test_a_person_emailed_first_twice_counts_once(self) -> None:
        message = self.emailed(20)
        again = self.emailed(10)
        Message.objects.filter(pk=again.pk).update(lead=message.lead)
        assert [week[1:] for week in gate("reply rate").weeks] == [(1, 0)]

    @pytest.mark.parametrize(
        ("first", "second", "met"), [(8, 8, True), (10, 6, False), (7, 7, False), (7, 9, True)]
    )
    def test_sustained_it_holds_in_each_half(self, first: int, second: int, met: bool) -> None:
        self.many((100, first, 25), (100, second, 10))
        found = gate("reply rate, sustained", "autonomous")
        assert (found.met, found.sample) == (met, 200)
        assert (found.raw["first_half"], found.raw["second_half"]) == ([first, 100], [second, 100])


class TestPipelineValue:
    def test_sums_open_deals_and_those_through_us(self, settings: Any, lead_user: User) -> None:
        settings.GHL_PIPELINE_ID = "pl_1"
        now = timezone.now()
        message = factories.held_email()
        Message.objects.filter(pk=message.pk).update(status="sent", transport="ghl", sent_at=now)
        rows = [
            ("open", "pl_1", 100_000, message.lead),
            ("open", "pl_1", 90_000.5, None),
            ("won", "pl_1", 7, None),
            ("open", "pl_2", 5, None),
            ("deleted", "pl_1", 3, None),
        ]
        for n, (status, pipeline, value, lead) in enumerate(rows):
            Opportunity.objects.create(
                ghl_id=f"{n}",
                status=status,
                pipeline_id=pipeline,
                value=value,
                lead=lead,
                opened_at=now,
                changed_at=now,
            )
        SyncCursor.objects.create(name="opportunities", polled_at=now)
        found = gate("pipeline value", "autonomous")
        assert (found.value, found.raw) == (
            190_000.5,
            {"value": 190_000.5, "through_us": 100_000.0, "deals": 2, "baseline": None},
        )
        assert (found.verdict, reason_text(found)) == (
            "insufficient",
            "insufficient: no baseline is recorded; record_baseline does it",
        )
        for baseline, verdict in ((142_000, "pass"), (160_000, "fail"), (0, "pass")):
            call_command(
                "record_baseline", "--emails=847", "--reply-rate=6.5", "--meetings=12",
                f"--pipeline-value={baseline}", f"--as={lead_user.username}", stdout=StringIO(),
            )  # fmt: skip
            assert gate("pipeline value", "autonomous").verdict == verdict
        Opportunity.objects.filter(value=100_000).update(value=80_000)
        assert gate("pipeline value", "autonomous").verdict == "fail"  # under $180,000

    @pytest.mark.parametrize(
        ("baseline", "value", "verdict"),
        [
            *((base, base * 6 // 5, "pass") for base in range(150_000, 250_000, 25_000)),
            ("150000.05", "180000.06", "pass"),
            ("150000.05", "180000.05", "fail"),
        ],
    )
    def test_exactly_20_percent_more_is_enough(
        self, settings: Any, lead_user: User, baseline: Any, value: Any, verdict: str
    ) -> None:
        settings.GHL_PIPELINE_ID = "pl_1"
        now = timezone.now()
        SyncCursor.objects.create(name="opportunities", polled_at=now)
        Baseline.objects.create(
            emails=1, reply_rate=1, meetings=1, pipeline_value=Decimal(baseline), by=lead_user
        )
        Opportunity.objects.create(
            ghl_id="1", status="open", pipeline_id="pl_1", value=Decimal(value), opened_at=now,
            changed_at=now,
        )  # fmt: skip

        evaluation = gate_evaluation.evaluate_gates("autonomous")

        found = next(one for one in evaluation.gates if one.name == "pipeline value")
        assert found.verdict == verdict
        gate_evaluation.record_evaluation(evaluation)
        assert verification.verify_evaluations().problems == ()

    @pytest.mark.parametrize(
        ("pipeline", "read_ago", "why"),
        [
            ("", 0, "GHL_PIPELINE_ID is not set"),
            ("pl_1", None, "opportunities were not read from GoHighLevel within the hour"),
            ("pl_1", 61, "opportunities were not read from GoHighLevel within the hour"),
        ],
    )
    def test_without_fresh_data_there_is_no_value(
        self, settings: Any, pipeline: str, read_ago: int | None, why: str
    ) -> None:
        settings.GHL_PIPELINE_ID = pipeline
        if read_ago is not None:
            at = timezone.now() - timedelta(minutes=read_ago)
            SyncCursor.objects.create(name="opportunities", polled_at=at)
        found = gate("pipeline value", "autonomous")
        assert (found.value, found.verdict, reason_text(found)) == (
            None,
            "insufficient",
            f"insufficient: {why}",
        )


class TestFlow:
    def stage(self, code: str) -> flow.Stage:
        return next(stage for stage in flow.flow_stages() if stage.code == code)

    def test_replies_and_meetings_of_today_are_counted(self) -> None:
        reply = factories.create_feedback(factories.held_email())
        automatic = factories.create_feedback(factories.held_email())
        Reply.objects.filter(pk=automatic.pk).update(sorted_as="out_of_office")
        automatic.lead.meetings.update(status="cancelled")
        assert (self.stage("replies").count, self.stage("meetings").count) == (1, 1)
        day = timezone.now() - timedelta(days=1)
        Reply.objects.filter(pk=reply.pk).update(noted_at=day)
        reply.lead.meetings.update(booked_at=day)
        assert (self.stage("replies").count, self.stage("meetings").count) == (0, 0)

    def test_waiting_webhooks_are_stuck_after_five_minutes(self) -> None:
        events.store_event("ghl", b"{}", received_at=timezone.now() - timedelta(minutes=6))
        events.store_event("ghl_workflow", b"{}")
        found = self.stage("replies")
        assert (found.waiting, found.is_stuck, self.stage("visits").waiting) == (2, True, 0)
        assert "replies" in flow.stuck_stages(timezone.now())[0]

    def test_in_the_sandbox_a_living_sweep_is_enough(self) -> None:
        assert not self.stage("replies").is_fresh
        Heartbeat.beat("outreach.sync_ghl")
        assert self.stage("replies").is_fresh and self.stage("meetings").is_fresh

    def test_only_lists_read_within_the_hour_are_fresh(self, ghl: Any) -> None:
        Heartbeat.beat("outreach.sync_ghl")
        assert not self.stage("replies").is_fresh
        for name, minutes in (("emails", 5), ("meetings", 61)):
            SyncCursor.objects.create(
                name=name, polled_at=timezone.now() - timedelta(minutes=minutes)
            )
        assert (self.stage("replies").is_fresh, self.stage("meetings").is_fresh) == (True, False)

    def test_the_overview_shows_them(self, client: Client, viewer: Any) -> None:
        factories.create_feedback(factories.held_email())
        client.force_login(viewer)
        page = client.get("/sales").content.decode()
        assert "Replies" in page and "Meetings" in page and "not built yet" not in page


class TestDiagnosis:
    def findings(self) -> dict[str, tuple[bool, str]]:
        return {
            one.name: (one.ok, one.text)
            for one in diagnosis.diagnose_stages()
            if one.name.startswith("reading")
        }

    def test_in_the_sandbox_there_is_nothing_to_read(self) -> None:
        assert self.findings() == {
            "reading GoHighLevel": (True, "in the sandbox there is nothing to read")
        }

    def test_every_polled_list_reports_its_state(self, ghl: Any) -> None:
        MigrationRecorder.Migration.objects.update(applied=timezone.now())
        assert self.findings() == {"reading GoHighLevel": (False, "not tried yet")}
        MigrationRecorder.Migration.objects.update(applied=timezone.now() - timedelta(minutes=6))
        assert self.findings() == {
            "reading GoHighLevel": (False, "never tried; is a worker running?")
        }
        at = timezone.now()
        SyncCursor.objects.create(name="emails", polled_at=at)
        SyncCursor.objects.create(name="meetings", error="ghl answered 500")
        assert self.findings() == {
            "reading emails": (True, f"read to its end {stamp_words(at)}"),
            "reading meetings": (False, "ghl answered 500 (never read to its end)"),
        }
