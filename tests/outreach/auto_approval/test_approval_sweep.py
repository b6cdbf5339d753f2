"""Automatic approval: what the machine approves, and what it leaves to people."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from approvals.decisions import claims
from approvals.models import Decision
from leads.suppression import suppression
from outreach.auto_approval import approval_sweep
from outreach.choices import MoveCode, Phase
from outreach.contact_history import ghl_check
from outreach.control import phase
from outreach.lifecycle.transitions import StaleMessage
from outreach.models import Control, EmailEvent, Message
from outreach.review import ghl_lookup, review_actions
from outreach.sending import send
from tests import factories
from tests.fakes.ghl import FakeGhl
from tests.outreach.auto_approval.approval_steps import (
    DOMAIN,
    last_move,
    low,
    now_is,
    reasons,
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


# --- What the machine approves ---


def test_machine_approves_a_faultless_low_email(settings: Any) -> None:
    settings.UNDO_SECONDS = 30
    message = low()
    assert approval_sweep.approve_due() == 1
    cleared = now_is(message)
    assert (cleared.status, cleared.by_machine, cleared.transport) == ("cleared", True, "sandbox")
    assert last_move(message) == ("cleared", "machine", None)
    assert cleared.waiting_for == "undo" and cleared.not_before == cleared.cleared_at + timedelta(
        seconds=30
    )
    assert Decision.objects.count() == 0  # never evidence for latency, agreement or quality
    assert approval_sweep.approve_due() == 0


def test_machine_approved_email_is_sent_once_and_marked() -> None:
    message = low()
    approval_sweep.approve_due()
    assert (send.send_due(), send.send_due()) == (1, 0)
    assert (now_is(message).status, now_is(message).by_machine) == ("sent", True)


@pytest.mark.parametrize(
    ("to", "under", "intent", "warm", "cleared"),
    [
        (Phase.PARALLEL, 100, 10, False, False),
        (Phase.ASSISTED, 40, 39, False, True),
        (Phase.ASSISTED, 100, 40, False, False),  # WARM is a person's
        (Phase.ASSISTED, 30, 30, False, False),
        (Phase.ASSISTED, 30, 29, False, True),
        (Phase.AUTONOMOUS, 40, 40, False, False),
        (Phase.AUTONOMOUS, 60, 40, False, True),
        (Phase.AUTONOMOUS, 100, 69, False, True),
        (Phase.AUTONOMOUS, 100, 70, False, False),  # HOT is a person's
        (Phase.AUTONOMOUS, 100, 10, True, False),
    ],
)
def test_phase_switch_and_limits_say_which(
    to: Phase, under: int, intent: int, warm: bool, cleared: bool, lead_user: User
) -> None:
    Control.objects.update(phase=to)
    phase.set_auto_approval(True, by=lead_user, reason="test", under_intent=under)
    message = low(
        intent=intent, warm={"member": "Lena", "kind": "known", "sentence": "x"} if warm else None
    )
    approval_sweep.approve_due()
    assert now_is(message).status == ("cleared" if cleared else "held")


def test_warm_connection_needs_the_leads_setting(lead_user: User) -> None:
    Control.objects.update(phase=Phase.AUTONOMOUS)
    message = low(warm={"member": "Lena", "kind": "known", "sentence": "x"})
    stays_held(message, "there is a warm connection")
    phase.set_auto_approval(True, by=lead_user, reason="test", no_warm=False)
    Message.objects.update(machine_looks_at=timezone.now())
    assert approval_sweep.approve_due() == 1


def test_delivered_address_counts_as_verified() -> None:
    message = low(verified=False)
    stays_held(message, "the address is not verified")
    before = Message.objects.create(
        lead=factories.LeadFactory(), status="sent", transport="ghl", to_address=message.to_address
    )
    EmailEvent.objects.create(
        key="d", message=before, kind="delivered", source="w", at=timezone.now()
    )
    assert reasons(message) == ()
    EmailEvent.objects.create(
        key="b", message=before, kind="bounced", source="w", at=timezone.now()
    )
    assert "the address is not verified" in reasons(message)


# --- What it leaves to people ---


def test_automatic_approval_is_off_by_default(lead_user: User) -> None:
    phase.set_auto_approval(False, by=lead_user, reason="test")
    stays_held(low(), "Automatic approval is switched off.")


def test_current_score_counts_not_the_drafts() -> None:
    message = low()
    factories.AssessmentFactory(lead=message.lead, intent=80, tier="tier_1")
    stays_held(message, "HOT emails are decided by a person in this phase")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"country": ""}, "the recipient's country is not known"),
        ({"country": "DE"}, "DE is not an allowed country"),
        ({"email_verified": False}, "the address is not verified"),
        ({"email": "other@elsewhere.test"}, "the person has another address by now"),
        ({"kind": "test"}, "it is to nobody real"),
    ],
)
def test_current_facts_of_the_lead_decide(changes: dict[str, Any], reason: str) -> None:
    message = low()
    type(message.lead).objects.filter(pk=message.lead_id).update(**changes)
    stays_held(message, reason)


@pytest.mark.parametrize("kind", ["test", "training", "example"])
def test_leads_not_live_are_left_to_people(kind: str) -> None:
    stays_held(low(lead={"kind": kind}), "it is to nobody real")


def test_phrase_without_source_needs_a_person() -> None:
    message = low()
    text = message.text
    type(text).objects.filter(pk=text.pk).update(
        phrases=[{"text": "raised a Series B", "field": "news", "source": ""}]
    )
    stays_held(message, "a phrase has no source")


def test_newly_failing_check_needs_a_person(settings: Any) -> None:
    message = low()
    settings.POSTAL_ADDRESS = "2 Other Street, Columbus, OH 43004"  # not the one in its footer
    stays_held(message, "a guard did not pass")


def test_critical_emails_need_a_person() -> None:
    message = low()
    Message.objects.filter(pk=message.pk).update(critical_reason="They answered.")
    stays_held(now_is(message), "CRITICAL emails are decided by a person in this phase")


def test_opened_email_needs_a_person(reviewer: User) -> None:
    message = low()
    review_actions.mark_opened(message)
    stays_held(now_is(message), "a person has opened it")


def test_claimed_email_needs_a_person(reviewer: User) -> None:
    message = low()
    claims.claim_message(message, reviewer)
    stays_held(now_is(message), "a person has opened it")


def test_email_opened_meanwhile_is_not_approved() -> None:
    message = low()
    review_actions.mark_opened(now_is(message))
    with pytest.raises(StaleMessage):
        review_actions.approve_email(message, message.version, by=None, why=MoveCode.MACHINE)
    assert now_is(message).status == "held"


def test_undone_email_needs_a_person(reviewer: User) -> None:
    message = low()
    approval_sweep.approve_due()
    review_actions.undo_approval(now_is(message), by=reviewer)
    stays_held(now_is(message), "a person has decided about it before")


def test_edited_email_needs_a_person(reviewer: User) -> None:
    message = low()
    text = message.text
    review_actions.edit_text(
        message, 1, subject=text.subject, body=f"{text.body}\n\nA word more.", by=reviewer
    )
    stays_held(now_is(message), "a person has written in it")


def test_email_returned_by_sending_needs_a_person() -> None:
    message = low()
    Message.objects.filter(pk=message.pk).update(
        error="There is a message from this person at GoHighLevel."
    )
    stays_held(now_is(message), "There is a message from this person at GoHighLevel.")


def test_suppressed_recipient_is_not_approved() -> None:
    message = low()
    suppression.suppress(message.to_address, "unsubscribed", "test", message.lead)
    assert (approval_sweep.approve_due(), now_is(message).status) == (0, "held")


def test_refused_candidate_is_rechecked_later(clock: Any) -> None:
    refused, good = low(verified=False), low()
    assert approval_sweep.approve_due(batch=1) == 0
    assert approval_sweep.approve_due(batch=1) == 1
    assert now_is(good).status == "cleared"
    type(refused.lead).objects.filter(pk=refused.lead_id).update(email_verified=True)
    assert approval_sweep.approve_due() == 0
    clock.shift(approval_sweep.RECHECK_AFTER)
    assert approval_sweep.approve_due() == 1


def test_live_emails_wait_for_ghl_check(ghl: FakeGhl) -> None:
    message = low()
    stays_held(message, "it is not checked at GoHighLevel, or too long ago")
    assert ghl_lookup.check_due() == 1
    assert (approval_sweep.approve_due(), now_is(message).transport) == (1, "ghl")
    assert send.send_due() == 1
    assert len(ghl.sent_emails(message.to_address)) == 1


def test_findings_at_ghl_need_a_person(ghl: FakeGhl) -> None:
    message = low()
    ghl.add_outbound(ghl.add_contact(message.to_address))
    ghl_lookup.check_due()
    assert now_is(message).critical_reason.startswith("GoHighLevel shows an email to them")
    stays_held(now_is(message), "CRITICAL emails are decided by a person in this phase")


def test_old_ghl_check_is_repeated(ghl: FakeGhl, clock: Any, lead_user: User) -> None:
    phase.set_auto_approval(False, by=lead_user, reason="test")
    message = low()
    ghl_lookup.check_due()
    clock.shift(ghl_check.FRESH_FOR + timedelta(seconds=1))
    phase.set_auto_approval(True, by=lead_user, reason="test")
    assert (approval_sweep.approve_due(), now_is(message).status) == (0, "held")
    assert ghl_lookup.check_due() == 1
    clock.shift(approval_sweep.RECHECK_AFTER)
    assert approval_sweep.approve_due() == 1


def test_ghl_check_grown_old_after_approval_holds_nothing(ghl: FakeGhl, clock: Any) -> None:
    """The door asks GoHighLevel itself."""
    message = low()
    ghl_lookup.check_due()
    approval_sweep.approve_due()
    clock.shift(ghl_check.FRESH_FOR + timedelta(seconds=1))
    verdict()
    assert (send.send_due(), now_is(message).status) == (1, "sent")
