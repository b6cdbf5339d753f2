"""A new sending domain sends few emails a day, and more from week to week."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.utils import timezone

from outreach.control import phase
from outreach.limits import current_limits, limit_rules, sending_domains, warm_up
from outreach.limits.limit_rules import DailyLimit
from outreach.models import ControlChange, Message, SendingDomain, SendIntent
from outreach.sending import send, send_slots
from tests import factories
from tests.fakes.ghl import FakeGhl
from tests.outreach.conftest import WORKING

DOMAIN = "mail.ours.example.com"  # of the fake's GHL_FROM_EMAIL
TODAY = date(2026, 3, 3)


# --- The rule ---


@pytest.mark.parametrize(
    ("day", "daily"),
    [
        (0, 20),
        (6, 20),
        (7, 40),
        (13, 40),
        (14, 60),
        (20, 60),
        (21, 80),
        (27, 80),
        (28, 100),
        (34, 100),
        (35, None),
    ],
)
def test_each_week_has_its_cap(day: int, daily: int | None) -> None:
    found = warm_up.warm_up_on(DOMAIN, TODAY, TODAY + timedelta(days=day))
    assert (found and found.daily) == daily


def test_domain_not_begun_is_in_first_week() -> None:
    assert warm_up.warm_up_on(DOMAIN, None, TODAY).daily == 20
    assert warm_up.warm_up_on(DOMAIN, TODAY + timedelta(days=1), TODAY).week == 1


def test_later_day_begins_with_nothing_used() -> None:
    used = warm_up.warm_up_on(DOMAIN, TODAY, TODAY, used=20)
    assert warm_up.moved_to_day(used, TODAY) == used
    assert warm_up.moved_to_day(used, TODAY + timedelta(days=7)) == warm_up.WarmUp(
        DOMAIN, TODAY, TODAY + timedelta(days=7), 0
    )
    assert warm_up.moved_to_day(used, TODAY + timedelta(days=35)) is None


@pytest.mark.parametrize(
    ("phase_cap", "phase_used", "cap", "used", "strictest"),
    [
        (25, 0, 20, 0, DailyLimit(20, 0)),
        (25, 24, 40, 24, DailyLimit(25, 24)),
        (25, 18, 20, 3, DailyLimit(25, 18)),  # the others went into the sandbox
        (0, 0, 20, 0, DailyLimit(0, 0)),
    ],
)
def test_stricter_of_phase_and_warm_up_holds(
    phase_cap: int, phase_used: int, cap: int, used: int, strictest: DailyLimit
) -> None:
    at = limit_rules.CurrentLimits(
        now=WORKING,
        zone="America/New_York",
        phase="parallel",
        halted=False,
        daily=phase_cap,
        hourly=15,
        domain_hourly=3,
        gap=timedelta(0),
        used_today=phase_used,
        warm_up=warm_up.WarmUp(
            DOMAIN, TODAY - timedelta(days=7 * warm_up.CAPS_BY_WEEK.index(cap)), TODAY, used
        ),
    )
    assert at.of_day == strictest


# --- While sending ---


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    with time_machine.travel(WORKING, tick=False) as traveller:
        yield traveller


def left_before(
    count: int, *, outcome: str = "sent", domain: str = DOMAIN, day: date = TODAY
) -> None:
    """So many of today's emails, an hour and more ago."""
    for _ in range(count):
        lead = factories.LeadFactory()
        SendIntent.objects.create(
            message=Message.objects.create(lead=lead, status="sent", to_address=lead.email),
            transport="ghl",
            phase="parallel",
            day=day,
            domain="elsewhere.test",
            from_domain=domain,
            outcome=outcome,
            claimed_at=timezone.now() - timedelta(hours=2),
        )


def state(message: Message) -> str:
    return Message.objects.get(pk=message.pk).status


def why(message: Message) -> limit_rules.BindingLimit | None:
    return current_limits.binding_limit(
        Message.objects.get(pk=message.pk), phase.current_control(), timezone.now()
    )


@pytest.mark.django_db
@pytest.mark.usefixtures("sender", "loose")
class TestDoor:
    def test_unknown_domain_begins_with_first_email(self, ghl: FakeGhl) -> None:
        message = factories.cleared_email()
        assert why(message) is None
        assert SendingDomain.objects.count() == 0  # looking begins nothing
        assert send.send_due() == 1
        row = SendingDomain.objects.get()
        assert (row.name, row.warm_up_since, row.set_by) == (DOMAIN, TODAY, "the system")
        change = ControlChange.objects.get()
        assert (change.what, change.before, change.after) == ("warm_up", "new", "from 2026-03-03")
        assert change.reason.text == f"{DOMAIN}: Its first email leaves."
        assert SendIntent.objects.get().from_domain == DOMAIN

    def test_email_21_waits_for_tomorrow(self, ghl: FakeGhl, clock: Any) -> None:
        left_before(19)
        first, second = factories.cleared_email(), factories.cleared_email()
        assert send.send_due() == 1
        assert (state(first), state(second), len(ghl.sent_emails())) == ("sent", "cleared", 1)
        wait, morning = why(second), datetime(2026, 3, 4, 5, tzinfo=UTC)
        assert (wait.limit, wait.until) == ("warm_up", morning)
        assert wait.text == f"warm-up of {DOMAIN}, week 1: 20 of 20 sent today"
        clock.move_to(morning - timedelta(seconds=1))
        assert send.send_due() == 0
        clock.move_to(morning)
        assert send.send_due() == 1

    def test_the_phase_holds_where_it_allows_less(self, ghl: FakeGhl, lead_user: User) -> None:
        sending_domains.start_warm_up(DOMAIN, by=lead_user, reason="new")
        SendingDomain.objects.update(warm_up_since=TODAY - timedelta(days=7))
        phase.current_control()
        left_before(24)
        send_slots.DailySlots.objects.create(day=TODAY, used=24)
        first, second = factories.cleared_email(), factories.cleared_email()
        assert send.send_due() == 1
        assert (state(first), state(second), why(second).limit) == ("sent", "cleared", "daily")

    @pytest.mark.parametrize("outcome", ["open", "sent", "uncertain"])
    def test_sent_and_uncertain_emails_count(self, ghl: FakeGhl, outcome: str) -> None:
        left_before(20, outcome=outcome)
        message = factories.cleared_email()
        assert send.send_due() == 0
        assert (state(message), ghl.sent_emails(), SendIntent.objects.count()) == (
            "cleared",
            [],
            20,
        )

    def test_only_todays_sends_from_domain_count(self, ghl: FakeGhl) -> None:
        left_before(20, outcome="refused")
        left_before(20, outcome="not_sent")
        left_before(20, day=TODAY - timedelta(days=1))
        left_before(20, domain="other.example.com")
        left_before(20, domain="")  # into the sandbox
        factories.cleared_email()
        assert send.send_due() == 1

    def test_an_established_domain_has_the_phases_cap_alone(
        self, ghl: FakeGhl, lead_user: User
    ) -> None:
        sending_domains.mark_established(DOMAIN, by=lead_user, reason="It has sent for years.")
        left_before(20)
        message = factories.cleared_email()
        assert (send.send_due(), state(message)) == (1, "sent")
        assert ControlChange.objects.count() == 1  # what was said, and no beginning

    def test_the_sandbox_warms_nothing_up(self, settings: Any) -> None:
        settings.GHL_FROM_EMAIL = f"alex@{DOMAIN}"
        left_before(20)
        factories.cleared_email()
        assert send.send_due() == 1
        assert SendIntent.objects.latest("pk").from_domain == ""
        assert (SendingDomain.objects.count(), ControlChange.objects.count()) == (0, 0)

    def test_another_domain_begins_anew(self, ghl: FakeGhl, settings: Any, lead_user: User) -> None:
        sending_domains.mark_established(DOMAIN, by=lead_user, reason="It has sent for years.")
        settings.GHL_FROM_EMAIL = "alex@new.example.com"
        left_before(20, domain="new.example.com")
        message = factories.cleared_email()
        assert (send.send_due(), why(message).limit) == (0, "warm_up")

    def test_a_domain_started_again_counts_what_left_today(
        self, ghl: FakeGhl, lead_user: User
    ) -> None:
        sending_domains.mark_established(DOMAIN, by=lead_user, reason="It has sent for years.")
        left_before(22)
        sending_domains.start_warm_up(DOMAIN, by=lead_user, reason="Mailbox providers complain.")
        message = factories.cleared_email()
        assert (send.send_due(), why(message).text) == (
            0,
            f"warm-up of {DOMAIN}, week 1: 22 of 20 sent today",
        )

    def test_week_turns_at_the_teams_midnight(self, ghl: FakeGhl, clock: Any) -> None:
        """Begun when the clocks go forward: the second week begins at 04:00 UTC, not at 05:00."""
        SendingDomain.objects.create(name=DOMAIN, warm_up_since=date(2026, 3, 8), set_by="test")
        clock.move_to(datetime(2026, 3, 15, 3, 59, 59, tzinfo=UTC))
        assert sending_domains.current_warm_up(timezone.now()).week == 1
        clock.move_to(datetime(2026, 3, 15, 4, 0, tzinfo=UTC))
        assert sending_domains.current_warm_up(timezone.now()).week == 2
