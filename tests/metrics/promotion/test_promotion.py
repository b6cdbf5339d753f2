"""Up needs gates and a person, down needs nobody; a refusal changes nothing."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone

from metrics.gates import gate_evaluation
from metrics.models import GateEvaluation
from metrics.promotion import promotion
from outreach.choices import Phase
from outreach.control import phase
from outreach.limits import current_limits
from outreach.models import Control, ControlChange, EmailEvent, Message
from tests import factories
from tests.fakes.ghl import FakeGhl
from tests.races.conftest import at_once

pytestmark = pytest.mark.django_db

REASON = "The board wants it before the fair, all known."


def refused(to: Phase, **more: Any) -> list[str]:
    before = phase.current_control().phase
    with pytest.raises(promotion.NotPromoted) as error:
        promotion.promote_phase(to, by=None, **more)
    assert (phase.current_control().phase, ControlChange.objects.count()) == (before, 0)
    return error.value.reasons


def test_gates_that_do_not_pass_hold_the_phase() -> None:
    assert len(refused(Phase.ASSISTED)) == 6


def test_an_override_promotes_and_stays_marked(lead_user: User) -> None:
    promotion.promote_phase(Phase.ASSISTED, by=lead_user, override=True, reason=REASON)
    change = ControlChange.objects.get()
    assert (change.override, change.by, change.reason.text, change.after) == (
        True,
        lead_user,
        REASON,
        "assisted",
    )
    assert current_limits.read_limits(phase.current_control(), timezone.now()).daily == 50


def test_assisted_changes_only_the_cap(lead_user: User) -> None:
    promotion.promote_phase(Phase.ASSISTED, by=lead_user, override=True, reason=REASON)
    assert factories.held_email(intent=5, tier="tier_3", icp=10).status == "held"


def test_an_override_needs_a_reason() -> None:
    assert refused(Phase.ASSISTED, override=True, reason="because") == [
        "reason: an override needs one of 20 characters or more."
    ]


def test_an_override_replaces_nothing_but_the_gates(lead_user: User) -> None:
    assert "No phase can be skipped" in refused(Phase.AUTONOMOUS, override=True, reason=REASON)[0]
    Control.objects.update(halted=True)
    assert refused(Phase.ASSISTED, override=True, reason=REASON) == ["Sending is halted."]


def test_forty_eight_hours_pass_after_a_drop(lead_user: User) -> None:
    promotion.promote_phase(Phase.ASSISTED, by=lead_user, override=True, reason=REASON)
    promotion.demote_phase(by=lead_user, reason="numbers turned")
    with pytest.raises(promotion.NotPromoted, match="48 hours"):
        promotion.promote_phase(Phase.ASSISTED, by=lead_user, override=True, reason=REASON)
    with time_machine.travel(timezone.now() + timedelta(hours=49)):
        assert (
            promotion.promote_phase(
                Phase.ASSISTED, by=lead_user, override=True, reason=REASON
            ).phase
            == "assisted"
        )


@pytest.mark.parametrize(
    ("to", "why"),
    [(Phase.ASSISTED, "Assisted is not below Parallel"), (None, "moved it to Parallel")],
)
def test_a_drop_while_somebody_drops_further_raises_nothing(
    lead_user: User, monkeypatch: pytest.MonkeyPatch, to: Phase | None, why: str
) -> None:
    """The other one commits while this one waits for the lock; here one transaction holds both."""
    Control.objects.filter(pk=phase.current_control().pk).update(phase="autonomous")
    lock, dropped = phase.lock_control, []

    def lock_after_the_other() -> Control:
        if not dropped:
            dropped.append(True)
            promotion.demote_phase(to=Phase.PARALLEL, by=lead_user, reason="wrong names")
        return lock()

    monkeypatch.setattr(phase, "lock_control", lock_after_the_other)

    with pytest.raises(phase.ChangeNotAllowed, match=why):
        promotion.demote_phase(to=to, by=lead_user, reason="one down")

    assert not ControlChange.objects.filter(after=Phase.ASSISTED).exists()


@pytest.mark.postgres
@pytest.mark.usefixtures("committed")
def test_two_drops_at_once_never_raise_the_phase() -> None:
    for _ in range(6):
        Control.objects.filter(pk=phase.current_control().pk).update(phase="autonomous")
        last = ControlChange.objects.order_by("-pk").values_list("pk", flat=True).first() or 0

        at_once(
            lambda: promotion.demote_phase(to=Phase.PARALLEL, by=None, reason="wrong names"),
            lambda: promotion.demote_phase(to=Phase.ASSISTED, by=None, reason="one down"),
        )

        assert phase.current_control().phase == "parallel"
        changes = ControlChange.objects.filter(what="phase", pk__gt=last)
        assert not changes.filter(before="parallel").exists()


def complained(ago: timedelta) -> None:
    message = Message.objects.create(lead=factories.LeadFactory(), status="sent", transport="ghl")
    at = timezone.now() - ago
    EmailEvent.objects.create(
        key=f"{message.pk}", message=message, kind="complained", source="w", at=at, noted_at=at
    )


def test_a_breached_guardrail_blocks_promotion_during_its_window(lead_user: User) -> None:
    complained(timedelta(days=6))
    assert not any(
        "Guardrail" in reason for reason in refused(Phase.ASSISTED)
    )  # one alerts, and holds nothing
    complained(timedelta(days=5))
    assert refused(Phase.ASSISTED, override=True, reason=REASON) == [
        "Guardrail: 2 complaints in 7 days."
    ]
    with time_machine.travel(timezone.now() + timedelta(days=1, minutes=1)):
        assert (
            promotion.promote_phase(
                Phase.ASSISTED, by=lead_user, override=True, reason=REASON
            ).phase
            == "assisted"
        )


def test_going_up_to_a_lower_phase_is_refused() -> None:
    assert "use demote_phase" in refused(Phase.SHADOW)[0]


def test_a_drop_to_shadow_stops_approved_emails(lead_user: User) -> None:
    message = factories.cleared_email()
    promotion.demote_phase(to=Phase.SHADOW, by=lead_user, reason="numbers turned")
    wait = current_limits.binding_limit(message, phase.current_control(), timezone.now())
    assert wait is not None and wait.limit == "phase"
    assert Message.objects.get().status == "cleared"


def test_leaving_shadow_needs_a_green_write_at_ghl(lead_user: User, settings: Any) -> None:
    Control.objects.update(phase=Phase.SHADOW)
    why = ["GHL write: GoHighLevel is in the sandbox."]
    assert refused(Phase.PARALLEL) == why
    assert refused(Phase.PARALLEL, override=True, reason=REASON) == why


def test_a_green_write_lets_shadow_go(lead_user: User, ghl: FakeGhl) -> None:
    Control.objects.update(phase=Phase.SHADOW)
    assert promotion.promote_phase(Phase.PARALLEL, by=lead_user).phase == "parallel"
    assert [r.path for r in ghl.requests()] == ["/contacts/upsert"]


class TestCommands:
    def test_promotion_asks_who_answers(self, reviewer: User) -> None:
        with pytest.raises(CommandError, match="there is no active user 'nobody'"):
            call_command("promote_phase", "--to", "assisted", "--as", "nobody")
        with pytest.raises(CommandError, match="rita does not have outreach.promote"):
            call_command("promote_phase", "--to", "assisted", "--as", "rita")
        assert ControlChange.objects.count() == 0

    def test_promotion_and_demotion_by_command(self, lead_user: User) -> None:
        out = StringIO()
        call_command(
            "promote_phase",
            "--to",
            "assisted",
            "--as",
            "lena",
            "--override",
            "--reason",
            REASON,
            stdout=out,
        )
        call_command("demote_phase", "--as", "lena", "--reason", "numbers turned", stdout=out)
        assert out.getvalue().splitlines() == [
            "The phase is assisted now.",
            "The phase is parallel now.",
        ]

    def test_validation_exits_2_on_an_empty_database(self) -> None:
        out = StringIO()
        with pytest.raises(SystemExit) as end:
            call_command("validate_phase", "--target", "assisted", "--json", stdout=out)
        assert end.value.code == 2
        assert '"verdict": "insufficient"' in out.getvalue()

    def test_validation_prints_the_seven_checks(self) -> None:
        out = StringIO()
        with pytest.raises(SystemExit):
            call_command("validate_phase", stdout=out)
        for name in (
            "GHL write",
            "enrichment",
            "email quality",
            "domain health above 50",
            "warm connections found",
            "daily limit enforced",
            "pipeline connected",
        ):
            assert name in out.getvalue()

    def test_halt_and_resume_by_command(self, reviewer: User, lead_user: User) -> None:
        call_command("halt_sending", "--as", "rita", "--reason", "wrong footer", stdout=StringIO())
        assert phase.current_control().halted
        with pytest.raises(CommandError, match="does not have outreach.resume"):
            call_command("resume_sending", "--as", "rita", "--reason", "mended")
        assert phase.current_control().halted
        call_command("resume_sending", "--as", "lena", "--reason", "mended", stdout=StringIO())
        assert not phase.current_control().halted
        assert list(ControlChange.objects.values_list("before", "after").order_by("pk")) == [
            ("open", "halted"),
            ("halted", "open"),
        ]


def test_a_halt_while_the_gates_are_measured_holds_the_phase(
    lead_user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    measure = gate_evaluation.evaluate_gates

    def halted_meanwhile(target: str) -> Any:
        found = measure(target)
        phase.halt_sending(by=lead_user, reason="a complaint came in")
        return found

    monkeypatch.setattr(gate_evaluation, "evaluate_gates", halted_meanwhile)
    with pytest.raises(promotion.NotPromoted, match="Sending is halted"):
        promotion.promote_phase(Phase.ASSISTED, by=lead_user, override=True, reason=REASON)
    assert phase.current_control().phase == "parallel"
    assert not GateEvaluation.objects.exists()
