"""The day's last slots are kept for later, more urgent emails: the rule, and sending by it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone

from outreach.control import phase
from outreach.limits import current_limits, limit_rules, priority_reserve
from outreach.limits.priority_reserve import LaterGroup
from outreach.models import DailySlots, Message, SendIntent
from outreach.sending import send, send_slots
from outreach.sending.stops import SendMustWait
from tests import factories
from tests.fakes.ghl import FakeGhl
from tests.outreach.conftest import WORKING

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
OPENS, CLOSES = (
    datetime(2026, 3, 3, 16, tzinfo=UTC),
    datetime(2026, 3, 4, 2, tzinfo=UTC),
)  # eight to six in California


def left(count: int) -> limit_rules.CurrentLimits:
    return replace(AT, used_today=AT.daily - count)


def west(count: int, domain: str = "", **changes: Any) -> LaterGroup:
    return replace(LaterGroup("America/Los_Angeles", OPENS, CLOSES, domain, count), **changes)


# --- The rule ---


@pytest.mark.parametrize(
    ("slots", "count", "is_kept"), [(3, 3, True), (3, 2, False), (3, 9, True), (25, 25, True)]
)
def test_slots_are_kept_for_enough_later_emails(slots: int, count: int, is_kept: bool) -> None:
    assert bool(priority_reserve.reserve_limit(left(slots), [west(count)])) == is_kept


def test_nothing_is_kept_without_later_emails() -> None:
    assert priority_reserve.reserve_limit(left(1), []) is None


def test_reserve_names_count_place_and_time() -> None:
    limit = priority_reserve.reserve_limit(left(3), [west(7)])

    assert limit == limit_rules.BindingLimit(
        "kept",
        OPENS,
        {"kept": 7, "at_once": True, "opens": OPENS, "zone": "America/Los_Angeles"},
        everything=False,
    )
    assert limit.text == "sends kept for 7 more urgent ones that open at 8:00\u00a0AM\u00a0PT"
    assert (
        priority_reserve.reserve_limit(left(1), [west(1)]).text
        == "sends kept for 1 more urgent one that opens at 8:00\u00a0AM\u00a0PT"
    )
    hawaii = LaterGroup("Pacific/Honolulu", OPENS + timedelta(hours=2), CLOSES, "", 2)
    text = priority_reserve.reserve_limit(left(3), [hawaii, west(1)]).text
    assert (
        text
        == "sends kept for 3 more urgent ones, the first of which opens at 8:00\u00a0AM\u00a0PT"
    )


@pytest.mark.parametrize(
    ("closes", "room"),
    [
        (timedelta(hours=3), 45),
        (timedelta(hours=1), 15),
        (timedelta(minutes=3), 4),  # 45 seconds between two: at 0:00, 0:45, 1:30, 2:15
        (timedelta(seconds=1), 1),
        (timedelta(0), 0),
        (timedelta(hours=1, seconds=46), 17),
    ],
)
def test_reserve_is_bounded_by_closing_time(closes: timedelta, room: int) -> None:
    assert priority_reserve.sendable_later(AT, [west(1000, closes=OPENS + closes)]) == room


def test_reserve_is_bounded_by_domain_limit() -> None:
    hour = {"closes": OPENS + timedelta(hours=1)}
    assert priority_reserve.sendable_later(AT, [west(9, "one.test", **hour)]) == 3
    assert (
        priority_reserve.sendable_later(
            AT, [west(9, "one.test", **hour), west(2, "two.test", **hour)]
        )
        == 5
    )
    assert priority_reserve.reserve_limit(left(4), [west(9, "one.test", **hour)]) is None


def test_places_that_open_together_share_the_hour() -> None:
    hour = {"closes": OPENS + timedelta(hours=1)}
    assert priority_reserve.sendable_later(AT, [west(12, **hour), west(12, **hour)]) == 15


# --- While sending ---


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(WORKING, tick=False) as traveller:
        yield traveller


def email(state: str, **fields: Any) -> Message:
    return factories.cleared_email(factories.LeadFactory(state=state), **fields)


def low(state: str) -> Message:
    return email(state, intent=10, tier="tier_3")


def warm(state: str) -> Message:
    return email(state, intent=50, tier="tier_2")


def state(*messages: Message) -> list[str]:
    return [Message.objects.get(pk=message.pk).status for message in messages]


def why(message: Message) -> limit_rules.BindingLimit | None:
    return current_limits.binding_limit(
        Message.objects.get(pk=message.pk), phase.current_control(), timezone.now()
    )


@pytest.mark.django_db
@pytest.mark.usefixtures("sender", "loose", "clock")
class TestDoor:
    @pytest.fixture(autouse=True)
    def hours(self, settings: Any, loose: None) -> None:
        settings.WORKING_HOURS = "08:00-18:00"

    def test_low_email_leaves_last_slots_to_hot(self, ghl: FakeGhl, clock: Any) -> None:
        DailySlots.objects.create(day=WORKING.date(), used=23)
        east, hot = low("OH"), [email("CA") for _ in range(2)]
        assert send.send_due() == 0
        assert (state(east, *hot), ghl.requests(), SendIntent.objects.count()) == (
            ["cleared"] * 3,
            [],
            0,
        )
        clock.move_to(OPENS)
        assert send.send_due() == 2
        assert state(east, *hot) == ["cleared", "sent", "sent"]
        assert why(east).limit == "daily"

    def test_it_says_so_and_when_it_really_leaves(self, ghl: FakeGhl) -> None:
        DailySlots.objects.create(day=WORKING.date(), used=23)
        east, _, _ = low("OH"), email("CA"), email("CA")
        wait = why(east)
        assert (wait.limit, wait.until) == ("kept", datetime(2026, 3, 4, 13, tzinfo=UTC))
        assert (
            wait.text
            == "sends kept for 2 more urgent ones that open at 8:00\u00a0AM\u00a0PT, 2 ahead of it"
        )

    def test_with_slots_to_spare_it_leaves_at_once(self, ghl: FakeGhl) -> None:
        DailySlots.objects.create(day=WORKING.date(), used=22)
        first, second, hot = low("OH"), low("OH"), [email("CA") for _ in range(2)]
        assert send.send_due() == 1
        assert state(first, second, *hot) == ["sent", "cleared", "cleared", "cleared"]

    def test_warm_waits_for_hot_and_low_for_both(self, ghl: FakeGhl) -> None:
        DailySlots.objects.create(day=WORKING.date(), used=23)
        middle, last, hot, other = warm("OH"), low("OH"), email("CA"), warm("CA")
        assert why(last).text.startswith("sends kept for 2 more urgent")
        assert send.send_due() == 1  # one is to spare over the HOT one
        assert state(middle, last, hot, other) == ["sent", "cleared", "cleared", "cleared"]

    def test_equals_keep_nothing_from_each_other(self, ghl: FakeGhl) -> None:
        DailySlots.objects.create(day=WORKING.date(), used=24)
        east, west = email("OH"), email("CA")
        assert (send.send_due(), state(east, west)) == (1, ["sent", "cleared"])

    def test_offices_that_open_on_another_day_keep_nothing(self, ghl: FakeGhl, clock: Any) -> None:
        """Good Friday is a holiday in Texas."""
        clock.move_to(datetime(2026, 4, 3, 12, 30, tzinfo=UTC))
        DailySlots.objects.create(day=timezone.now().date(), used=24)
        east, texan = low("OH"), email("TX")
        assert (send.send_due(), state(east, texan)) == (1, ["sent", "cleared"])

    def test_slots_of_the_warm_up_are_kept_too(self, ghl: FakeGhl) -> None:
        for _ in range(19):
            lead = factories.LeadFactory()
            SendIntent.objects.create(
                message=Message.objects.create(lead=lead, status="sent", to_address=lead.email),
                transport="ghl",
                phase="parallel",
                day=WORKING.date(),
                domain="elsewhere.test",
                from_domain="mail.ours.example.com",
                claimed_at=WORKING - timedelta(hours=2),
                outcome="sent",
            )
        east, hot = low("OH"), email("CA")
        assert (send.send_due(), state(east, hot)) == (0, ["cleared", "cleared"])

    def test_claim_keeps_slots_for_newly_approved_email(self, ghl: FakeGhl) -> None:
        DailySlots.objects.create(day=WORKING.date(), used=24)
        east = low("OH")
        Message.objects.filter(pk=east.pk).update(
            status="sending", lease_until=WORKING + send.SEND_LEASE
        )
        email("CA")
        with pytest.raises(SendMustWait) as bound, transaction.atomic():
            send_slots.claim_slot(Message.objects.get(pk=east.pk), "contact-1")
        assert (bound.value.code, SendIntent.objects.count()) == ("kept", 0)
        assert DailySlots.objects.get().used == 24

    def test_the_sandbox_keeps_nobodys_hours_and_nothing(self, settings: Any) -> None:
        DailySlots.objects.create(day=WORKING.date(), used=24)
        first, urgent = low("OH"), email("CA")
        assert (send.send_due(), state(first, urgent)) == (1, ["cleared", "sent"])
