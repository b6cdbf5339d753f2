"""Each detector on rows: a history that must open its incident, one that must not, its recovery."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.utils import timezone

from approvals.models import Decision
from caio_project.lib.models import ApiKey, Heartbeat
from leads.enrichment import submission_budget
from leads.inbound import silence
from leads.integrations import breaker
from leads.integrations.breaker import CallPermit
from leads.models import Enrichment, InboundEvent, Lead
from metrics.figures import roll_up
from metrics.gates import gate_evaluation
from metrics.incident_codes import ClosedAs
from metrics.incidents import sweep
from metrics.models import DetectorState, FigureProgress, Incident
from outreach.control import phase
from outreach.guardrails import guardrails
from outreach.models import Message, Reply
from tests import factories
from tests.fakes.clay import FakeClay
from tests.outreach.guardrails.guardrail_steps import came_back, moved

pytestmark = pytest.mark.django_db
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def team(clock: Any, ghl: object, clay: FakeClay) -> None:
    phase.current_control()
    gate_evaluation.record_daily_evaluation()
    roll_up.roll_up()
    factories.TeamMemberFactory(default_sender=True)


class Watch:
    """Looks again with every detector, after as much time as `after`."""

    def __init__(self, clock: Any, cause: str):
        self.clock, self.cause = clock, cause

    def __call__(self, after: timedelta = timedelta(0)) -> bool:
        """Whether an incident of the cause is open."""
        self.clock.shift(after)
        never = timezone.now() + 40 * DAY
        DetectorState.objects.filter(not_before__lt=never).update(not_before=timezone.now())
        sweep.watch_incidents()
        return Incident.objects.filter(cause=self.cause, closed_at=None).exists()

    def has_recovered(self, after: timedelta = timedelta(0)) -> bool:
        if self(after):
            return False
        newest = Incident.objects.filter(cause=self.cause).latest("pk")
        return newest.closed_as == ClosedAs.RECOVERED


@pytest.fixture
def watch(clock: Any) -> Callable[[str], Watch]:
    return lambda cause: Watch(clock, cause)


Watching = Callable[[str], Watch]

# --- Signals


def people_emailed(days: int, answered: int, people: int, back: int) -> None:
    """`days` days from `back` days ago on; on each so many are emailed and answer."""
    for day in range(days):
        at = timezone.now() - DAY * (back - day)
        leads = Lead.objects.bulk_create(
            Lead(first_name="P", email=f"{uuid.uuid4().hex}@p.test", address="usable")
            for _ in range(people)
        )
        Message.objects.bulk_create(
            Message(lead=one, status="sent", transport="ghl", sent_at=at, created_at=at)
            for one in leads
        )
        Reply.objects.bulk_create(
            Reply(lead=one, ghl_message_id=f"r{one.pk}", received_at=at + HOUR, channel="email",
                source="poll", sorted_as="question", is_sure=True)
            for one in leads[:answered]
        )  # fmt: skip


def test_the_reply_rate_falls_and_rises(watch: Watching) -> None:
    replies = watch("reply_rate")
    people_emailed(2, 4, 50, back=10)
    assert not replies()
    people_emailed(4, 0, 50, back=8)
    assert replies(HOUR)
    people_emailed(4, 12, 50, back=0)
    assert replies.has_recovered(10 * DAY)


def test_no_reply_rate_is_judged_under_its_sample(watch: Watching) -> None:
    people_emailed(1, 0, 99, back=10)
    assert not watch("reply_rate")()


def settle_requests(count: int, gained: list[str]) -> None:
    now = timezone.now()
    for _ in range(count):
        Enrichment.objects.create(
            lead=factories.LeadFactory(), state="settled", outcome="answered", settled_at=now,
            answered_at=now, gained=gained,
        )  # fmt: skip


def test_the_enrichment_rate_falls_and_rises(watch: Watching) -> None:
    rate = watch("enrichment_rate")
    settle_requests(49, [])
    assert not rate()
    settle_requests(1, [])
    assert rate(HOUR)
    settle_requests(30, ["title"])
    assert rate.has_recovered(HOUR)


def decide(count: int, waited: timedelta, by: User) -> None:
    for _ in range(count):
        message = Message.objects.create(lead=factories.LeadFactory(), status="cleared")
        Decision.objects.create(
            message=message, verdict="approved", version=1, text_sha256="0" * 64, by=by,
            by_name=by.username, edited=False, channel="desk", phase="parallel", is_evidence=True,
            held_at=timezone.now() - waited, at=timezone.now(),
        )  # fmt: skip


def test_decisions_take_too_long_and_are_fast_again(watch: Watching, reviewer: User) -> None:
    latency = watch("approval_latency")
    latency.clock.shift(5 * HOUR)  # the afternoon
    decide(19, 6 * HOUR, reviewer)
    assert not latency()
    decide(1, 6 * HOUR, reviewer)
    assert latency(MINUTE)
    decide(40, MINUTE, reviewer)
    assert latency.has_recovered(HOUR)


# --- What comes in, and Clay


def test_a_source_falls_silent_and_speaks_again(watch: Watching) -> None:
    silent, now = watch("silent_source"), timezone.now()
    rows = [
        InboundEvent(source="rb2b", body=b"", body_sha256=uuid.uuid4().hex, received_at=at)
        for day in range(21)
        for n in range(24)
        if (at := (now - DAY * day).replace(hour=14) + n * 20 * MINUTE) <= now and at.weekday() < 5
    ]
    InboundEvent.objects.bulk_create(rows)
    silent.clock.shift(HOUR)
    silence.watch_sources(timezone.now())
    assert not silent()
    silent.clock.shift(2 * HOUR)
    silence.watch_sources(timezone.now())
    assert silent()
    InboundEvent.objects.create(
        source="rb2b", body=b"", body_sha256="new", received_at=timezone.now()
    )
    silence.watch_sources(timezone.now() + MINUTE)
    assert silent.has_recovered(MINUTE)


def test_enrichment_stalls_and_answers_again(watch: Watching) -> None:
    stalled = watch("enrichment_stalled")
    for _ in range(2):
        breaker.record_failure("timeout", CallPermit.ASK)
    assert not stalled()
    breaker.record_failure("timeout", CallPermit.ASK)
    assert stalled()
    breaker.close_after_answer()
    assert stalled.has_recovered(6 * MINUTE)


def test_clays_budget_runs_out_and_a_new_source_has_one(watch: Watching, settings: Any) -> None:
    budget = watch("clay_budget")
    settings.CLAY_SUBMISSIONS_USED = 44_999
    submission_budget.watch_budget()
    assert not budget()
    settings.CLAY_SUBMISSIONS_USED = 45_000
    submission_budget.watch_budget()
    assert budget()
    settings.CLAY_SUBMISSIONS_USED = 0
    submission_budget.watch_budget()
    assert budget.has_recovered(6 * MINUTE)


# --- What comes back, and sends


@pytest.mark.parametrize(
    ("cause", "kind", "enough", "other", "over"),
    [
        ("bounces", "bounced", 2, "blocked", 25 * HOUR),
        ("blocks", "blocked", 1, "bounced", 8 * DAY),
        ("complaints", "complained", 1, "unsubscribed", 8 * DAY),
    ],
)
def test_what_comes_back(
    watch: Watching, cause: str, kind: str, enough: int, other: str, over: timedelta
) -> None:
    back = watch(cause)
    for _ in range(enough - 1):
        came_back(kind)
    came_back(other)
    guardrails.check_guardrails()
    assert not back()
    came_back(kind)
    guardrails.check_guardrails()
    assert back()
    back.clock.shift(over)
    guardrails.check_guardrails()
    assert back.has_recovered(6 * MINUTE)


def test_sends_fail_by_our_fault_and_no_longer(watch: Watching) -> None:
    failing = watch("sends_failing")
    moved("failed", "dnd")  # the recipient's wish
    guardrails.check_guardrails()
    assert not failing()
    moved("failed", "config")
    guardrails.check_guardrails()
    assert failing()
    failing.clock.shift(3 * DAY)
    guardrails.check_guardrails()
    assert failing.has_recovered(6 * MINUTE)


# --- Work


def test_the_queue_does_not_move_and_moves_again(watch: Watching) -> None:
    stuck = watch("work_stuck")
    lead = factories.LeadFactory(needs_assessment_at=timezone.now())
    assert not stuck(2 * MINUTE)
    assert stuck(4 * MINUTE)
    Lead.objects.filter(pk=lead.pk).update(needs_assessment_at=None)
    assert stuck.has_recovered(6 * MINUTE)


def test_approvals_age_and_are_caught_up_with(watch: Watching) -> None:
    ageing = watch("approvals_ageing")
    for _ in range(5):
        factories.held_email()
    late = Message.objects.order_by("pk")
    late.filter(pk__in=[one.pk for one in late[:4]]).update(due_at=timezone.now() - MINUTE)
    assert not ageing()
    late.update(due_at=timezone.now() - MINUTE)
    assert ageing()
    late.update(due_at=timezone.now() + DAY)
    assert ageing.has_recovered(6 * MINUTE)


def test_the_daily_figures_stop_and_are_computed_again(watch: Watching) -> None:
    """A round that ends in an error is none: it knows no more how far it had read."""
    stopped = watch("figures_stopped")
    assert not stopped(59 * MINUTE)
    good = FigureProgress.objects.get().positions
    FigureProgress.objects.update(positions={"keys": {}})
    with pytest.raises(KeyError):
        roll_up.roll_up()
    assert stopped(2 * MINUTE)
    (incident,) = Incident.objects.filter(cause="figures_stopped")
    assert incident.evidence == {"figures": {"daily figures": 61}}
    FigureProgress.objects.update(positions=good)
    roll_up.roll_up()
    assert stopped.has_recovered(6 * MINUTE)


def test_a_release_that_notes_rounds_for_the_first_time_opens_nothing(watch: Watching) -> None:
    stopped = watch("figures_stopped")
    stopped.clock.shift(DAY)
    gate_evaluation.record_daily_evaluation()
    FigureProgress.objects.update(completed_at=None)
    Heartbeat.beat("metrics.roll_up_figures")
    assert not stopped(59 * MINUTE)
    assert stopped(2 * MINUTE)


def test_gates_stop_being_evaluated_and_are_again(watch: Watching) -> None:
    stopped = watch("figures_stopped")

    def after(hours: int) -> bool:
        stopped.clock.shift(hours * HOUR)
        roll_up.roll_up()
        return stopped()

    assert not after(25)
    assert after(2)
    gate_evaluation.record_daily_evaluation()
    assert stopped.has_recovered(6 * MINUTE)


# --- Ways in


def test_a_key_is_about_to_expire_and_is_not_used_any_more(watch: Watching) -> None:
    expiring, now = watch("token_expiring"), timezone.now()
    key, _ = ApiKey.objects.create_key(name="n", expiry_date=now + 8 * DAY)
    ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
    assert not expiring()
    assert expiring(2 * DAY)
    ApiKey.objects.filter(pk=key.pk).update(revoked=True)
    assert expiring.has_recovered(HOUR)


def test_clocks_part_and_agree_again(watch: Watching) -> None:
    DetectorState.objects.filter(name="clocks").delete()
    clocks = watch("clocks_apart")

    def ghl_incidents() -> int:
        clocks(6 * MINUTE)
        return Incident.objects.filter(cause="clocks_apart", subject="ghl", closed_at=None).count()

    cache.set("clock:ghl", 29.0, 86_400)
    assert ghl_incidents() == 0
    cache.set("clock:ghl", 31.0, 86_400)
    assert ghl_incidents() == 1
    cache.delete("clock:ghl")
    assert ghl_incidents() == 0
    assert Incident.objects.get(subject="ghl").closed_as == ClosedAs.RECOVERED


def test_the_clock_of_these_histories_is_a_working_day() -> None:
    assert timezone.now().replace(tzinfo=None) == datetime(2026, 3, 3, 15)
