"""The breaker, the budget and the rate before Clay."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from caio_project.lib import http
from leads import tasks
from leads.enrichment import clay_answers, clay_push, enrichment_requests, submission_budget
from leads.integrations import breaker, rates
from leads.models import Alarm, Breaker, Budget, Enrichment, RateWindow
from tests import factories
from tests.fakes.clay import FakeClay

pytestmark = pytest.mark.django_db


def ask() -> Enrichment:
    lead = factories.LeadFactory()
    enrichment_requests.request_enrichment(lead)
    clay_push.push_due()
    return lead.enrichments.get()


def open_alarms() -> list[str]:
    return sorted(Alarm.objects.filter(closed_at=None).values_list("key", flat=True))


def probe_is_due() -> None:
    Breaker.objects.update(probe_at=timezone.now() - timedelta(seconds=1))


class TestBreaker:
    def test_breaker_opens_after_three_failures(self, clay: FakeClay) -> None:
        clay.on("POST /v3/sources/webhook/{id}").status(500)
        for _ in range(3):
            assert ask().outcome == "failed"
        assert breaker.is_open()
        asked = len(clay.requests())
        assert ask().reason == "Clay is not asked: its breaker is open."
        assert (len(clay.requests()), asked) == (3, 3)
        assert Alarm.objects.get(closed_at=None).key == "clay:breaker"

    def test_a_success_in_between_starts_the_count_again(self, clay: FakeClay) -> None:
        route = clay.on("POST /v3/sources/webhook/{id}")
        route.status(500, times=2)
        ask(), ask(), ask()
        clay.on("POST /v3/sources/webhook/{id}").status(500, times=2)
        ask(), ask()
        assert not breaker.is_open()

    def test_one_probe_and_its_answer_close_it(self, clay: FakeClay) -> None:
        clay.on("POST /v3/sources/webhook/{id}").status(500, times=3)
        for _ in range(3):
            ask()
        probe_is_due()
        probe = ask()
        assert (probe.state, breaker.is_open()) == ("requested", True)
        assert ask().outcome == "failed"
        clay_answers.record_answer(
            probe.request_id, {"request_id": probe.request_id, "job_title": "COO"}
        )
        assert not breaker.is_open()
        assert Alarm.objects.filter(closed_at=None).count() == 0
        assert ask().state == "requested"

    def test_a_failed_probe_waits_twice_as_long(self, clay: FakeClay) -> None:
        clay.on("POST /v3/sources/webhook/{id}").status(500)
        for _ in range(3):
            ask()
        probe_is_due()
        now = timezone.now()
        ask()
        wait = Breaker.objects.get().probe_at - now  # type: ignore[operator]
        assert timedelta(minutes=2) <= wait < timedelta(minutes=2, seconds=5)

    def test_earlier_call_does_not_postpone_the_probe(self) -> None:
        for _ in range(breaker.FAILURES_TO_OPEN + 3):
            breaker.record_failure("500", breaker.CallPermit.ASK)
        state = breaker.breaker_row()
        assert (state.openings, state.probe_at) == (1, state.opened_at + breaker.FIRST_PROBE)  # type: ignore[operator]

    def test_three_requests_unanswered_after_ten_minutes_open_it(self, clay: FakeClay) -> None:
        clay.configure(answers=0)
        breaker.breaker_row()
        Breaker.objects.update(changed_at=timezone.now() - timedelta(hours=1))
        for _ in range(3):
            ask()
        breaker.watch_unanswered()
        assert not breaker.is_open()
        Enrichment.objects.update(requested_at=timezone.now() - timedelta(minutes=11))
        breaker.watch_unanswered()
        assert breaker.breaker_row().reason == "3 requests are unanswered after 10 minutes"

    def test_a_recent_answer_speaks_against_opening(self, clay: FakeClay) -> None:
        clay.configure(answers=0)
        breaker.breaker_row()
        Breaker.objects.update(changed_at=timezone.now() - timedelta(hours=1))
        for _ in range(3):
            ask()
        Enrichment.objects.update(requested_at=timezone.now() - timedelta(minutes=11))
        answered = ask()
        clay_answers.record_answer(answered.request_id, {"request_id": answered.request_id})
        breaker.watch_unanswered()
        assert not breaker.is_open()


class TestBudget:
    def test_counts_from_what_was_used_before_us(self, clay: FakeClay, settings: Any) -> None:
        settings.CLAY_SUBMISSIONS_USED = 44_998
        ask()
        assert (submission_budget.submissions_used(), Alarm.objects.count()) == (44_999, 0)
        ask()
        assert (
            Alarm.objects.get().text == "45000 of 50000 submissions of the Clay webhook are used."
        )

    def test_nothing_is_submitted_past_the_end(self, clay: FakeClay, settings: Any) -> None:
        settings.CLAY_SUBMISSIONS_USED = submission_budget.LIFETIME_SUBMISSIONS
        assert ask().outcome == "failed"
        assert (len(clay.requests()), submission_budget.submissions_used()) == (
            0,
            submission_budget.LIFETIME_SUBMISSIONS,
        )

    def test_a_new_webhook_source_starts_anew(self, clay: FakeClay, settings: Any) -> None:
        ask()
        settings.CLAY_WORKBOOK_WEBHOOK_URL = clay.source_url("src-2")
        assert submission_budget.submissions_used() == 0
        assert Budget.objects.count() == 2

    @pytest.mark.parametrize(("now_said", "used"), [(12_000, 12_001), (3, 4), (0, 1)])
    def test_earlier_submissions_can_be_corrected(
        self, clay: FakeClay, settings: Any, now_said: int, used: int
    ) -> None:
        settings.CLAY_SUBMISSIONS_USED = 500
        ask()
        assert submission_budget.submissions_used() == 501
        settings.CLAY_SUBMISSIONS_USED = now_said
        assert (submission_budget.submissions_used(), submission_budget.submissions_used()) == (
            used,
            used,
        )
        ask()
        assert submission_budget.submissions_used() == used + 1

    def test_old_budget_row_is_not_counted_twice(self, clay: FakeClay, settings: Any) -> None:
        settings.CLAY_SUBMISSIONS_USED = 500
        Budget.objects.create(key=submission_budget.budget_key(), used=520)
        assert submission_budget.submissions_used() == 520
        settings.CLAY_SUBMISSIONS_USED = 600
        assert submission_budget.submissions_used() == 620

    def test_both_budget_alarms_are_raised(self, clay: FakeClay, settings: Any) -> None:
        settings.CLAY_SUBMISSIONS_USED = submission_budget.LIFETIME_SUBMISSIONS - 2
        for _ in range(3):
            ask()
        assert open_alarms() == ["clay:budget", "clay:budget:used_up"]
        assert "All 50000 submissions" in Alarm.objects.get(key="clay:budget:used_up").text
        assert (len(clay.requests()), submission_budget.submissions_used()) == (
            2,
            submission_budget.LIFETIME_SUBMISSIONS,
        )

    def test_a_new_webhook_source_ends_the_alarms(self, clay: FakeClay, settings: Any) -> None:
        settings.CLAY_SUBMISSIONS_USED = submission_budget.LIFETIME_SUBMISSIONS
        tasks.watch_vendors()
        assert open_alarms() == ["clay:budget", "clay:budget:used_up"]
        settings.CLAY_WORKBOOK_WEBHOOK_URL, settings.CLAY_SUBMISSIONS_USED = (
            clay.source_url("src-2"),
            0,
        )
        tasks.watch_vendors()
        assert open_alarms() == []

    def test_sandbox_raises_no_budget_alarm(self, settings: Any) -> None:
        settings.CLAY_SUBMISSIONS_USED = submission_budget.LIFETIME_SUBMISSIONS
        tasks.watch_vendors()
        assert open_alarms() == []


class TestRate:
    def test_at_most_ten_pushes_a_second(self) -> None:
        for _ in range(10):
            rates.claim_call("clay", 10, 1, now=1000.3)
        with pytest.raises(http.ServiceUnavailable) as error:
            rates.claim_call("clay", 10, 1, now=1000.4)
        assert error.value.retry_after == pytest.approx(0.6)
        rates.claim_call("clay", 10, 1, now=1001.0)

    def test_long_rate_wait_postpones_without_attempt(self, clay: FakeClay) -> None:
        in_five_seconds = timezone.now().timestamp() + 5  # by the clock of a worker that is ahead
        RateWindow.objects.create(
            vendor="clay", window=int(in_five_seconds / clay_push.CALL_EVERY), used=1
        )
        row = ask()
        assert (row.state, row.attempts, row.lease_until, len(clay.requests())) == (
            "due",
            0,
            None,
            0,
        )
        assert row.not_before > timezone.now() - timedelta(seconds=1)


@pytest.mark.postgres
def test_one_of_eight_workers_probes(committed: None) -> None:
    breaker.breaker_row()
    now = timezone.now()
    Breaker.objects.update(opened_at=now, openings=1, probe_at=now - timedelta(seconds=1))
    won: list[breaker.CallPermit | None] = []

    def try_it() -> None:
        won.append(breaker.request_permit())
        connection.close()

    threads = [threading.Thread(target=try_it) for _ in range(8)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert won.count(breaker.CallPermit.PROBE) == 1 and won.count(None) == 7
