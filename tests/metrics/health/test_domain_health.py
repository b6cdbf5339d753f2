"""Domain health measured from rows and from DNS, and handed down to the guardrails."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from metrics.gates import gate_evaluation, gate_measures, parallel_checks
from metrics.gates.gate import Gate
from metrics.health import domain_health
from metrics.integrations import dns_records
from metrics.integrations.dns_records import DnsRecords
from outreach.auto_approval import eligibility
from outreach.choices import Phase
from outreach.control import phase
from outreach.guardrails import guardrail_counts, guardrails
from outreach.models import EmailEvent, HealthVerdict, Message, Reply, SendIntent
from tests import factories
from tests.fakes.dns import FakeDns
from tests.outreach.conftest import WORKING

pytestmark = pytest.mark.django_db

DOMAIN, PARENT = "mail.ours.example.com", "ours.example.com"
KEY = "v=DKIM1; k=rsa; p=" + "A" * 300
NOW_KNOWN = DnsRecords("unknown", "unknown", "unknown")


@pytest.fixture(autouse=True)
def clock(time_machine: Any) -> None:
    """Midday in a week without a change of the clocks: days are counted back from it."""
    time_machine.move_to(WORKING, tick=True)


@pytest.fixture
def fake_dns(settings: Any) -> Iterator[FakeDns]:
    """A domain as it should be."""
    with FakeDns() as fake:
        settings.DNS_SERVER, settings.DKIM_SELECTORS = fake.address, ["k1", "k2"]
        fake.texts = {
            DOMAIN: ["v=spf1 include:mailgun.org ~all", "google-site-verification=x"],
            f"k2._domainkey.{DOMAIN}": [KEY],
            f"_dmarc.{DOMAIN}": ["v=DMARC1; p=none"],
        }
        yield fake


@pytest.fixture
def live(settings: Any, fake_dns: FakeDns) -> FakeDns:
    """GoHighLevel connected, as far as the verdict asks."""
    settings.SANDBOXED, settings.GHL_FROM_EMAIL = ["clay"], f"alex@{DOMAIN}"
    return fake_dns


def sent(count: int, ago: timedelta = timedelta(days=1), **more: Any) -> list[Message]:
    messages = []
    for _ in range(count):
        message = Message.objects.create(
            lead=factories.LeadFactory(), status="sent", transport="ghl"
        )
        values = {"transport": "ghl", "outcome": "sent", **more}
        SendIntent.objects.create(
            message=message,
            phase="parallel",
            day=timezone.now().date(),
            domain="x.test",
            claimed_at=timezone.now() - ago,
            **values,
        )
        messages.append(message)
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


# --- DNS ------------------------------------------------------------------------------------------


def test_a_domain_as_it_should_be(fake_dns: FakeDns) -> None:
    assert dns_records.look_up_records(DOMAIN) == DnsRecords("present", "present", "present")


@pytest.mark.parametrize(
    ("texts", "spf"),
    [
        ([], "missing"),
        (None, "missing"),  # the name does not exist
        (["v=spf1"], "present"),
        (["V=SPF1 -all"], "present"),
        (["v=spf10 x"], "missing"),
        (["spf2.0/pra"], "missing"),
        (["v=spf1 -all", "v=spf1 ~all"], "missing"),  # two are an error, and count as none
    ],
)
def test_spf(fake_dns: FakeDns, texts: list[str] | None, spf: str) -> None:
    fake_dns.texts.pop(DOMAIN)
    if texts is not None:
        fake_dns.texts[DOMAIN] = texts
    assert dns_records.look_up_records(DOMAIN).spf == spf


@pytest.mark.parametrize(
    ("own", "inherited", "dmarc"),
    [
        (["v=DMARC1; p=reject"], None, "present"),
        (None, ["v=DMARC1; p=none"], "present"),
        (["something else"], ["v=DMARC1; p=none"], "present"),
        (None, None, "missing"),
        (["v=DMARC1; p=none", "v=DMARC1; p=reject"], None, "missing"),
    ],
)
def test_dmarc(
    fake_dns: FakeDns, own: list[str] | None, inherited: list[str] | None, dmarc: str
) -> None:
    del fake_dns.texts[f"_dmarc.{DOMAIN}"]
    fake_dns.texts |= {f"_dmarc.{DOMAIN}": own} if own else {}
    fake_dns.texts |= {"_dmarc.example.com": inherited} if inherited else {}
    assert dns_records.look_up_records(DOMAIN).dmarc == dmarc


@pytest.mark.parametrize(
    ("selectors", "texts", "dkim"),
    [
        (["k1", "k2"], [KEY], "present"),
        (["k1"], [KEY], "missing"),
        ([], [KEY], "unknown"),  # nobody can tell
        (["k2"], ["v=DKIM1; p="], "missing"),  # revoked
        (["k2"], ["v=DKIM1; k=rsa"], "missing"),
        (["k2"], ["p=MIGf"], "present"),
    ],
)
def test_dkim(
    fake_dns: FakeDns, settings: Any, selectors: list[str], texts: list[str], dkim: str
) -> None:
    settings.DKIM_SELECTORS, fake_dns.texts[f"k2._domainkey.{DOMAIN}"] = selectors, texts
    assert dns_records.look_up_records(DOMAIN).dkim == dkim


def test_a_server_that_fails_confirms_nothing(fake_dns: FakeDns) -> None:
    fake_dns.fails = True
    assert dns_records.look_up_records(DOMAIN) == DnsRecords("unknown", "unknown", "unknown")


@pytest.mark.sqlite_is_enough
def test_a_silent_server_confirms_nothing_quickly(fake_dns: FakeDns, settings: Any) -> None:
    fake_dns.is_silent, settings.DKIM_SELECTORS = True, []
    began = timezone.now()
    assert dns_records.look_up_records(DOMAIN) == DnsRecords("unknown", "unknown", "unknown")
    assert timezone.now() - began < timedelta(seconds=3 * dns_records.LOOKUP_SECONDS)


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
    found = domain_health.measure_sample(timezone.now(), NOW_KNOWN)
    assert (
        found.sent,
        found.hard_bounces,
        found.complaints,
        found.unsubscribes,
        found.replies,
    ) == (60, 1, 1, 1, 2)


def test_only_what_really_left_is_in_the_sample() -> None:
    sent(3)
    sent(4, outcome="refused")
    sent(5, outcome="uncertain")
    sent(6, transport="sandbox")
    assert domain_health.measure_sample(timezone.now(), NOW_KNOWN).sent == 3


def test_a_month_counts_where_a_week_has_too_few() -> None:
    sent(49)
    sent(20, timedelta(days=20))
    sent(20, timedelta(days=31))
    assert domain_health.measure_sample(timezone.now(), NOW_KNOWN).sent == 69
    sent(1)
    assert domain_health.measure_sample(timezone.now(), NOW_KNOWN).sent == 50


# --- The verdict ----------------------------------------------------------------------------------


def test_the_verdict_is_handed_down_with_its_sum(live: FakeDns) -> None:
    for email in sent(60)[:2]:
        became(email, "bounced")
    assert domain_health.evaluate_due()
    row = HealthVerdict.objects.get()
    assert (row.domain, row.score, row.spf, row.dkim, row.dmarc) == (
        DOMAIN,
        85,
        "present",
        "present",
        "present",
    )
    assert row.reasons[0] == {"code": "hard_bounces", "points": -15, "said": "2 of 60"}
    assert guardrail_counts.newest_verdict() == row


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
    sent(60)
    domain_health.evaluate_due()
    assert eligibility.machine_hold_reasons(phase.current_control(), timezone.now()) == ()


# --- What reads it --------------------------------------------------------------------------------


def judged(score: int | None, days_ago: float) -> None:
    at = timezone.now() - timedelta(days=days_ago)
    HealthVerdict.objects.create(
        domain=DOMAIN, score=score, spf="present", dkim="present", dmarc="present", evaluated_at=at
    )


def gate() -> Gate:
    return gate_measures.domain_health(timezone.now())


class TestGate:
    def test_without_verdicts_it_is_insufficient(self, live: FakeDns) -> None:
        assert (gate().verdict, gate().value, gate().sample) == ("insufficient", None, 0)

    def test_fourteen_days_over_70_meet_it(self, live: FakeDns) -> None:
        for day in range(14):
            judged(71, day)
            judged(95, day + 0.01)
        assert (gate().met, gate().value, gate().sample) == (True, 71, 14)

    def test_one_score_of_70_in_fourteen_days_fails(self, live: FakeDns) -> None:
        for day in range(14):
            judged(95, day)
        judged(70, 5.01)
        assert (gate().met, gate().verdict, gate().value) == (False, "fail", 70)

    def test_a_day_without_score_is_missing(self, live: FakeDns) -> None:
        for day in range(14):
            judged(None if day == 3 else 95, day)
        assert (gate().met, gate().verdict, gate().sample) == (False, "insufficient", 13)

    def test_what_was_longer_ago_does_not_count(self, live: FakeDns) -> None:
        for day in range(14):
            judged(95, day)
        judged(10, 14.5)
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
