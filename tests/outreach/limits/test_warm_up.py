"""A new sending domain sends few emails a day, and more from week to week; who says that it need not is named."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from outreach.choices import Phase
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


# --- The rule ---------------------------------------------------------------------------------------------------------


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
def test_each_week_has_its_cap_and_the_sixth_has_none(day: int, daily: int | None) -> None:
    found = warm_up.warm_up_on(DOMAIN, TODAY, TODAY + timedelta(days=day))
    assert (found and found.daily) == daily


def test_a_domain_that_has_not_begun_is_in_its_first_week_and_so_is_one_that_begins_tomorrow() -> (
    None
):
    assert warm_up.warm_up_on(DOMAIN, None, TODAY).daily == 20
    assert warm_up.warm_up_on(DOMAIN, TODAY + timedelta(days=1), TODAY).week == 1


def test_a_later_day_begins_with_nothing_used_and_perhaps_in_another_week() -> None:
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
def test_of_phase_and_warm_up_the_one_that_leaves_less_holds(
    phase_cap: int, phase_used: int, cap: int, used: int, strictest: DailyLimit
) -> None:
    at = limit_rules.CurrentLimits(
        now=WORKING, zone="America/New_York", phase="parallel", halted=False, daily=phase_cap, hourly=15,
        domain_hourly=3, gap=timedelta(0), used_today=phase_used,
        warm_up=warm_up.WarmUp(DOMAIN, TODAY - timedelta(days=7 * warm_up.CAPS_BY_WEEK.index(cap)), TODAY, used),
    )  # fmt: skip
    assert at.of_day == strictest


# --- At the door ------------------------------------------------------------------------------------------------------


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
            message=Message.objects.create(lead=lead, status="sent", to_address=lead.email), transport="ghl",
            phase="parallel", day=day, domain="elsewhere.test", from_domain=domain, outcome=outcome,
            claimed_at=timezone.now() - timedelta(hours=2),
        )  # fmt: skip


def state(message: Message) -> str:
    return Message.objects.get(pk=message.pk).status


def why(message: Message) -> limit_rules.BindingLimit | None:
    return current_limits.binding_limit(
        Message.objects.get(pk=message.pk), phase.current_control(), timezone.now()
    )


@pytest.mark.django_db
@pytest.mark.usefixtures("sender", "loose")
class TestDoor:
    def test_a_domain_nobody_spoke_of_is_new_and_begins_with_its_first_email(
        self, ghl: FakeGhl
    ) -> None:
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

    def test_of_the_first_week_the_twentieth_leaves_and_the_next_waits_for_the_next_day(
        self, ghl: FakeGhl, clock: Any
    ) -> None:
        left_before(19)
        first, second = factories.cleared_email(), factories.cleared_email()
        assert send.send_due() == 1
        assert (state(first), state(second), len(ghl.sent_emails())) == ("sent", "cleared", 1)
        wait, morning = why(second), datetime(2026, 3, 4, 5, tzinfo=UTC)
        assert (wait.limit, wait.until) == ("warm_up", morning)
        assert wait.text == f"20 of 20 sent today in week 1 of {DOMAIN}"
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
    def test_what_left_or_may_have_counts(self, ghl: FakeGhl, outcome: str) -> None:
        left_before(20, outcome=outcome)
        message = factories.cleared_email()
        assert send.send_due() == 0
        assert (state(message), ghl.sent_emails(), SendIntent.objects.count()) == (
            "cleared",
            [],
            20,
        )

    def test_what_did_not_leave_left_another_day_or_from_another_domain_does_not_count(
        self, ghl: FakeGhl
    ) -> None:
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
            f"22 of 20 sent today in week 1 of {DOMAIN}",
        )

    def test_the_week_turns_at_the_teams_midnight_also_when_clocks_change(
        self, ghl: FakeGhl, clock: Any
    ) -> None:
        """Begun on the Sunday on which the clocks go forward: its second week begins at 04:00 UTC, not at 05:00."""
        SendingDomain.objects.create(name=DOMAIN, warm_up_since=date(2026, 3, 8), set_by="test")
        clock.move_to(datetime(2026, 3, 15, 3, 59, 59, tzinfo=UTC))
        assert sending_domains.current_warm_up(timezone.now()).week == 1
        clock.move_to(datetime(2026, 3, 15, 4, 0, tzinfo=UTC))
        assert sending_domains.current_warm_up(timezone.now()).week == 2


# --- Who says so ------------------------------------------------------------------------------------------------------


def run(*args: str) -> str:
    out = StringIO()
    call_command("warm_up", *args, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
class TestSaying:
    def test_a_lead_establishes_and_starts_by_command(self, ghl: FakeGhl, lead_user: User) -> None:
        said = run(
            "--domain",
            DOMAIN.upper(),
            "--established",
            "--as",
            "lena",
            "--reason",
            "Ten years old.",
        )
        assert said == f"{DOMAIN}: Established: the phase alone limits how many emails leave.\n"
        assert sending_domains.current_warm_up(timezone.now()) is None
        said = run("--domain", DOMAIN, "--start", "--as", "lena", "--reason", "Complaints.")
        assert "week 1 of 5, at most 20 emails a day" in said
        row = SendingDomain.objects.get()
        assert (row.warm_up_since, row.set_by, row.reason) == (TODAY, "lena", "Complaints.")
        changes = ControlChange.objects.order_by("pk").values_list("before", "after", "by")
        assert list(changes) == [
            ("new", "established", lead_user.pk), ("established", "from 2026-03-03", lead_user.pk)
        ]  # fmt: skip

    def test_a_domain_we_do_not_send_from_is_said_to_be_another(
        self, ghl: FakeGhl, lead_user: User
    ) -> None:
        said = run(
            "--domain", "later.example.com", "--start", "--as", "lena", "--reason", "Bought it."
        )
        assert f"We do not send from there: GHL_FROM_EMAIL is at {DOMAIN}." in said

    @pytest.mark.parametrize(
        "name", ["alex@mail.example.com", "example", "-.com", "mail..com", "a b.com", "\x00.com"]
    )
    def test_what_is_no_domain_is_refused(self, lead_user: User, name: str) -> None:
        with pytest.raises(CommandError, match="is not a domain"):
            run(f"--domain={name}", "--established", "--as", "lena", "--reason", "x")
        assert (SendingDomain.objects.count(), ControlChange.objects.count()) == (0, 0)

    def test_a_reviewer_may_not(self, reviewer: User) -> None:
        with pytest.raises(CommandError, match="does not have"):
            run("--domain", DOMAIN, "--established", "--as", "rita", "--reason", "x")
        assert SendingDomain.objects.count() == 0

    def test_a_lead_establishes_on_the_page(
        self, ghl: FakeGhl, client: Client, lead_user: User
    ) -> None:
        client.force_login(lead_user)
        assert "New: its first email begins" in client.get("/sales/phase").content.decode()
        assert client.get("/sales/phase/domain").status_code == 200
        answer = client.post(
            "/sales/phase/domain", {"warm_up": "no", "reason": "Ten years old."}, follow=True
        )
        assert "Established: the phase alone limits" in answer.content.decode()
        assert SendingDomain.objects.get().warm_up_since is None

    def test_without_an_address_to_send_from_there_is_no_domain_to_speak_of(
        self, client: Client, lead_user: User, settings: Any
    ) -> None:
        settings.GHL_FROM_EMAIL = ""
        client.force_login(lead_user)
        page = client.get("/sales/phase/domain").content.decode()
        assert "GHL_FROM_EMAIL is not set" in page and "id_reason" not in page
        answer = client.post(
            "/sales/phase/domain", {"warm_up": "no", "reason": "Ten years old."}, follow=True
        )
        assert "names no domain. Nothing was changed." in answer.content.decode()
        assert (SendingDomain.objects.count(), ControlChange.objects.count()) == (0, 0)
        said = run(
            "--domain", "later.example.com", "--start", "--as", "lena", "--reason", "Bought it."
        )
        assert "We do not send from there: GHL_FROM_EMAIL is not set." in said

    @pytest.mark.parametrize(
        "typed", [{}, {"warm_up": "no"}, {"reason": "x"}, {"warm_up": "perhaps", "reason": "x"}]
    )
    def test_without_a_choice_and_a_reason_nothing_changes(
        self, ghl: FakeGhl, client: Client, lead_user: User, typed: dict[str, str]
    ) -> None:
        client.force_login(lead_user)
        assert client.post("/sales/phase/domain", typed).status_code == 422
        assert SendingDomain.objects.count() == 0

    def test_a_reviewer_may_not_on_the_page(
        self, ghl: FakeGhl, client: Client, reviewer: User
    ) -> None:
        client.force_login(reviewer)
        assert (
            client.post("/sales/phase/domain", {"warm_up": "no", "reason": "x"}).status_code == 403
        )
        assert SendingDomain.objects.count() == 0
        assert "Warm-up…" not in client.get("/sales/phase").content.decode()

    def test_what_is_left_is_the_stricter_of_the_two_everywhere(
        self, ghl: FakeGhl, client: Client, lead_user: User
    ) -> None:
        client.force_login(lead_user)
        left_before(3)
        send_slots.DailySlots.objects.create(day=TODAY, used=3)
        assert client.get("/api/queue-status").json()["daily_limit"] == {
            "date": "2026-03-03", "limit": 20, "used": 3, "remaining": 17,
        }  # fmt: skip
        found = client.get("/api/phase").json()["limits"]
        assert (found["daily"], found["warm_up"]) == (
            20, {"domain": DOMAIN, "since": None, "week": 1, "daily": 20},
        )  # fmt: skip
        assert "17 of 20" in client.get("/sales").content.decode()
        sending_domains.mark_established(DOMAIN, by=lead_user, reason="x")
        found = client.get("/api/phase").json()["limits"]
        assert (found["daily"], found["warm_up"]) == (25, None)
        assert "22 of 25" in client.get("/sales").content.decode()
        phase.change_phase(Phase.AUTONOMOUS, by=None, reason="test")
        sending_domains.start_warm_up(DOMAIN, by=lead_user, reason="x")
        assert client.get("/api/phase").json()["limits"]["daily"] == 20
