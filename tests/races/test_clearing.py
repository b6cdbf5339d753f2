"""The machine at once with a person, a send or a demotion: one wins, nothing returned is sent."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from approvals.decisions import claims, decisions
from approvals.decisions.decisions import Decider, DecisionConflict
from approvals.models import Decision
from outreach.auto_approval import approval_sweep
from outreach.choices import Phase
from outreach.control import phase
from outreach.guardrails import guardrails
from outreach.guardrails.guardrail_rules import DomainHealth
from outreach.models import DailySlots, Message, SandboxEmail
from outreach.sending import send
from tests import factories
from tests.conftest import person
from tests.races.conftest import at_once, now_is

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("sender", "loose"),
]

ROUNDS = 10


@pytest.fixture(autouse=True)
def assisted(settings: Any, committed: None) -> None:
    settings.GHL_FROM_EMAIL = "alex@mail.ours.example.com"
    switched_on()
    guardrails.store_health_verdict(
        DomainHealth("mail.ours.example.com", 90, "present", "present", "present", timezone.now())
    )


def switched_on() -> None:
    phase.current_control()
    if phase.current_control().phase != Phase.ASSISTED:
        phase.change_phase(Phase.ASSISTED, by=None, reason="test")
    phase.resume_sending(by=None, reason="test")
    phase.set_auto_approval(True, by=None, reason="test")


def low() -> Message:
    return factories.held_email(
        factories.LeadFactory(email_verified=True), intent=10, tier="tier_3", icp=10
    )


@pytest.fixture
def rita(committed: None) -> User:
    return person("rita", "Reviewer")


def test_machine_and_person_approving_at_once_one_wins(rita: User) -> None:
    winners = set()
    for _ in range(ROUNDS):
        message = low()
        cleared, approved = at_once(
            approval_sweep.approve_due,
            lambda: decisions.approve(now_is(message), 1, Decider(rita, "desk")),  # noqa: B023
        )
        row = now_is(message)
        assert row.status == "cleared"
        assert message.moves.filter(to_status="cleared").count() == 1
        assert row.by_machine == (cleared == 1) == isinstance(approved, DecisionConflict)
        assert Decision.objects.filter(message=message).count() == (not row.by_machine)
        winners.add(row.by_machine)
    assert winners <= {True, False}


def test_a_claimed_email_is_not_auto_approved(rita: User) -> None:
    """Either they took it first, or it was gone before."""
    for _ in range(ROUNDS):
        message = low()
        at_once(approval_sweep.approve_due, lambda: claims.claim_message(now_is(message), rita))  # noqa: B023
        row = now_is(message)
        if row.by_machine:
            assert row.status == "cleared"
        else:
            assert (row.status, message.moves.count()) == ("held", 1)
            assert approval_sweep.approve_due() == 0


def test_four_sweeps_clear_each_email_once() -> None:
    messages = [low() for _ in range(8)]
    assert sum(at_once(*[approval_sweep.approve_due] * 4)) == 8
    assert [message.moves.filter(why="machine").count() for message in messages] == [1] * 8


@pytest.mark.parametrize(
    "stop",
    [
        lambda: phase.change_phase(Phase.PARALLEL, by=None, reason="test"),
        lambda: phase.halt_sending(by=None, reason="test"),
        lambda: phase.set_auto_approval(False, by=None, reason="test"),
    ],
    ids=["drop", "halt", "switch"],
)
def test_a_stop_during_approval_and_sending_holds(stop: Any) -> None:
    """Each email has left, or waits for a person; nothing that returned leaves."""
    for _ in range(ROUNDS // 2):
        messages = [low() for _ in range(4)]
        at_once(approval_sweep.approve_due, send.send_due, send.send_due, stop)
        approval_sweep.approve_due()
        before = set(SandboxEmail.objects.values_list("message_id", flat=True))
        send.send_due()
        assert set(SandboxEmail.objects.values_list("message_id", flat=True)) == before
        for message in messages:
            row = now_is(message)
            assert row.status == ("sent" if row.pk in before else "held"), row.status
        Message.objects.filter(status="held").update(status="withdrawn")
        DailySlots.objects.all().delete()
        switched_on()
