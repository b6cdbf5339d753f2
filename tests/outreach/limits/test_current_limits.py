"""How much may leave and when: each limit alone, at its border, by the right clock, and what it says of itself."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings as django_settings
from django.utils import timezone

from caio_project.lib import calendar
from outreach.choices import Phase
from outreach.control import phase
from outreach.limits import current_limits, limit_rules, office_hours
from outreach.models import DailySlots, Message, SendIntent
from outreach.review import review_actions
from outreach.sending import send
from tests import factories
from tests.fakes.ghl import FakeGhl
from tests.outreach.conftest import WORKING

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender", "loose")]


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    """Time stands still here: limits are tested at their borders."""
    with time_machine.travel(WORKING, tick=False) as traveller:
        yield traveller


def status(*messages: Message) -> list[str]:
    return [Message.objects.get(pk=message.pk).status for message in messages]


def now_is(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)


def why(message: Message) -> limit_rules.BindingLimit | None:
    return current_limits.binding_limit(
        Message.objects.get(pk=message.pk), phase.current_control(), timezone.now()
    )


def use(count: int, day: datetime | None = None) -> None:
    day = day or timezone.now()
    DailySlots.objects.create(
        day=calendar.team_day(day, django_settings.TEAM_TIME_ZONE), used=count
    )


def claimed(*ages: timedelta, outcome: str = "sent", domain: str = "elsewhere.test") -> None:
    """Sends of other emails so long ago."""
    for age in ages:
        lead, at = factories.LeadFactory(), timezone.now() - age
        message = Message.objects.create(lead=lead, status="sent", to_address=lead.email)
        SendIntent.objects.create(
            message=message, transport="sandbox", phase="parallel", day=at.date(), domain=domain, claimed_at=at,
            outcome=outcome,
        )  # fmt: skip


# --- The day ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("to", "cap"), [(Phase.PARALLEL, 25), (Phase.ASSISTED, 50), (Phase.AUTONOMOUS, 100)]
)
def test_the_daily_cap_of_each_phase_is_never_passed(to: Phase, cap: int) -> None:
    if to != Phase.PARALLEL:
        phase.change_phase(to, by=None, reason="test")
    use(cap - 1)
    first, second = factories.cleared_email(), factories.cleared_email()
    assert send.send_due() == 1
    assert status(first, second) == ["sent", "cleared"]
    assert DailySlots.objects.get().used == cap
    wait = why(second)
    assert (wait.limit, wait.text) == ("daily", f"{cap} of {cap} sent today")
    assert wait.until == datetime(2026, 3, 4, 5, 0, tzinfo=UTC)


def test_in_shadow_nothing_is_sent_and_no_moment_is_named() -> None:
    message = factories.cleared_email()
    phase.change_phase(Phase.SHADOW, by=None, reason="test")
    assert send.send_due() == 0
    assert status(message) == ["cleared"]
    assert why(message) == limit_rules.BindingLimit("phase", None, "Nothing is sent in Shadow.")
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
def test_the_day_is_the_teams_own(
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
def test_a_day_has_one_cap_however_long_it_is(clock: Any, first: str, hours: int) -> None:
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


def test_a_lower_phase_holds_at_once_for_what_was_used_before() -> None:
    phase.change_phase(Phase.ASSISTED, by=None, reason="test")
    use(30)
    message = factories.cleared_email()
    phase.change_phase(Phase.PARALLEL, by=None, reason="test")
    assert send.send_due() == 0
    assert why(message).text == "30 of 25 sent today"
    assert DailySlots.objects.get().used == 30


# --- The hour, the domain, the gap ------------------------------------------------------------------------------------


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
        "3 an hour",
        start + timedelta(hours=1),
    )
    clock.move_to(start + timedelta(hours=1, seconds=-1))
    assert send.send_due() == 0
    assert status(message) == ["cleared"]
    clock.move_to(start + timedelta(hours=1))
    assert why(message) is None
    factories.cleared_email()
    assert send.send_due() == 1  # one left the window, so one may enter


def test_over_the_limit_the_moment_named_is_the_one_that_frees_a_place(settings: Any) -> None:
    """More claims than the limit allows stand in the hour after it was lowered: several must leave first."""
    settings.HOURLY_LIMIT = 2
    claimed(*(timedelta(minutes=minutes) for minutes in (5, 15, 25, 35)))
    assert why(factories.cleared_email()).until == timezone.now() + timedelta(minutes=45)


@pytest.mark.parametrize("outcome", ["open", "sent", "uncertain"])
def test_what_left_or_may_have_counts(settings: Any, outcome: str) -> None:
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
def test_what_certainly_did_not_leave_does_not_count(settings: Any, outcome: str) -> None:
    settings.HOURLY_LIMIT = settings.DOMAIN_HOURLY_LIMIT = 1
    company = factories.CompanyFactory()
    claimed(timedelta(minutes=1), outcome=outcome, domain=company.domain)
    factories.cleared_email(factories.LeadFactory(company=company))
    assert send.send_due() == 1


def at_one_domain(count: int) -> list[Message]:
    """People of several companies whose mail goes to one domain; of one company only one would be written to."""
    return [
        factories.cleared_email(factories.LeadFactory(email=f"dana{n}@shared.test"))
        for n in range(count)
    ]


def test_a_domain_that_is_full_lets_others_go_first(settings: Any, clock: Any) -> None:
    settings.DOMAIN_HOURLY_LIMIT = 2
    start, colleagues = timezone.now(), at_one_domain(4)
    other = factories.cleared_email(intent=10, tier="tier_3")
    assert send.send_due() == 3
    assert status(*colleagues, other) == ["sent", "sent", "cleared", "cleared", "sent"]
    wait = why(colleagues[2])
    assert (wait.limit, wait.text) == ("domain", "2 an hour to shared.test")
    assert (wait.until, wait.everything) == (start + timedelta(hours=1), False)
    clock.move_to(start + timedelta(hours=1, seconds=-1))
    assert send.send_due() == 0
    clock.move_to(start + timedelta(hours=1))
    assert send.send_due() == 2
    assert status(*colleagues) == ["sent"] * 4


def test_a_case_of_its_own_is_no_second_domain(settings: Any) -> None:
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
    assert (wait.limit, wait.text) == ("gap", "45 s between emails")
    assert wait.until == start + timedelta(seconds=45)
    clock.shift(timedelta(seconds=44, milliseconds=999))
    assert send.send_due() == 0
    clock.shift(timedelta(milliseconds=1))
    assert send.send_due() == 1


def test_the_time_to_undo_is_a_limit_like_the_others(settings: Any, clock: Any) -> None:
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


def test_a_halt_is_named_before_everything_and_has_no_end(settings: Any) -> None:
    use(25)
    message = factories.cleared_email()
    phase.halt_sending(by=None, reason="test")
    assert why(message) == limit_rules.BindingLimit("halted", None, "Sending is halted.")


def test_the_strictest_limit_is_the_one_that_is_named(settings: Any) -> None:
    settings.HOURLY_LIMIT, settings.DOMAIN_HOURLY_LIMIT, settings.SEND_GAP_SECONDS = 1, 1, 45
    company = factories.CompanyFactory()
    claimed(timedelta(minutes=50), domain="elsewhere.test")
    message = factories.cleared_email(factories.LeadFactory(company=company))
    row = phase.current_control()
    row.last_claim_at = timezone.now()
    row.save()
    assert why(message).limit == "hourly"  # in 10 minutes, the gap in 45 s
    SendIntent.objects.all().delete()
    assert why(message).limit == "gap"
    claimed(timedelta(minutes=20), domain=company.domain)
    settings.HOURLY_LIMIT = 10
    assert why(message).limit == "domain"
    use(25)
    assert why(message).limit == "daily"


def test_a_message_that_is_free_to_leave_waits_for_nothing() -> None:
    assert why(factories.cleared_email()) is None


# --- Working hours where the recipient is -----------------------------------------------------------------------------


def to_state(state: str, **lead: Any) -> Message:
    return factories.cleared_email(factories.LeadFactory(state=state, **lead))


@pytest.mark.parametrize(
    ("team", "lead", "zone", "country"),
    [
        ("Europe/Berlin", {"state": "TX", "country": "US"}, "America/Chicago", "US"),
        (
            "Europe/Berlin",
            {"state": "TX", "country": "US", "city": "El Paso"},
            "America/Denver",
            "US",
        ),
        ("Europe/Berlin", {"state": "", "country": ""}, "Europe/Berlin", "DE"),
        ("Europe/Berlin", {"state": "", "country": "BR"}, "Europe/Berlin", "BR"),
        ("Asia/Kolkata", {"state": "Somewhere", "country": ""}, "Asia/Kolkata", "IN"),
        ("UTC", {"state": "", "country": ""}, "UTC", "US"),
    ],
)
def test_clock_and_holidays_are_the_recipients_or_the_teams(
    settings: Any, team: str, lead: dict[str, str], zone: str, country: str
) -> None:
    settings.TEAM_TIME_ZONE = team
    found = office_hours.effective_place(office_hours.place_of_lead(factories.LeadFactory(**lead)))
    assert (found.zone, found.country) == (zone, country)


@pytest.mark.parametrize(
    ("state", "now", "opens"),
    [
        ("OH", "2026-03-03T12:59:59", "2026-03-03T13:00:00"),  # before eight
        ("OH", "2026-03-03T13:00:00", None),
        ("OH", "2026-03-03T22:59:59", None),
        ("OH", "2026-03-03T23:00:00", "2026-03-04T13:00:00"),  # six in the evening
        ("CA", "2026-03-03T15:00:00", "2026-03-03T16:00:00"),  # seven there, ten with the team
        ("CA", "2026-03-04T01:30:00", None),  # half past five there, the team is at home
        (
            "OH",
            "2026-03-06T23:30:00",
            "2026-03-09T12:00:00",
        ),  # Friday evening; the clocks go forward on Sunday
        ("OH", "2026-10-30T22:30:00", "2026-11-02T13:00:00"),  # and back
        ("OH", "2026-03-07T15:00:00", "2026-03-09T12:00:00"),  # Saturday
        ("OH", "2026-11-26T15:00:00", "2026-11-27T13:00:00"),  # Thanksgiving
        ("OH", "2026-07-03T15:00:00", "2026-07-06T12:00:00"),  # Independence Day, observed
        ("OH", "2026-12-24T23:30:00", "2026-12-28T13:00:00"),  # Christmas on a Friday
        (
            "MA",
            "2026-04-20T15:00:00",
            "2026-04-21T12:00:00",
        ),  # Patriots' Day, in Massachusetts and Maine only
        ("OH", "2026-04-20T15:00:00", None),
        ("TX", "2026-04-03T15:00:00", "2026-04-06T13:00:00"),  # Good Friday, a holiday of Texas
        (
            "MA",
            "2026-07-03T15:00:00",
            "2026-07-06T12:00:00",
        ),  # kept by the nation, not named by the state
    ],
)
def test_nothing_arrives_outside_the_recipients_working_hours(
    ghl: FakeGhl, settings: Any, clock: Any, state: str, now: str, opens: str | None
) -> None:
    settings.WORKING_HOURS = "08:00-18:00"
    clock.move_to(datetime.fromisoformat(now).replace(tzinfo=UTC))
    message = to_state(state)
    if opens is None:
        assert why(message) is None
        assert send.send_due() == 1
        return
    moment = datetime.fromisoformat(opens).replace(tzinfo=UTC)
    wait = why(message)
    assert (wait.limit, wait.until, wait.everything) == ("working_hours", moment, False)
    assert (
        wait.text
        == f"working hours in {office_hours.effective_place(office_hours.place_of_lead(message.lead)).zone.replace('_', ' ')}"
    )
    assert send.send_due() == 0
    assert (ghl.requests(), status(message), SendIntent.objects.count()) == ([], ["cleared"], 0)
    assert why(message) == wait  # still named, now that it is deferred
    clock.move_to(moment - timedelta(seconds=1))
    assert send.send_due() == 0
    clock.move_to(moment)
    assert send.send_due() == 1


@pytest.mark.parametrize(
    ("lead", "now", "opens"),
    [
        (
            {"country": "IN"},
            "2026-03-03T02:29:59",
            "2026-03-03T02:30:00",
        ),  # half an hour beside the full one
        ({"country": "NP"}, "2026-03-04T02:14:59", "2026-03-04T02:15:00"),  # a quarter
        ({"country": "CA", "state": "NL"}, "2026-03-03T11:29:59", "2026-03-03T11:30:00"),
        (
            {"country": "AU", "state": "SA"},
            "2026-04-06T22:29:59",
            "2026-04-06T22:30:00",
        ),  # the day after Easter Monday
        (
            {"country": "SA"},
            "2026-03-06T10:00:00",
            "2026-03-08T05:00:00",
        ),  # Friday and Saturday are the weekend
        ({"country": "SA"}, "2026-03-08T10:00:00", None),  # and Sunday is not
        (
            {"country": "GB"},
            "2026-08-31T10:00:00",
            None,
        ),  # the bank holiday of England is not Scotland's
        ({"country": "GB", "state": "ENG"}, "2026-08-31T10:00:00", "2026-09-01T07:00:00"),
        (
            {"country": "DE"},
            "2026-03-27T17:00:00",
            "2026-03-30T06:00:00",
        ),  # clocks go forward on another day than here
        (
            {"country": "BR"},
            "2026-09-07T15:00:00",
            "2026-09-08T12:00:00",
        ),  # its own holiday, on the team's clock
    ],
)
def test_other_countries_keep_their_own_clocks_weekends_and_holidays(
    ghl: FakeGhl, settings: Any, clock: Any, lead: dict[str, str], now: str, opens: str | None
) -> None:
    settings.WORKING_HOURS, settings.ALLOWED_COUNTRIES = "08:00-18:00", [lead["country"]]
    clock.move_to(datetime.fromisoformat(now).replace(tzinfo=UTC))
    message = to_state(**{"state": "", **lead})
    moment = datetime.fromisoformat(opens).replace(tzinfo=UTC) if opens else None
    wait = why(message)
    assert (wait.until if wait else None) == moment
    assert send.send_due() == (0 if opens else 1)
    if moment:
        clock.move_to(moment)
        assert send.send_due() == 1


def test_those_who_are_at_work_go_before_those_who_are_not(ghl: FakeGhl, settings: Any) -> None:
    settings.WORKING_HOURS = "08:00-18:00"
    west = to_state("CA")
    east = factories.cleared_email(factories.LeadFactory(state="OH"), intent=10, tier="tier_3")
    assert send.send_due() == 1
    assert status(west, east) == ["cleared", "sent"]


def test_the_sandbox_disturbs_nobody_and_keeps_no_hours(settings: Any, clock: Any) -> None:
    settings.WORKING_HOURS = "08:00-18:00"
    clock.move_to(datetime(2026, 3, 7, 3, 0, tzinfo=UTC))
    to_state("OH")
    assert send.send_due() == 1


def test_working_hours_that_ended_while_ghl_answered_hold_too(
    ghl: FakeGhl, settings: Any, clock: Any
) -> None:
    settings.WORKING_HOURS = "08:00-18:00"
    clock.move_to(datetime(2026, 3, 3, 22, 59, 59, tzinfo=UTC))
    message = to_state("OH")
    act = ghl.search_conversations
    ghl.search_conversations = lambda request: (clock.shift(timedelta(seconds=2)), act(request))[1]
    assert send.send_due() == 0
    assert (status(message), ghl.sent_emails(), SendIntent.objects.count()) == (["cleared"], [], 0)
    assert why(message).limit == "working_hours"
