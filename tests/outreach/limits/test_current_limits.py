"""Each limit alone: at its border, by the right clock, and with its sentence."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from outreach.choices import Phase
from outreach.control import phase
from outreach.limits import current_limits, limit_rules
from outreach.models import DailySlots, Message, SendIntent
from outreach.review import review_actions
from outreach.sending import send
from tests import factories
from tests.outreach.conftest import WORKING
from tests.outreach.limits.limit_steps import claimed, now_is, status, use, why

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender", "loose")]


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    """Time stands still here: limits are tested at their borders."""
    with time_machine.travel(WORKING, tick=False) as traveller:
        yield traveller


# --- The day ---


@pytest.mark.parametrize(
    ("to", "cap"), [(Phase.PARALLEL, 25), (Phase.ASSISTED, 50), (Phase.AUTONOMOUS, 100)]
)
def test_daily_cap_of_each_phase_holds(to: Phase, cap: int) -> None:
    if to != Phase.PARALLEL:
        phase.change_phase(to, by=None, reason="test")
    use(cap - 1)
    first, second = factories.cleared_email(), factories.cleared_email()
    assert send.send_due() == 1
    assert status(first, second) == ["sent", "cleared"]
    assert DailySlots.objects.get().used == cap
    wait = why(second)
    assert (wait.limit, wait.text) == ("daily", f"daily limit: {cap} of {cap} sent")
    assert wait.until == datetime(2026, 3, 4, 5, 0, tzinfo=UTC)


def test_shadow_sends_nothing_and_names_no_time() -> None:
    message = factories.cleared_email()
    phase.change_phase(Phase.SHADOW, by=None, reason="test")
    assert send.send_due() == 0
    assert status(message) == ["cleared"]
    assert why(message) == limit_rules.BindingLimit("phase", None)
    assert why(message).text == "Nothing is sent in Shadow."
    assert (DailySlots.objects.count(), SendIntent.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("zone", "last_moment", "next_day"),
    [
        # not the UTC day
        ("America/New_York", "2026-03-04T04:59:59", "2026-03-04T05:00:00"),
        ("Pacific/Auckland", "2026-03-03T10:59:59", "2026-03-03T11:00:00"),
        ("Asia/Kolkata", "2026-03-03T18:29:59", "2026-03-03T18:30:00"),
        # the day of 23 hours and the one of 25
        ("America/New_York", "2026-03-09T03:59:59", "2026-03-09T04:00:00"),
        ("America/New_York", "2026-11-02T04:59:59", "2026-11-02T05:00:00"),
        # a zone whose clocks change at midnight: the day begins at 01:00
        ("America/Havana", "2026-03-08T04:59:59", "2026-03-08T05:00:00"),
    ],
)
def test_day_begins_at_the_teams_midnight(
    settings: Any, clock: Any, zone: str, last_moment: str, next_day: str
) -> None:
    settings.TEAM_TIME_ZONE = zone
    clock.move_to(datetime.fromisoformat(last_moment).replace(tzinfo=UTC))
    use(25)
    message = factories.cleared_email()
    assert send.send_due() == 0
    morning = datetime.fromisoformat(next_day).replace(tzinfo=UTC)
    assert (why(message).limit, why(message).until) == ("daily", morning)
    clock.move_to(morning)
    assert why(message) is None
    assert send.send_due() == 1
    assert sorted(DailySlots.objects.values_list("used", flat=True)) == [1, 25]


@pytest.mark.parametrize(
    ("first", "hours"),
    [("2026-03-08T05:00:00", 23), ("2026-11-01T04:00:00", 25), ("2026-03-04T05:00:00", 24)],
    ids=["clocks go forward", "clocks go back", "an ordinary day"],
)
def test_days_of_any_length_have_one_cap(clock: Any, first: str, hours: int) -> None:
    start = datetime.fromisoformat(first).replace(tzinfo=UTC)
    clock.move_to(start)
    use(24)
    for _ in range(3):
        factories.cleared_email()
    assert send.send_due() == 1
    clock.move_to(start + timedelta(hours=hours, seconds=-1))
    assert send.send_due() == 0
    assert DailySlots.objects.get().used == 25
    clock.move_to(start + timedelta(hours=hours))
    assert send.send_due() == 2


def test_midnight_in_utc_changes_nothing(clock: Any) -> None:
    use(25)
    factories.cleared_email()
    for moment in (
        datetime(2026, 3, 3, 23, 59, 59, tzinfo=UTC),
        datetime(2026, 3, 4, 0, 0, 0, tzinfo=UTC),
    ):
        clock.move_to(moment)
        assert send.send_due() == 0
    assert DailySlots.objects.get().used == 25


def test_lower_phase_counts_slots_used_before() -> None:
    phase.change_phase(Phase.ASSISTED, by=None, reason="test")
    use(30)
    message = factories.cleared_email()
    phase.change_phase(Phase.PARALLEL, by=None, reason="test")
    assert send.send_due() == 0
    assert why(message).text == "daily limit: 30 of 25 sent"
    assert DailySlots.objects.get().used == 30


# --- The hour, the domain, the gap ---


def test_the_hour_slides(settings: Any, clock: Any) -> None:
    settings.HOURLY_LIMIT = 3
    start = timezone.now()
    for _ in range(3):
        factories.cleared_email()
        assert send.send_due() == 1
        clock.shift(timedelta(minutes=10))
    message = factories.cleared_email()
    wait = why(message)
    assert (wait.limit, wait.text, wait.until) == (
        "hourly",
        "hourly limit of 3",
        start + timedelta(hours=1),
    )
    clock.move_to(start + timedelta(hours=1, seconds=-1))
    assert send.send_due() == 0
    assert status(message) == ["cleared"]
    clock.move_to(start + timedelta(hours=1))
    assert why(message) is None
    factories.cleared_email()
    assert send.send_due() == 1  # one left the window, so one may enter


def test_lowered_hourly_limit_names_when_it_frees(settings: Any) -> None:
    """The limit was lowered below the claims of the hour, so several must fall out of it first."""
    settings.HOURLY_LIMIT = 2
    claimed(*(timedelta(minutes=minutes) for minutes in (5, 15, 25, 35)))
    assert why(factories.cleared_email()).until == timezone.now() + timedelta(minutes=45)


@pytest.mark.parametrize("outcome", ["open", "sent", "uncertain"])
def test_sent_and_uncertain_emails_count(settings: Any, outcome: str) -> None:
    settings.HOURLY_LIMIT = settings.DOMAIN_HOURLY_LIMIT = 1
    company = factories.CompanyFactory()
    claimed(timedelta(minutes=1), outcome=outcome, domain=company.domain)
    message = factories.cleared_email(factories.LeadFactory(company=company))
    assert send.send_due() == 0
    assert why(message).limit in ("hourly", "domain")
    assert (
        current_limits.limit_on_message(
            now_is(message), current_limits.read_limits(phase.current_control(), timezone.now())
        ).limit
        == "domain"
    )


@pytest.mark.parametrize("outcome", ["not_sent", "refused"])
def test_refused_and_unsent_emails_do_not_count(settings: Any, outcome: str) -> None:
    settings.HOURLY_LIMIT = settings.DOMAIN_HOURLY_LIMIT = 1
    company = factories.CompanyFactory()
    claimed(timedelta(minutes=1), outcome=outcome, domain=company.domain)
    factories.cleared_email(factories.LeadFactory(company=company))
    assert send.send_due() == 1


def at_one_domain(count: int) -> list[Message]:
    """Leads of several companies at one domain, because only one per company is written to."""
    return [
        factories.cleared_email(factories.LeadFactory(email=f"dana{n}@shared.test"))
        for n in range(count)
    ]


def test_full_domain_lets_others_go_first(settings: Any, clock: Any) -> None:
    settings.DOMAIN_HOURLY_LIMIT = 2
    start, colleagues = timezone.now(), at_one_domain(4)
    other = factories.cleared_email(intent=10, tier="tier_3")
    assert send.send_due() == 3
    assert status(*colleagues, other) == ["sent", "sent", "cleared", "cleared", "sent"]
    wait = why(colleagues[2])
    assert (wait.limit, wait.text) == ("domain", "limit of 2 an hour to shared.test")
    assert (wait.until, wait.everything) == (start + timedelta(hours=1), False)
    clock.move_to(start + timedelta(hours=1, seconds=-1))
    assert send.send_due() == 0
    clock.move_to(start + timedelta(hours=1))
    assert send.send_due() == 2
    assert status(*colleagues) == ["sent"] * 4


def test_domains_are_compared_without_case(settings: Any) -> None:
    settings.DOMAIN_HOURLY_LIMIT = 1
    messages = at_one_domain(2)
    assert {message.domain for message in messages} == {"shared.test"}
    assert send.send_due() == 1


def test_the_gap_between_two_sends(settings: Any, clock: Any) -> None:
    settings.SEND_GAP_SECONDS = 45
    start = timezone.now()
    first, second = factories.cleared_email(), factories.cleared_email()
    assert send.send_due() == 1
    assert status(first, second) == ["sent", "cleared"]
    wait = why(second)
    assert (wait.limit, wait.text) == ("gap", "45 s between two emails")
    assert wait.until == start + timedelta(seconds=45)
    clock.shift(timedelta(seconds=44, milliseconds=999))
    assert send.send_due() == 0
    clock.shift(timedelta(milliseconds=1))
    assert send.send_due() == 1


def test_undo_time_is_a_limit(settings: Any, clock: Any) -> None:
    settings.UNDO_SECONDS = 30
    message = review_actions.approve_email(factories.held_email(), 1, by=None)
    wait = why(message)
    assert (wait.limit, wait.text, wait.until) == (
        "undo",
        "time to undo",
        timezone.now() + timedelta(seconds=30),
    )
    clock.shift(timedelta(seconds=29, milliseconds=999))
    assert send.send_due() == 0
    clock.shift(timedelta(milliseconds=1))
    assert why(message) is None
    assert send.send_due() == 1


def test_halt_is_named_first_without_end(settings: Any) -> None:
    use(25)
    message = factories.cleared_email()
    phase.halt_sending(by=None, reason="test")
    assert why(message) == limit_rules.BindingLimit("halted", None)
    assert why(message).text == "Sending is halted."


def test_strictest_limit_is_named(settings: Any) -> None:
    settings.HOURLY_LIMIT, settings.DOMAIN_HOURLY_LIMIT, settings.SEND_GAP_SECONDS = 2, 1, 45
    company = factories.CompanyFactory()
    claimed(timedelta(minutes=50), timedelta())
    message = factories.cleared_email(factories.LeadFactory(company=company))
    assert why(message).limit == "hourly"  # in 10 minutes, the gap in 45 s
    SendIntent.objects.filter(claimed_at__lt=timezone.now() - timedelta(minutes=1)).delete()
    assert why(message).limit == "gap"
    claimed(timedelta(minutes=20), domain=company.domain)
    settings.HOURLY_LIMIT = 10
    assert why(message).limit == "domain"
    use(25)
    assert why(message).limit == "daily"


def test_free_email_has_no_limit() -> None:
    assert why(factories.cleared_email()) is None
