"""What a breach does, once: alert, or halt and drop one phase."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone

from approvals.escalation import escalation
from approvals.models import Notice
from caio_project.lib import calendar
from leads.models import Alarm, Suppression
from outreach.choices import Phase
from outreach.control import phase
from outreach.guardrails import guardrails
from outreach.limits import current_limits
from outreach.models import ControlChange, DailySlots, Message, SendIntent
from outreach.sending import send, send_slots
from tests import factories
from tests.fakes.ghl import FakeGhl
from tests.outreach.conftest import WORKING
from tests.outreach.guardrails.guardrail_steps import (
    DOMAIN,
    acted,
    came_back,
    healthy,
    moved,
    now_in,
)

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


# --- What a breach does ---


def test_alert_raises_alarm_and_sending_continues() -> None:
    event = came_back("complained")
    (row,) = guardrails.check_guardrails()
    assert acted() == [("complaints", "alert", "alerted")]
    assert (row.events, row.phase_before, row.phase_after) == (
        [f"complained:{event.message_id}"],
        "autonomous",
        "autonomous",
    )
    assert now_in() == ("autonomous", False)
    escalation.create_alarm_notices()
    assert Notice.objects.get().text == (
        "Guardrail: 1 complaint in 7 days. The machine approves nothing until it is over."
    )


def test_a_breach_during_a_halt_by_a_person_is_said_before_and_after_resuming(
    client: Client, lead_user: User
) -> None:
    """The reason of the halt stays the person's, who knew nothing of the breach."""
    client.force_login(lead_user)
    phase.halt_sending(by=lead_user, reason="A look at the footer.")
    assert "safety limit is reached" not in client.get("/sales/resume").content.decode()
    for _ in range(3):
        came_back("complained")
    guardrails.check_guardrails()
    page = client.get("/sales/resume").content.decode()
    assert "A look at the footer." in page
    assert "A safety limit is reached." in page and "3 complaints in 7 days." in page
    for options, words in (
        ([], "In spite of a safety limit that is reached: 3 complaints"),
        (["--json"], '"in_spite_of": ["3 complaints in 7 days."]'),
    ):
        said = StringIO()
        call_command("resume_sending", "--as", "lena", "--reason", "mended", *options, stdout=said)
        assert words in " ".join(said.getvalue().split()).replace("[ ", "[").replace(" ]", "]")
    assert not phase.current_control().halted


def test_a_halt_drops_one_phase_and_says_why() -> None:
    for _ in range(3):
        came_back("complained")
    (row,) = guardrails.check_guardrails()
    assert acted() == [("complaints", "halt", "dropped")]
    assert (row.phase_before, row.phase_after) == ("autonomous", "assisted")
    control = phase.current_control()
    assert (control.phase, control.halted, control.halted_by) == ("assisted", True, "guardrail")
    assert control.halt_reason == control.phase_reason == "3 complaints in 7 days."
    changes = ControlChange.objects.order_by("pk").values_list(
        "what", "before", "after", "by_name", "override"
    )
    assert list(changes)[1:] == [
        ("halt", "open", "halted", "guardrail", False),
        ("phase", "autonomous", "assisted", "guardrail", False),
    ]
    assert guardrails.standing_halts() == ["3 complaints in 7 days."]
    escalation.create_alarm_notices()
    assert Notice.objects.get().text == (
        "Guardrail: 3 complaints in 7 days. "
        "Sending is halted, and the phase dropped from Autonomous to Assisted."
    )


@pytest.mark.parametrize(
    ("before", "after", "action"),
    [
        (Phase.AUTONOMOUS, "assisted", "dropped"),
        (Phase.ASSISTED, "parallel", "dropped"),
        (Phase.PARALLEL, "shadow", "dropped"),
        (Phase.SHADOW, "shadow", "halted"),
    ],
)
def test_shadow_is_the_floor(before: Phase, after: str, action: str) -> None:
    if before != Phase.AUTONOMOUS:
        phase.change_phase(before, by=None, reason="test")
    for _ in range(3):
        came_back("complained")
    guardrails.check_guardrails()
    assert (now_in(), acted()) == ((after, True), [("complaints", "halt", action)])


def test_later_events_drop_no_further_phase() -> None:
    for _ in range(3):
        came_back("complained")
    guardrails.check_guardrails()
    for _ in range(3):
        assert guardrails.check_guardrails() == []
    came_back("complained")
    for _ in range(3):
        came_back("bounced")
    guardrails.check_guardrails()
    assert acted() == [
        ("complaints", "halt", "dropped"),
        ("complaints", "halt", "noted"),
        ("hard_bounces", "halt", "noted"),
    ]
    assert now_in() == ("assisted", True)


def test_new_event_after_resume_halts_again(lead_user: User, clock: Any) -> None:
    for _ in range(3):
        came_back("complained")
    guardrails.check_guardrails()
    phase.resume_sending(by=lead_user, reason="Both were the same person at two addresses.")
    clock.shift(60)
    assert (guardrails.check_guardrails(), now_in()) == ([], ("assisted", False))
    came_back("complained")
    guardrails.check_guardrails()
    assert (acted()[-1], now_in()) == (("complaints", "halt", "dropped"), ("parallel", True))


def test_shrinking_count_does_not_act_again(lead_user: User, clock: Any) -> None:
    for _ in range(2):
        came_back("bounced", timedelta(hours=2))
    came_back("bounced")
    guardrails.check_guardrails()
    phase.resume_sending(by=lead_user, reason="The list was cleaned.")
    clock.shift(DAY - HOUR)  # two are gone, one stands, which acted before
    healthy()
    assert (guardrails.check_guardrails(), len(acted()), now_in()) == ([], 1, ("assisted", False))


def test_breach_during_manual_halt_drops_phase(reviewer: User) -> None:
    phase.halt_sending(by=reviewer, reason="wrong footer")
    for _ in range(3):
        came_back("complained")
    guardrails.check_guardrails()
    assert (now_in(), phase.current_control().halted_by) == (("assisted", True), "rita")
    for _ in range(3):
        came_back("bounced")
    guardrails.check_guardrails()
    assert (now_in(), acted()[-1]) == (("assisted", True), ("hard_bounces", "halt", "noted"))


def test_growing_alert_repeats_and_finished_one_closes(clock: Any) -> None:
    for _ in range(2):
        moved("failed", "refused")
        guardrails.check_guardrails()
        guardrails.check_guardrails()
    assert acted() == [("send_errors", "alert", "alerted")] * 2
    assert Alarm.objects.get(closed_at=None).text.startswith(
        "Guardrail: 2 send errors in 48 hours."
    )
    clock.shift(timedelta(hours=49))
    healthy()
    assert Alarm.objects.filter(closed_at=None).count() == 0
    assert now_in() == ("autonomous", False)


# --- While sending ---


@pytest.fixture
def ready(ghl: FakeGhl, sender: Any) -> FakeGhl:
    return ghl


def test_sending_acts_on_unchecked_events(ready: FakeGhl) -> None:
    message = factories.cleared_email()
    for _ in range(3):
        came_back("complained")
    assert send.send_due() == 0
    assert (ready.requests(), now_in()) == ([], ("assisted", True))
    message.refresh_from_db()
    assert (message.status, SendIntent.objects.count(), DailySlots.objects.count()) == (
        "cleared",
        0,
        0,
    )


@pytest.mark.parametrize(
    "leaves",
    [send.send_due, lambda: send_slots.claim_slot(Message.objects.get())],
    ids=["sweep", "claim"],
)
def test_where_counting_fails_nothing_leaves(ready: FakeGhl, leaves: Any) -> None:
    factories.cleared_email()
    with pytest.raises(DatabaseError, match="outreach_emailevent"), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE outreach_emailevent RENAME TO out_of_reach")
        leaves()
    assert (ready.requests(), SendIntent.objects.count(), DailySlots.objects.count()) == ([], 0, 0)
    assert Message.objects.get().status == "cleared"


# --- Blocked by receivers ---


def test_one_block_alerts_and_sending_continues() -> None:
    came_back("blocked")
    guardrails.check_guardrails()
    assert acted() == [("blocked", "alert", "alerted")]
    assert phase.current_control().rest_until is None


def test_two_blocks_in_a_day_end_the_day(ghl: FakeGhl) -> None:
    for _ in range(2):
        came_back("blocked")
    guardrails.check_guardrails()
    assert acted() == [("blocked", "alert", "deferred")]
    assert now_in() == ("autonomous", False)
    row = phase.current_control()
    assert row.rest_until == calendar.next_day(timezone.now(), "America/New_York")
    assert send.send_due() == 0
    message = factories.cleared_email()
    assert send.send_due() == 0 and not SendIntent.objects.exists()
    limit = current_limits.binding_limit(message, row, timezone.now())
    assert limit is not None and (limit.limit, limit.until) == ("rest", row.rest_until)
    assert limit.text == "nothing more is sent today: 2 blocks by receivers in 24 hours."


def test_on_the_next_day_sending_goes_on(ghl: FakeGhl, clock: Any) -> None:
    for _ in range(2):
        came_back("blocked")
    guardrails.check_guardrails()
    message = factories.cleared_email()
    clock.move_to(WORKING + DAY, tick=False)
    healthy()
    send.send_due()
    message.refresh_from_db()
    assert message.status == "sent"


def test_two_blocks_that_nobody_has_acted_upon_hold_the_claim(ghl: FakeGhl) -> None:
    message = factories.cleared_email()
    for _ in range(2):
        came_back("blocked")
    row = phase.current_control()
    breach = guardrails.unhandled_halt(guardrails.breaches_at_claim(timezone.now(), row))
    assert breach is not None and breach.defers
    assert send.send_due() == 0 and not SendIntent.objects.exists()
    message.refresh_from_db()
    assert (message.status, phase.current_control().rest_until is not None) == ("cleared", True)


def test_the_third_block_in_a_week_halts_and_drops() -> None:
    for ago in (timedelta(days=6), timedelta(days=3), timedelta()):
        came_back("blocked", ago)
    guardrails.check_guardrails()
    assert acted() == [("blocked", "halt", "dropped")]
    assert now_in() == ("assisted", True)


def test_a_block_leaves_address_and_lead_as_they_are() -> None:
    event = came_back("blocked")
    guardrails.check_guardrails()
    lead = event.message.lead
    lead.refresh_from_db()
    assert not lead.email_invalid and not Suppression.objects.exists()


@pytest.mark.parametrize(
    ("name", "complaints", "level"),
    [("assisted", 2, "halt"), ("autonomous", 2, "alert"), ("autonomous", 3, "halt")],
)
def test_a_hundred_a_day_allow_one_complaint_more(name: Phase, complaints: int, level: str) -> None:
    if name != Phase.AUTONOMOUS:
        phase.change_phase(name, by=None, reason="test")
    for _ in range(complaints):
        came_back("complained")
    guardrails.check_guardrails()
    assert [one[:2] for one in acted()] == [("complaints", level)]
