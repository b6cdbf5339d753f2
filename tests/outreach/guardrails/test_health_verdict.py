"""A verdict on the sending domain: stored once, and a guardrail of its own."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from leads.models import Alarm
from outreach.choices import Phase
from outreach.control import phase
from outreach.guardrails import guardrails
from outreach.guardrails.guardrail_rules import DomainHealth
from outreach.models import GuardrailBreach, HealthVerdict
from tests.outreach.conftest import WORKING
from tests.outreach.guardrails.guardrail_steps import DOMAIN, REASON, acted, healthy, now_in, stands

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loose")]

DAY, WEEK, HOUR, SECOND = (
    timedelta(hours=24),
    timedelta(days=7),
    timedelta(hours=1),
    timedelta(seconds=1),
)


@pytest.fixture(autouse=True)
def still(clock: Any, settings: Any) -> None:
    """A clock that stands, so that the edge of a window is exact; a sending domain."""
    clock.move_to(WORKING, tick=False)
    settings.GHL_FROM_EMAIL = f"alex@{DOMAIN}"
    phase.current_control()
    phase.change_phase(Phase.AUTONOMOUS, by=None, reason="test")
    healthy()


def test_verdict_is_stored_once_and_acts() -> None:
    verdict = DomainHealth(
        DOMAIN.upper(), 40, "present", "present", "unknown", timezone.now() + SECOND, (REASON,)
    )
    guardrails.store_health_verdict(verdict)
    guardrails.store_health_verdict(verdict)
    row = HealthVerdict.objects.get(score=40)
    assert (row.domain, row.dmarc, row.reasons) == (DOMAIN, "unknown", [REASON])
    assert (acted(), now_in()) == ([("domain_health", "halt", "dropped")], ("assisted", True))


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"score": 101}, "score"),
        ({"score": -1}, "score"),
        ({"spf": "pass"}, "spf"),
        ({"dkim": ""}, "dkim"),
        ({"dmarc": "lost"}, "dmarc"),
        ({"evaluated_at": timedelta(hours=1)}, "evaluated_at"),
    ],
    ids=lambda value: str(value),
)
def test_a_verdict_that_cannot_be_is_refused(wrong: dict[str, Any], field: str) -> None:
    if field == "evaluated_at":
        wrong = {"evaluated_at": timezone.now() + wrong["evaluated_at"]}
    before = HealthVerdict.objects.count()
    with pytest.raises(ValueError, match=f"^{field}: "):
        healthy(**wrong)
    assert (HealthVerdict.objects.count(), acted()) == (before, [])


def test_only_the_domain_that_sends_is_judged() -> None:
    guardrails.store_health_verdict(
        DomainHealth("other.example.com", 0, "missing", "missing", "missing", timezone.now())
    )
    assert (stands(), acted()) == ({}, [])


def test_low_score_halts_once_for_each_fall(lead_user: User, clock: Any) -> None:
    def next_hour(score: int | None) -> tuple[str, bool]:
        clock.shift(HOUR)
        healthy(score)
        return now_in()

    assert next_hour(49) == ("assisted", True)
    phase.resume_sending(by=lead_user, reason="Known: a list of last year, thrown away.")
    assert next_hour(45) == next_hour(20) == ("assisted", False)  # the fall that the Lead knows of
    assert next_hour(60) == ("assisted", False)
    assert next_hour(48) == ("parallel", True)


@pytest.mark.parametrize("record", ["spf", "dkim", "dmarc"])
def test_missing_record_halts_after_72_hours(record: str, clock: Any) -> None:
    for hours in range(0, 72, 6):
        clock.shift(6 * HOUR)
        healthy(**{record: "unknown" if hours == 60 else "missing"})
        assert (stands(), now_in()) == ({"authentication": "alert"}, ("autonomous", False)), hours
    clock.shift(6 * HOUR)
    healthy(**{record: "unknown"})  # a resolver that fails confirms nothing
    assert now_in() == ("autonomous", False)
    clock.shift(SECOND)
    healthy(**{record: "missing"})
    assert now_in() == ("assisted", True)
    assert acted() == [
        ("authentication", "alert", "alerted"),
        ("authentication", "halt", "dropped"),
    ]


def test_returned_record_restarts_the_72_hours(clock: Any) -> None:
    for state in ("missing", "present", "missing", "unknown", "missing"):
        clock.shift(40 * HOUR)
        healthy(spf=state)
    assert stands() == {"authentication": "halt"}  # 80 hours since the second loss
    assert [row.events for row in GuardrailBreach.objects.filter(level="halt")] == [
        [f"spf:{HealthVerdict.objects.filter(spf='missing').order_by('evaluated_at')[1].pk}"]
    ]


def test_unanswered_record_is_not_missing() -> None:
    healthy(spf="unknown", dkim="unknown", dmarc="unknown", evaluated_at=timezone.now() + SECOND)
    assert stands() == {}


def test_old_verdict_alerts_once(clock: Any) -> None:
    clock.shift(6 * HOUR)
    assert guardrails.check_guardrails() == []
    clock.shift(SECOND)
    guardrails.check_guardrails()
    guardrails.check_guardrails()
    assert (acted(), now_in()) == ([("health_verdict", "alert", "alerted")], ("autonomous", False))
    healthy()
    assert (stands(), Alarm.objects.filter(closed_at=None).count()) == ({}, 0)


def test_no_domain_or_verdict_raises_no_alarm(settings: Any) -> None:
    settings.GHL_FROM_EMAIL = ""
    assert (stands(), guardrails.check_guardrails(), Alarm.objects.count()) == (
        {"health_verdict": "alert"},
        [],
        0,
    )
