"""No email is sent outside the working hours of the recipient's place."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from outreach.limits import office_hours
from outreach.models import Message, SendIntent
from outreach.sending import send
from tests import factories
from tests.fakes.ghl import FakeGhl
from tests.outreach.conftest import WORKING
from tests.outreach.limits.limit_steps import status, why

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender", "loose")]


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    """Time stands still here: limits are tested at their borders."""
    with time_machine.travel(WORKING, tick=False) as traveller:
        yield traveller


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
def test_recipients_or_teams_clock_and_country_apply(
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
def test_nothing_is_sent_outside_recipients_working_hours(
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
    place = office_hours.effective_place(office_hours.place_of_lead(message.lead))
    assert wait.text == f"outside working hours in {place.zone.replace('_', ' ')}"
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
def test_other_countries_have_own_clocks_and_holidays(
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


def test_first_opening_is_that_of_the_team_or_of_a_recipient(settings: Any) -> None:
    night = datetime(2026, 3, 4, 4, 0, tzinfo=UTC)  # 11 PM in New York, 6 PM in Honolulu
    settings.WORKING_HOURS = "08:00-18:00"
    assert office_hours.first_opening(WORKING) is None
    team = office_hours.first_opening(night)
    assert team == datetime(2026, 3, 4, 13, 0, tzinfo=UTC)
    office_hours.place_of_lead(factories.LeadFactory(state="HI", city="Honolulu"))
    assert office_hours.first_opening(night - timedelta(hours=1)) is None
    assert office_hours.first_opening(night) == team
    settings.WORKING_HOURS = "00:00-24:00"
    assert office_hours.first_opening(night) is None


def test_open_offices_go_before_closed_ones(ghl: FakeGhl, settings: Any) -> None:
    settings.WORKING_HOURS = "08:00-18:00"
    west = to_state("CA")
    east = factories.cleared_email(factories.LeadFactory(state="OH"), intent=10, tier="tier_3")
    assert send.send_due() == 1
    assert status(west, east) == ["cleared", "sent"]


def test_sandbox_ignores_working_hours(settings: Any, clock: Any) -> None:
    settings.WORKING_HOURS = "08:00-18:00"
    clock.move_to(datetime(2026, 3, 7, 3, 0, tzinfo=UTC))
    to_state("OH")
    assert send.send_due() == 1


def test_office_closing_during_calls_stops_the_send(
    ghl: FakeGhl, settings: Any, clock: Any
) -> None:
    settings.WORKING_HOURS = "08:00-18:00"
    clock.move_to(datetime(2026, 3, 3, 22, 59, 59, tzinfo=UTC))
    message = to_state("OH")
    act = ghl.create_contact
    ghl.create_contact = lambda request: (clock.shift(timedelta(seconds=2)), act(request))[1]
    assert send.send_due() == 0
    assert (status(message), ghl.sent_emails(), SendIntent.objects.count()) == (["cleared"], [], 0)
    assert why(message).limit == "working_hours"
