"""Emails leave when the forecast says."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from caio_project.lib.calendar import WorkingHours
from outreach.choices import Phase
from outreach.control import phase
from outreach.limits import (
    current_limits,
    forecast,
    forecast_by_day,
    limit_rules,
    queue_counts,
    sending_domains,
)
from outreach.limits.forecast import DayCount, EmailGroup
from outreach.limits.time_zones import TimeZonePlace
from outreach.limits.warm_up import WarmUp
from outreach.models import Message, SendIntent
from outreach.sending import ghl_outage, send
from tests import factories
from tests.fakes.ghl import FakeGhl
from tests.outreach.conftest import WORKING

OHIO, CALIFORNIA = (
    TimeZonePlace("America/New_York", "US", "OH"),
    TimeZonePlace("America/Los_Angeles", "US", "CA"),
)
HOURS = WorkingHours.parse("08:00-18:00")
AT = limit_rules.CurrentLimits(
    now=WORKING,
    zone="America/New_York",
    phase="parallel",
    halted=False,
    daily=25,
    hourly=15,
    domain_hourly=3,
    gap=timedelta(seconds=45),
)
TODAY = date(2026, 3, 3)  # a Tuesday


def at(**changes: Any) -> limit_rules.CurrentLimits:
    return limit_rules.replace(AT, **changes)


def counts(found: forecast.Forecast) -> list[tuple[str, int]]:
    return [(f"{one.day:%a %d}", one.count) for one in found.days]


# --- The rule ---


def test_forecast_fills_working_days_up_to_cap() -> None:
    found = forecast.count_by_day(at(), [EmailGroup((2, 0), OHIO, "", 110)], HOURS)
    assert counts(found) == [
        ("Tue 03", 25),
        ("Wed 04", 25),
        ("Thu 05", 25),
        ("Fri 06", 25),
        ("Mon 09", 10),
    ]
    assert (found.waiting, found.today, found.last_day) == (110, 25, date(2026, 3, 9))
    assert found.last_at == datetime(2026, 3, 9, 12, tzinfo=UTC) + 9 * timedelta(
        seconds=45
    )  # the clocks went forward


def test_forecast_subtracts_slots_used_today() -> None:
    assert forecast.count_by_day(
        at(used_today=20), [EmailGroup((2, 0), OHIO, "", 30)], HOURS
    ).days == (DayCount(TODAY, 5), DayCount(date(2026, 3, 4), 25))


def test_forecast_keeps_hourly_limit_and_gap() -> None:
    left = list(forecast.forecast_sends(at(), [EmailGroup((2, 0), OHIO, "", 17)], HOURS))
    moments = [one.at - WORKING for one in left]
    assert moments[:3] == [timedelta(0), timedelta(seconds=45), timedelta(seconds=90)]
    assert moments[15:] == [timedelta(hours=1), timedelta(hours=1, seconds=45)]


def test_forecast_passes_over_full_domains() -> None:
    lines = [EmailGroup((0, 0), OHIO, "one.test", 5), EmailGroup((2, 0), OHIO, "", 2)]
    left = list(forecast.forecast_sends(at(gap=timedelta(0)), lines, HOURS))
    assert [one.group.domain for one in left] == ["one.test"] * 3 + [""] * 2 + ["one.test"] * 2
    assert left[5].at == WORKING + timedelta(hours=1)


def test_forecast_grows_with_the_warm_up() -> None:
    warming = WarmUp("mail.ours.example.com", TODAY, TODAY)
    found = forecast.count_by_day(
        at(daily=100, hourly=1000, warm_up=warming), [EmailGroup((2, 0), OHIO, "", 5000)], HOURS
    )
    tuesdays = {one.day: one.count for one in found.days if one.day.weekday() == 1}
    assert list(tuesdays.values()) == [20, 40, 60, 80, 100, 100]
    assert found.last_at is None
    sent = sum(one.count for one in found.days)
    assert found.last_day == date(2026, 4, 13) + timedelta(days=-(-(5000 - sent) * 7 // 500))


def test_forecast_keeps_recipients_holidays() -> None:
    friday = datetime(2026, 4, 3, 14, tzinfo=UTC)  # Good Friday, a holiday in Texas
    lines = [
        EmailGroup((0, 0), TimeZonePlace("America/Chicago", "US", "TX"), "", 1),
        EmailGroup((2, 0), OHIO, "", 1),
    ]
    left = list(forecast.forecast_sends(at(now=friday), lines, HOURS))
    assert [(one.group.place.state, one.at) for one in left] == [
        ("OH", friday),
        ("TX", datetime(2026, 4, 6, 13, tzinfo=UTC)),
    ]


def test_forecast_keeps_slots_for_later_urgent_emails() -> None:
    lines = [EmailGroup((2, 0), OHIO, "", 5), EmailGroup((0, 0), CALIFORNIA, "", 2)]
    left = list(forecast.forecast_sends(at(used_today=22), lines, HOURS))
    assert [one.group.rank for one in left] == [2, 0, 0, 2, 2, 2, 2]
    assert left[1].at == datetime(2026, 3, 3, 16, tzinfo=UTC)
    assert left[3].at == datetime(2026, 3, 4, 13, tzinfo=UTC)


@pytest.mark.parametrize("changes", [{"halted": True}, {"daily": 0}])
def test_forecast_is_empty_while_a_person_must_act(changes: dict[str, Any]) -> None:
    found = forecast.count_by_day(at(**changes), [EmailGroup((2, 0), OHIO, "", 5)], HOURS)
    assert found == forecast.Forecast(5, (), None, None)


def test_empty_queue_has_empty_forecast() -> None:
    assert forecast.count_by_day(at(), [], HOURS) == forecast.Forecast(0, (), None, None)


def longest(limits: limit_rules.CurrentLimits, count: int) -> list[tuple[str, Any] | None]:
    left = forecast.forecast_sends(limits, [EmailGroup((2, 0), OHIO, "", count)], HOURS)
    return [(one.longest.limit, one.longest.arguments) if one.longest else None for one in left]


def test_each_email_tells_what_held_it_up_longest() -> None:
    found = longest(at(daily=4, hourly=2), 5)
    gap, hour = ("gap", {"seconds": 45}), ("hourly", {"cap": 2})
    assert found == [None, gap, hour, hour, ("daily", {"a_day": 4})]


def test_the_days_limit_is_the_warm_ups_while_it_lasts() -> None:
    warming = WarmUp("mail.ours.example.com", TODAY, TODAY, used=20)
    assert longest(at(warm_up=warming), 1) == [("warm_up", {"a_day": 20})]


def test_later_offices_of_lower_rank_reserve_nothing() -> None:
    clock, lines = forecast.OfficeClock(HOURS), [EmailGroup((1, 0), CALIFORNIA, "", 2)]
    assert forecast.opening_later_today(at(), 0, lines, clock) == []
    assert forecast.opening_later_today(at(), 1, lines, clock) == []
    (later,) = forecast.opening_later_today(at(), 2, lines, clock)
    assert (later.zone, later.count) == ("America/Los_Angeles", 2)
    assert later.opens == datetime(2026, 3, 3, 16, tzinfo=UTC)


# --- Sending follows the forecast ---


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(WORKING, tick=False) as traveller:
        yield traveller


def made() -> list[Message]:
    """Of every urgency, in several places, some to one domain."""
    found = []
    for state, intent, tier, email in [
        ("CA", 80, "tier_1", ""),
        ("OH", 10, "tier_3", ""),
        ("HI", 50, "tier_2", ""),
        ("OH", 50, "tier_2", "a@one.test"),
        ("OH", 80, "tier_1", "b@one.test"),
        ("TX", 10, "tier_3", "c@one.test"),
        ("CA", 10, "tier_3", "d@one.test"),
        ("CA", 80, "tier_1", ""),
        ("MA", 10, "tier_3", ""),
        ("OH", 10, "tier_3", ""),
        ("HI", 80, "tier_1", ""),
        ("TX", 50, "tier_2", ""),
        ("OH", 10, "tier_3", ""),
    ]:
        lead = factories.LeadFactory(state=state, **({"email": email} if email else {}))
        found.append(factories.cleared_email(lead, intent=intent, tier=tier))
    return found


@pytest.mark.django_db
@pytest.mark.usefixtures("sender", "loose", "clock")
class TestSending:
    @pytest.fixture(autouse=True)
    def strict(self, settings: Any, loose: None, ghl: FakeGhl) -> None:
        settings.WORKING_HOURS, settings.SEND_GAP_SECONDS = "08:00-18:00", 45
        settings.HOURLY_LIMIT, settings.DOMAIN_HOURLY_LIMIT = 3, 1

    @pytest.mark.postgres_is_enough
    @pytest.mark.parametrize("left_today", [25, 6, 2])
    def test_each_email_leaves_at_its_forecast_time(self, clock: Any, left_today: int) -> None:
        """The forecast of the whole queue, compared with sending minute by minute."""
        sending_domains.mark_established(sending_domains.our_domain(), by=None, reason="test")
        current_limits.DailySlots.objects.create(day=TODAY, used=25 - left_today)
        emails = made()
        said = current_limits.binding_limits(
            emails, current_limits.read_limits(phase.current_control(), timezone.now())
        )
        expected = {one.pk: said[one.pk].until if said[one.pk] else WORKING for one in emails}
        by_day = forecast.count_by_day(
            current_limits.read_limits(phase.current_control(), timezone.now()),
            queue_counts.approved_groups(
                current_limits.read_limits(phase.current_control(), timezone.now())
            ),
            HOURS,
        )
        while Message.objects.filter(status="cleared").exists():
            send.send_due()
            clock.move_to(self.next_moment())
        left = dict(SendIntent.objects.values_list("message", "claimed_at"))
        assert left == expected
        days = [at.astimezone(timezone.get_fixed_timezone(-300)).date() for at in left.values()]
        assert by_day.days == tuple(DayCount(day, days.count(day)) for day in sorted(set(days)))

    def next_moment(self) -> datetime:
        rows = Message.objects.filter(status="cleared").select_related("lead")
        now, at = (
            timezone.now(),
            current_limits.read_limits(phase.current_control(), timezone.now()),
        )
        everything = limit_rules.limit_on_everything(at)
        waits = (
            [everything]
            if everything
            else [current_limits.limit_on_message(one, at) for one in rows]
        )
        return min(
            (wait.until for wait in waits if wait and wait.until),
            default=now + timedelta(minutes=1),
        )

    def test_emails_ahead_and_binding_limit_are_named(self) -> None:
        emails = [factories.cleared_email(factories.LeadFactory(state="OH")) for _ in range(5)]
        why = current_limits.binding_limit(emails[4], phase.current_control(), timezone.now())
        assert (why.limit, why.until) == ("hourly", WORKING + timedelta(hours=1, seconds=45))
        assert why.text == "hourly limit of 3, 4 ahead of it"
        why = current_limits.binding_limit(emails[1], phase.current_control(), timezone.now())
        assert (why.limit, why.text) == ("gap", "45 s between two emails, 1 ahead of it")
        assert (
            current_limits.binding_limit(emails[0], phase.current_control(), timezone.now()) is None
        )

    def test_outage_and_emails_ahead_are_named(self) -> None:
        emails = [factories.cleared_email(factories.LeadFactory(state="OH")) for _ in range(2)]
        ghl_outage.record_outage("test", retry_after=600)
        why = current_limits.binding_limit(emails[1], phase.current_control(), timezone.now())
        assert (why.limit, why.until) == ("ghl", WORKING + timedelta(seconds=645))
        assert why.text == "GoHighLevel cannot be used: test, 1 ahead of it"

    def test_daily_limit_moves_email_to_tomorrow(self) -> None:
        """Twenty a day in the first week, three an hour: the last email is tomorrow's fifth."""
        emails = [factories.cleared_email(factories.LeadFactory(state="OH")) for _ in range(25)]
        why = current_limits.binding_limit(emails[24], phase.current_control(), timezone.now())
        assert (why.limit, why.until) == ("warm_up", datetime(2026, 3, 4, 14, 0, 45, tzinfo=UTC))
        assert why.text == "daily limit of 20, 24 ahead of it"

    def test_api_and_page_show_one_forecast(self, client: Client, lead_user: User) -> None:
        client.force_login(lead_user)
        for _ in range(2):
            factories.cleared_email(factories.LeadFactory(state="OH"))
        for _ in range(2):
            factories.held_email(factories.LeadFactory(state="OH"))
        body = client.get("/api/messages/forecast").json()
        assert body == {
            "at": "2026-03-03T15:00:00Z",
            "held_by": None,
            "approved": {
                "waiting": 2,
                "days": [{"day": "2026-03-03", "count": 2}],
                "last_leaves_at": "2026-03-03T15:00:45Z",
                "last_day": "2026-03-03",
            },
            "with_undecided": {
                "waiting": 4,
                "days": [{"day": "2026-03-03", "count": 4}],
                "last_leaves_at": "2026-03-03T16:00:00Z",
                "last_day": "2026-03-03",
            },
        }
        said = client.get("/sales/sent").content.decode()
        assert (
            "Approved: all 2 go out today. If you approve all 2 now: all 4 go out today."
        ) in said
        phase.halt_sending(by=None, reason="test")
        assert client.get("/api/messages/forecast").json()["held_by"] == "Sending is halted."
        said = client.get("/sales/sent").content.decode()
        assert "2 approved and not sent: Sending is halted." in said

    def test_description_of_a_day_without_a_send(self, ghl: FakeGhl, clock: Any) -> None:
        for _ in range(2):
            factories.cleared_email(factories.LeadFactory(state="OH"))
        clock.shift(timedelta(hours=9))  # after office hours
        text = forecast_by_day.describe_forecast(forecast_by_day.forecast_queue(timezone.now()))
        assert text == "Approved: none goes out today, all by Wed, Mar 4."

    def test_description_of_a_halt_counts_what_is_approved(self, ghl: FakeGhl) -> None:
        factories.held_email(factories.LeadFactory(state="OH"))
        phase.halt_sending(by=None, reason="test")
        found = forecast_by_day.forecast_queue(timezone.now())
        assert forecast_by_day.describe_forecast(found) == "Sending is halted."

    def test_description_names_the_last_day(self, ghl: FakeGhl) -> None:
        for _ in range(22):
            factories.cleared_email(factories.LeadFactory(state="OH"))
        found = forecast_by_day.forecast_queue(timezone.now())
        text = forecast_by_day.describe_forecast(found)
        assert text == "Approved: 20 of 22 go out today and the rest by Wed, Mar 4."

    def test_forecast_needs_permission_to_read_emails(self, client: Client) -> None:
        assert client.get("/api/messages/forecast").status_code == 401

    def test_empty_queue_is_not_described(self, client: Client, lead_user: User) -> None:
        client.force_login(lead_user)
        assert client.get("/api/messages/forecast").json()["approved"]["waiting"] == 0
        assert "At the limits of now" not in client.get("/sales/sent").content.decode()

    def test_shadow_names_the_phase_as_limit(self, settings: Any) -> None:
        phase.change_phase(Phase.SHADOW, by=None, reason="test")
        message = factories.cleared_email()
        limit = current_limits.binding_limit(message, phase.current_control(), timezone.now())
        assert limit.limit == "phase"
