"""What all calls to GoHighLevel share: one rate, one rest, and trouble of configuration that names
what to mend.
"""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from caio_project.lib import http
from leads.integrations import ghl as client
from leads.integrations import ghl_contact_data, rates
from leads.integrations import ghl_refusals as refusals
from leads.integrations.ghl_refusals import Misconfigured
from leads.models import Alarm, RateWindow
from outreach.integrations.ghl.send_api import send_email
from tests.fakes.ghl import FakeGhl

pytestmark = pytest.mark.django_db

CONTACT = "GET /contacts/{id}"
NO_SCOPE = {"statusCode": 401, "message": "The token is not authorized for this scope."}


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    with time_machine.travel(datetime(2026, 3, 3, 15, 0, tzinfo=UTC), tick=True) as traveller:
        yield traveller


@pytest.fixture
def contact(ghl: FakeGhl) -> str:
    return ghl.add_contact("dana@northline.test")["id"]


def alarms() -> list[tuple[str, str]]:
    return list(Alarm.objects.filter(closed_at=None).values_list("key", "text"))


def somebody() -> ghl_contact_data.ContactDetails:
    return ghl_contact_data.ContactDetails(
        "dana@northline.test", "Dana", "Okafor", "", "", "", "", ""
    )


def upsert() -> None:
    with client.check_before_each_call(lambda: None):
        client.upsert_contact(somebody())


# --- Asking first -------------------------------------------------------------------------------


class Stop(Exception):
    pass


def stop() -> None:
    raise Stop


@pytest.mark.parametrize(
    "reach_out",
    [
        lambda: client.upsert_contact(somebody()),
        lambda: client.add_tags("cnt_1", ["vip"]),
        lambda: client.add_to_workflow("cnt_1", "wf_1"),
        lambda: send_email(contact_id="cnt_1", to="dana@northline.test", subject="S", html="H"),
    ],
    ids=["upsert", "tags", "workflow", "send"],
)
def test_outreach_call_without_check_is_refused(ghl: FakeGhl, reach_out: Any) -> None:
    with pytest.raises(RuntimeError, match="must not begin without asking"):
        reach_out()
    with pytest.raises(Stop), client.check_before_each_call(stop):
        reach_out()
    assert (ghl.requests(), RateWindow.objects.count()) == ([], 0)


def test_every_call_inside_is_checked(ghl: FakeGhl, contact: str) -> None:
    with pytest.raises(Stop), client.check_before_each_call(stop):
        client.get_contact(contact)
    assert ghl.requests() == []
    assert client.get_contact(contact).id == contact


def test_check_is_repeated_before_the_call_begins(ghl: FakeGhl, contact: str) -> None:
    """Waiting for the rate, a token or the connection takes time, in which the answer may have
    become another.
    """
    answers = iter([lambda: None, stop])
    with pytest.raises(Stop), client.check_before_each_call(lambda: next(answers)()):
        client.get_contact(contact)
    assert ghl.requests() == []
    assert RateWindow.objects.get().next_turn > time.time()  # the call was claimed


# --- Configuration ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "message", "key", "said"),
    [
        (
            401,
            "Invalid token: access token is invalid",
            "ghl:token",
            "refuses us (401: Invalid token",
        ),
        (401, "Token's user type mismatch!", "ghl:token", "user type mismatch"),
        (401, "version header was not found.", "ghl:token", "version header"),
        (400, "Invalid API version segment v9", "ghl:token", "version segment"),
        (
            403,
            "The token does not have access to this location.",
            "ghl:token",
            "access to this location",
        ),
        (403, ["Forbidden resource"], "ghl:token", "403: Forbidden resource"),
        (
            401,
            "The token is not authorized for this scope.",
            "ghl:scope:contacts.readonly",
            "scope contacts.readonly.",
        ),
    ],
)
def test_misconfiguration_raises_alarm_and_refuses_nothing(
    ghl: FakeGhl, contact: str, status: int, message: Any, key: str, said: str
) -> None:
    ghl.on(CONTACT).status(status, {"statusCode": status, "message": message}, times=1)
    with pytest.raises(Misconfigured) as trouble:
        client.get_contact(contact)
    assert isinstance(trouble.value, http.ServiceUnavailable)
    ((found, text),) = alarms()
    assert found == key and said in text
    RateWindow.objects.update(paused_until=None)
    assert client.get_contact(contact).id == contact
    assert alarms() == []


def test_without_access_nobody_asks_for_a_minute(ghl: FakeGhl, contact: str, clock: Any) -> None:
    ghl.on(CONTACT).status(401, {"message": "Invalid token: access token is invalid"}, times=1)
    with pytest.raises(Misconfigured):
        client.get_contact(contact)
    with pytest.raises(
        http.ServiceUnavailable, match="ghl is not asked for [56][0-9] s: .*access token is invalid"
    ) as later:
        upsert()
    assert 55 < later.value.retry_after <= 60
    assert len(ghl.requests()) == 1
    clock.shift(timedelta(seconds=61))
    assert client.get_contact(contact).id == contact


def test_a_missing_scope_stops_only_what_needs_it(ghl: FakeGhl, contact: str) -> None:
    ghl.on(CONTACT).status(401, NO_SCOPE)
    for _ in range(3):
        with pytest.raises(Misconfigured):
            client.get_contact(contact)
        upsert()
    assert [key for key, _ in alarms()] == ["ghl:scope:contacts.readonly"]
    assert Alarm.objects.count() == 1  # it does not open and close with every other call


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/contacts/cnt_1", "contacts.readonly"),
        ("POST", "/contacts/search", "contacts.readonly"),
        ("POST", "/contacts/upsert", "contacts.write"),
        ("PUT", "/contacts/cnt_1", "contacts.write"),
        ("POST", "/contacts/cnt_1/tags", "contacts.write"),
        ("GET", "/conversations/search", "conversations.readonly"),
        ("GET", "/conversations/cnv_1/messages", "conversations/message.readonly"),
        ("POST", "/conversations/messages", "conversations/message.write"),
        ("GET", "/opportunities/search", "opportunities.readonly"),
        ("GET", "/calendars/events", "calendars/events.readonly"),
        ("GET", "/somewhere/else", "for GET somewhere"),
    ],
)
def test_the_scope_of_each_call_is_known(method: str, path: str, scope: str) -> None:
    assert refusals.required_scope(method, path) == scope


# --- Too many -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({"Retry-After": "40"}, 39, 40),
        ({"Retry-After": "Tue, 03 Mar 2026 15:00:30 GMT"}, 28, 30),
        ({"Retry-After": "999999"}, 3590, 3600),
        ({}, 9, 12),
        ({"X-RateLimit-Interval-Milliseconds": "20000"}, 19, 22),
        ({"X-RateLimit-Interval-Milliseconds": "soon"}, 9, 12),
        ({"X-RateLimit-Interval-Milliseconds": "\u00b2"}, 9, 12),
        ({"X-RateLimit-Interval-Milliseconds": "9" * 5000}, 9, 12),
    ],
)
def test_too_many_requests_pauses_all_workers(
    ghl: FakeGhl, contact: str, clock: Any, headers: dict[str, str], least: float, most: float
) -> None:
    ghl.on(CONTACT).status(429, {"message": "Too Many Requests"}, headers, times=1)
    with pytest.raises(http.ServiceUnavailable):
        client.get_contact(contact)
    with pytest.raises(http.ServiceUnavailable, match="too many requests") as later:
        upsert()
    assert least <= later.value.retry_after <= most
    assert len(ghl.requests()) == 1
    clock.shift(timedelta(seconds=later.value.retry_after + 0.1))
    client.get_contact(contact)


def test_limit_used_by_others_pauses_calls(ghl: FakeGhl, contact: str) -> None:
    ghl.configure(rate_limit=2)
    client.get_contact(contact)
    client.get_contact(contact)
    with pytest.raises(http.ServiceUnavailable, match="used up for a moment") as later:
        client.get_contact(contact)
    assert 9 < later.value.retry_after <= 12
    assert len(ghl.requests()) == 2


def test_daily_limit_raises_alarm_and_pauses(ghl: FakeGhl, contact: str, clock: Any) -> None:
    ghl.configure(rate_limit=100, daily_limit=1)
    client.get_contact(contact)
    for minutes in (0, 59):
        clock.shift(timedelta(minutes=minutes))
        with pytest.raises(http.ServiceUnavailable, match="limit for the day"):
            client.get_contact(contact)
    assert (len(ghl.requests()), [key for key, _ in alarms()]) == (1, ["ghl:daily"])
    clock.shift(timedelta(minutes=2))
    with pytest.raises(http.ServiceUnavailable):
        client.get_contact(contact)
    assert len(ghl.requests()) == 2
    ghl.configure(daily_limit=200_000)
    clock.shift(timedelta(minutes=61))
    client.get_contact(contact)
    assert alarms() == []


def test_longer_pause_is_not_shortened() -> None:
    rates.pause_vendor("ghl", 600, "the day is over")
    rates.pause_vendor("ghl", 5, "a moment")
    with pytest.raises(http.ServiceUnavailable, match="the day is over") as later:
        client.claim_call()
    assert later.value.retry_after > 590
    rates.claim_call("clay", 1, 1)
    assert not RateWindow.objects.get(vendor="ghl").next_turn
