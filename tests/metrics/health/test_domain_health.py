"""Domain health measured from rows and from DNS, and handed down to the guardrails."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from metrics.gates import gate_evaluation, gate_measures, parallel_checks
from metrics.gates.gate import Gate
from metrics.gates.gate_words import reason_text
from metrics.health import domain_days, domain_health
from metrics.health.health_score import VERSION, EmailCounts
from metrics.models import DomainDay
from outreach.auto_approval import eligibility
from outreach.choices import Phase
from outreach.control import phase
from outreach.guardrails import guardrail_counts, guardrails
from outreach.guardrails.guardrail_rules import DomainHealth
from outreach.models import EmailEvent, HealthVerdict, Message, Reply, SendIntent
from tests import factories
from tests.fakes.dns import FakeDns
from tests.metrics.conftest import DOMAIN
from tests.outreach.conftest import WORKING

pytestmark = pytest.mark.django_db

OTHER = "old.example.com"


@pytest.fixture(autouse=True)
def clock(time_machine: Any) -> None:
    """Midday in a week without a change of the clocks: days are counted back from it."""
    time_machine.move_to(WORKING, tick=True)


@pytest.fixture
def live(settings: Any, fake_dns: FakeDns) -> FakeDns:
    """GoHighLevel connected, as far as the verdict asks."""
    settings.SANDBOXED, settings.GHL_FROM_EMAIL = ["clay"], f"alex@{DOMAIN}"
    return fake_dns


def sent(count: int, ago: timedelta = timedelta(days=1), **more: Any) -> list[Message]:
    lead, now = factories.LeadFactory(), timezone.now()
    messages = Message.objects.bulk_create(
        Message(lead=lead, status="sent", transport="ghl") for _ in range(count)
    )
    values = {"transport": "ghl", "outcome": "sent", "from_domain": DOMAIN, **more}
    SendIntent.objects.bulk_create(
        SendIntent(
            message=message,
            phase="parallel",
            day=now.date(),
            domain="x.test",
            claimed_at=now - ago,
            **values,
        )
        for message in messages
    )
    return messages


def became(message: Message, kind: str) -> None:
    key = f"{message.pk}:{kind}:{EmailEvent.objects.count()}"
    EmailEvent.objects.create(key=key, message=message, kind=kind, source="poll", at=timezone.now())


def answered(message: Message, sorted_as: str) -> None:
    Reply.objects.create(
        ghl_message_id=f"r{message.pk}{sorted_as}",
        lead=message.lead,
        message=message,
        received_at=timezone.now(),
        source="poll",
        sorted_as=sorted_as,
    )


# --- The sample -----------------------------------------------------------------------------------


def test_each_email_counts_once_per_outcome() -> None:
    emails = sent(60)
    for email, kind in zip(
        emails, ["bounced", "complained", "unsubscribed", "opened", "clicked"], strict=False
    ):
        became(email, kind)
        became(email, kind)
    for email, kind in zip(
        emails, ["positive", "objection", "stop", "out_of_office"], strict=False
    ):
        answered(email, kind)
    answered(emails[0], "question")
    became(emails[5], "blocked")
    found = domain_health.count_emails(DOMAIN, timezone.now(), 7)
    assert found == EmailCounts(7, 60, 1, 1, 1, 1, 2)


def test_only_what_left_from_the_domain_in_the_window_counts() -> None:
    sent(3)
    sent(4, outcome="refused")
    sent(5, outcome="uncertain")
    sent(6, transport="sandbox", from_domain="")
    sent(7, from_domain=OTHER)
    sent(8, timedelta(days=20))
    found = [domain_health.count_emails(DOMAIN, timezone.now(), days).sent for days in (7, 30)]
    assert found == [3, 11]


# --- The verdict ----------------------------------------------------------------------------------


def test_the_verdict_and_its_day_are_stored_with_the_sum(live: FakeDns) -> None:
    for email in sent(100)[:6]:
        became(email, "bounced")
    assert domain_health.evaluate_due()
    row, day = HealthVerdict.objects.get(), DomainDay.objects.get()
    known = (DOMAIN, 85, "present", "present", "present")
    assert (row.domain, row.score, row.spf, row.dkim, row.dmarc) == known
    assert (day.domain, day.score, day.spf, day.dkim, day.dmarc) == known
    assert row.reasons[0] == day.parts[0]
    assert day.parts[0] == {"code": "hard_bounces", "points": -15, "said": "6 of 100"}
    assert [(one["days"], one["sent"], one["score"]) for one in day.counts] == [
        (7, 100, 85),
        (30, 100, 85),
        (90, 100, 85),
    ]
    assert (day.window, day.version, day.verdicts) == (7, VERSION, 1)
    assert guardrail_counts.newest_verdict() == row


def test_one_complaint_moves_no_phase_and_no_score(live: FakeDns) -> None:
    became(sent(100)[0], "complained")
    domain_health.evaluate_due()
    assert HealthVerdict.objects.get().score == 100
    assert [(b.guardrail, b.level) for b in guardrails.current_breaches()] == [
        ("complaints", "alert")
    ]
    assert (phase.current_control().phase, phase.current_control().halted) == ("parallel", False)


def test_every_domain_that_sends_is_measured(live: FakeDns, time_machine: Any) -> None:
    sent(1, from_domain=OTHER)
    sent(1, timedelta(days=91), from_domain="forgotten.example.com")
    assert domain_health.evaluate_due()
    assert set(DomainDay.objects.values_list("domain", flat=True)) == {DOMAIN, OTHER}
    assert guardrail_counts.newest_verdict().domain == DOMAIN


def verdict(score: int | None, **more: Any) -> DomainHealth:
    known = {"spf": "present", "dkim": "present", "dmarc": "present", **more}
    return DomainHealth(DOMAIN, score, evaluated_at=timezone.now(), **known)


def test_a_day_keeps_its_lowest_score_and_what_was_known_once() -> None:
    unknown = {"window": 7, "counts": [], "dns": {}}
    for score in (None, 90, 60, 95, None):
        domain_days.record_day(verdict(score), {**unknown, "window": score or 0})
    domain_days.record_day(verdict(80, dkim="unknown"), unknown)
    row = DomainDay.objects.get()
    assert (row.score, row.window, row.verdicts, row.dkim) == (60, 60, 6, "present")


def test_a_verdict_is_made_every_half_hour(live: FakeDns, time_machine: Any) -> None:
    at = timezone.now()
    time_machine.move_to(at, tick=False)
    assert domain_health.evaluate_due()
    time_machine.shift(timedelta(minutes=29))
    assert not domain_health.evaluate_due()
    time_machine.shift(timedelta(minutes=1))
    assert domain_health.evaluate_due()
    assert list(HealthVerdict.objects.values_list("score", flat=True)) == [None, None]


@pytest.mark.parametrize("change", [{"GHL_FROM_EMAIL": ""}, {"SANDBOXED": ["ghl"]}])
def test_without_sending_nothing_is_measured(
    live: FakeDns, settings: Any, change: dict[str, Any]
) -> None:
    for name, value in change.items():
        setattr(settings, name, value)
    assert not domain_health.evaluate_due()
    assert (HealthVerdict.objects.count(), live.asked) == (0, [])


def test_a_record_that_is_lost_alerts_at_once(live: FakeDns) -> None:
    del live.texts[f"_dmarc.{DOMAIN}"]
    domain_health.evaluate_due()
    assert [(b.guardrail, b.level) for b in guardrails.current_breaches()] == [
        ("authentication", "alert")
    ]


def test_auto_approval_waits_for_a_healthy_domain(live: FakeDns) -> None:
    phase.current_control()
    phase.change_phase(Phase.ASSISTED, by=None, reason="test")
    phase.set_auto_approval(True, by=None, reason="test")
    assert eligibility.machine_hold_reasons(phase.current_control(), timezone.now()) == (
        "There is no verdict on domain health.",
    )
    sent(100)
    domain_health.evaluate_due()
    assert eligibility.machine_hold_reasons(phase.current_control(), timezone.now()) == ()


# --- What reads it --------------------------------------------------------------------------------


def judged(score: int | None, days_ago: float, **more: Any) -> None:
    at = timezone.now() - timedelta(days=days_ago)
    known = {"spf": "present", "dkim": "present", "dmarc": "present", **more}
    found = DomainHealth(DOMAIN, score, evaluated_at=at, **known)
    guardrails.store_health_verdict(found)
    domain_days.record_day(found, {"window": 7, "counts": [], "dns": {}})


def gate() -> Gate:
    return gate_measures.domain_health(timezone.now())


class TestGate:
    def test_without_verdicts_it_is_insufficient(self, live: FakeDns) -> None:
        assert (gate().verdict, gate().value, gate().sample) == ("insufficient", None, 0)
        assert reason_text(gate()) == (
            "about 14 more days with a score; of the last 14: 14 without a check"
        )

    def test_fourteen_days_over_70_meet_it(self, live: FakeDns) -> None:
        for day in range(1, 15):
            judged(71, day)
            judged(95, day + 0.01)
        assert (gate().met, gate().value, gate().sample) == (True, 71, 14)

    def test_one_score_of_70_in_fourteen_days_fails(self, live: FakeDns) -> None:
        for day in range(15):
            judged(95, day)
        judged(70, 5.01)
        assert (gate().met, gate().verdict, gate().value) == (False, "fail", 70)

    def test_today_is_not_missing_before_it_was_checked(
        self, live: FakeDns, time_machine: Any
    ) -> None:
        time_machine.move_to("2026-06-17 04:00:30+00:00", tick=False)  # after midnight
        for day in range(1, 15):
            judged(95, day)
        assert (gate().met, gate().sample) == (True, 14)
        judged(None, 0)
        assert (gate().met, gate().sample) == (True, 14)
        judged(80, 0)
        assert (gate().met, gate().value, gate().sample) == (True, 80, 14)

    def test_a_low_score_of_today_fails(self, live: FakeDns) -> None:
        for day in range(1, 15):
            judged(95, day)
        judged(60, 0)
        assert (gate().verdict, gate().value, len(gate().raw)) == ("fail", 60, 15)

    def test_a_day_without_score_is_missing(self, live: FakeDns) -> None:
        for day in range(1, 15):
            judged(None if day == 3 else 95, day)
        assert (gate().met, gate().verdict, gate().sample) == (False, "insufficient", 13)
        assert reason_text(gate()).endswith("of the last 14: 1 too few emails")

    def test_a_day_on_which_dns_said_nothing_is_missing(self, live: FakeDns) -> None:
        for day in range(1, 15):
            judged(95, day, dkim="unknown" if day < 3 else "present")
        assert (gate().met, gate().verdict, gate().sample) == (False, "insufficient", 12)
        assert reason_text(gate()).endswith("of the last 14: 2 DKIM not known")

    def test_what_was_longer_ago_does_not_count(self, live: FakeDns) -> None:
        for day in range(1, 15):
            judged(95, day)
        judged(10, 15.5)
        assert gate().met


@pytest.mark.parametrize(
    ("score", "hours", "state"),
    [(51, 1, "pass"), (50, 1, "fail"), (None, 1, "insufficient"), (90, 7, "insufficient")],
)
def test_the_check_of_the_parallel_phase(
    live: FakeDns, score: int | None, hours: int, state: str
) -> None:
    judged(score, hours / 24)
    found = {
        check.name: check.state
        for check in parallel_checks.check_parallel_phase(
            gate_evaluation.evaluate_gates("assisted")
        )
    }
    assert found["domain health above 50"] == state
