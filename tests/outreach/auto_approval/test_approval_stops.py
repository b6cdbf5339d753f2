"""What stops automatic approval, and returns what the machine approved."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone

from approvals.decisions import decisions
from approvals.decisions.decisions import Decider
from approvals.models import Decision
from metrics.promotion import promotion
from outreach.auto_approval import approval_sweep, eligibility
from outreach.choices import Phase
from outreach.control import phase
from outreach.guardrails import guardrails
from outreach.lifecycle.moves import move_message
from outreach.models import Control, ControlChange, SendIntent
from outreach.sending import send, send_slots, stop_texts
from outreach.sending.stops import SendStopped
from tests.outreach.auto_approval.approval_steps import (
    DOMAIN,
    complained,
    last_move,
    low,
    now_is,
    stays_held,
    verdict,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender", "loose")]


@pytest.fixture(autouse=True)
def assisted(settings: Any, lead_user: User) -> None:
    """Assisted phase, switched on, a healthy domain; in the sandbox, which needs no GHL check."""
    settings.GHL_FROM_EMAIL = f"alex@{DOMAIN}"
    phase.current_control()
    phase.change_phase(Phase.ASSISTED, by=None, reason="test")
    phase.set_auto_approval(True, by=lead_user, reason="Six weeks of agreement.")
    verdict()


# --- What stops the machine and returns its approvals ---


def halt(lead_user: User) -> None:
    phase.halt_sending(by=lead_user, reason="wrong footer")


def switch_off(lead_user: User) -> None:
    phase.set_auto_approval(False, by=lead_user, reason="I want to look.")


def demote(lead_user: User) -> None:
    promotion.demote_phase(by=lead_user, reason="numbers turned")


def one_complaint(lead_user: User) -> None:
    complained()
    guardrails.check_guardrails()


def two_complaints(lead_user: User) -> None:
    complained()
    complained()
    guardrails.check_guardrails()


def ill(lead_user: User) -> None:
    verdict(69, timezone.now() + timedelta(seconds=1))


def insufficient(lead_user: User) -> None:
    verdict(None, timezone.now() + timedelta(seconds=1))


def other_domain(lead_user: User) -> None:
    from django.conf import settings

    settings.GHL_FROM_EMAIL = "alex@nobody-judged.example.com"


STOPS = [
    (halt, "Sending is halted."),
    (switch_off, "Automatic approval is switched off."),
    (demote, "A person decides every email in this phase."),
    (one_complaint, "1 complaint in 7 days."),
    (two_complaints, "A person decides every email in this phase."),
    (ill, "Domain health is 69, under 70."),
    (insufficient, eligibility.NO_SCORE),
    (other_domain, "There is no verdict on domain health."),
]
every_stop = pytest.mark.parametrize(
    ("stop", "reason"), STOPS, ids=[stop.__name__ for stop, _ in STOPS]
)


@every_stop
def test_stopped_machine_approves_nothing(stop: Any, reason: str, lead_user: User) -> None:
    message = low()
    stop(lead_user)
    assert reason in eligibility.machine_hold_reasons(phase.current_control(), timezone.now())
    stays_held(message, reason)


@every_stop
def test_stopped_machine_returns_only_its_approvals(
    stop: Any, reason: str, lead_user: User, reviewer: User
) -> None:
    mine, theirs = low(), low()
    decisions.approve(theirs, 1, Decider(reviewer, "desk"))
    approval_sweep.approve_due()
    stop(lead_user)
    approval_sweep.approve_due()
    assert (now_is(mine).status, last_move(mine)) == ("held", ("held", "machine_returned", None))
    assert (now_is(mine).transport, now_is(mine).by_machine, now_is(mine).error) == ("", False, "")
    assert (now_is(theirs).status, last_move(theirs)[1]) == ("cleared", "approved")


@pytest.mark.parametrize(
    ("stop", "reason"), STOPS[1:], ids=[stop.__name__ for stop, _ in STOPS[1:]]
)
def test_stopped_machine_sends_none_of_its_approvals(
    stop: Any, reason: str, lead_user: User
) -> None:
    """Before any sweep has returned it. Also without the halt, which sending checks itself."""
    message = low()
    approval_sweep.approve_due()
    taken = move_message(
        now_is(message), "sending", "door", lease_until=timezone.now() + timedelta(minutes=3)
    )
    stop(lead_user)
    Control.objects.update(halted=False)

    with pytest.raises(SendStopped) as stopped:
        send_slots.claim_slot(taken)

    text = stop_texts.stop_text(stopped.value.code, stopped.value.arguments)
    assert stopped.value.code == "machine_returned"
    assert text.startswith("The machine may not approve it any more: ")
    assert SendIntent.objects.count() == 0


def test_old_verdict_stops_machine_until_next(clock: Any) -> None:
    message = low()
    approval_sweep.approve_due()
    clock.shift(timedelta(hours=6, minutes=1))
    approval_sweep.approve_due()
    assert (now_is(message).status, last_move(message)[1]) == ("held", "machine_returned")
    verdict()
    assert approval_sweep.approve_due() == 1


def test_persons_approvals_leave_after_phase_drop(lead_user: User, reviewer: User) -> None:
    mine, theirs = low(), low()
    decisions.approve(theirs, 1, Decider(reviewer, "desk"))
    approval_sweep.approve_due()
    promotion.demote_phase(by=lead_user, reason="numbers turned")
    assert (send.send_due(), now_is(theirs).status, now_is(mine).status) == (1, "sent", "held")
    assert SendIntent.objects.get().phase == "parallel"


def test_after_a_drop_to_shadow_nothing_leaves(lead_user: User, reviewer: User) -> None:
    theirs = low()
    decisions.approve(theirs, 1, Decider(reviewer, "desk"))
    promotion.demote_phase(to=Phase.SHADOW, by=lead_user, reason="numbers turned")
    assert (send.send_due(), now_is(theirs).status) == (0, "cleared")


def test_sent_and_held_emails_are_not_returned(lead_user: User) -> None:
    gone, waits = low(), low(intent=50)
    approval_sweep.approve_due()
    send.send_due()
    phase.halt_sending(by=lead_user, reason="test")
    assert approval_sweep.approve_due() == 0
    assert (now_is(gone).status, now_is(waits).status, waits.moves.count()) == ("sent", "held", 1)


# --- The switch ---


def test_every_change_of_the_switch_is_logged(lead_user: User) -> None:
    phase.set_auto_approval(
        True, by=lead_user, reason="The first weeks were good.", under_intent=70, no_warm=False
    )
    phase.set_auto_approval(True, by=lead_user, reason="again")
    rows = ControlChange.objects.exclude(what="phase").order_by("pk")
    assert list(rows.values_list("what", "before", "after", "by_name", "reason__text"))[1:] == [
        ("auto_max_intent", "40", "70", "lena", "The first weeks were good."),
        ("auto_no_warm", "on", "off", "lena", "The first weeks were good."),
    ]


@pytest.mark.parametrize("score", [-1, 101])
def test_limit_outside_scores_is_refused(score: int, lead_user: User) -> None:
    changes = ControlChange.objects.count()
    with pytest.raises(phase.ChangeNotAllowed, match="^under_intent: "):
        phase.set_auto_approval(False, by=lead_user, reason="test", under_intent=score)
    assert (phase.current_control().auto_approve, ControlChange.objects.count()) == (True, changes)


def test_phase_drop_turns_automatic_approval_off(lead_user: User) -> None:
    phase.change_phase(Phase.PARALLEL, by=lead_user, reason="numbers turned")
    phase.change_phase(Phase.ASSISTED, by=lead_user, reason="numbers are back")
    assert phase.current_control().auto_approve is False
    assert (
        ControlChange.objects.filter(what="auto_approve").latest("pk").reason.text
        == "numbers turned"
    )


def test_phase_rise_keeps_automatic_approval(lead_user: User) -> None:
    phase.change_phase(Phase.AUTONOMOUS, by=lead_user, reason="test")
    assert phase.current_control().auto_approve is True


def test_late_decision_names_the_machine(reviewer: User) -> None:
    message = low()
    approval_sweep.approve_due()
    with pytest.raises(
        decisions.DecisionConflict,
        match=r"^The machine approved this email at 10:00\u00a0AM\u00a0ET\. Your decision",
    ):
        decisions.approve(now_is(message), 1, Decider(reviewer, "desk"))
    assert Decision.objects.count() == 0


class TestCommand:
    def run(self, *args: str) -> list[str]:
        out = StringIO()
        call_command("auto_approve", *args, "--reason", "because", stdout=out)
        return out.getvalue().splitlines()

    def test_lead_turns_it_on_and_sees_reasons(self, lead_user: User) -> None:
        phase.change_phase(Phase.PARALLEL, by=None, reason="test")
        assert self.run(
            "--on", "--as", "lena", "--under-intent", "60", "--warm-connections", "yes"
        ) == [
            "Automatic approval is on.",
            "It approves nothing yet: A person decides every email in this phase.",
        ]
        row = phase.current_control()
        assert (row.auto_approve, row.auto_max_intent, row.auto_no_warm_connections) == (
            True,
            60,
            False,
        )

    def test_a_reviewer_turns_it_off(self, reviewer: User) -> None:
        assert self.run("--off", "--as", "rita") == ["Automatic approval is off."]
        assert not phase.current_control().auto_approve

    @pytest.mark.parametrize(
        "args",
        [["--on"], ["--off", "--under-intent", "90"], ["--off", "--warm-connections", "yes"]],
    )
    def test_a_reviewer_loosens_nothing(self, reviewer: User, args: list[str]) -> None:
        before, changes = phase.current_control(), ControlChange.objects.count()
        with pytest.raises(CommandError, match="rita does not have outreach.auto_approve"):
            self.run(*args, "--as", "rita")
        assert (phase.current_control().auto_max_intent, ControlChange.objects.count()) == (
            before.auto_max_intent,
            changes,
        )

    def test_a_score_that_is_none_is_refused(self, lead_user: User) -> None:
        with pytest.raises(CommandError, match="^under_intent: 101"):
            self.run("--on", "--as", "lena", "--under-intent", "101")

    def test_one_json_document(self, lead_user: User) -> None:
        assert json.loads("\n".join(self.run("--on", "--as", "lena", "--json"))) == {
            "switched_on": True,
            "waits_for": [],
        }
