"""Whose turn it is: the most urgent first, whatever held them, and nobody hidden behind those that wait."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from leads.models import Lead
from outreach.control import phase
from outreach.limits import current_limits, office_hours, send_order
from outreach.limits.limit_rules import CurrentLimits
from outreach.models import Message, Move, Place
from outreach.sending import ghl_outage, send
from tests import factories
from tests.fakes.ghl import FakeGhl
from tests.outreach.conftest import WORKING

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender", "loose")]

UPSERT, SEND = "POST /contacts/upsert", "POST /conversations/messages"


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    with time_machine.travel(WORKING, tick=False) as traveller:
        yield traveller


def standing() -> CurrentLimits:
    return current_limits.read_limits(phase.current_control(), timezone.now())


def hot(**lead: Any) -> Message:
    return factories.cleared_email(factories.LeadFactory(**lead))


def warm() -> Message:
    return factories.cleared_email(intent=50, tier="tier_2")


def low(**lead: Any) -> Message:
    return factories.cleared_email(factories.LeadFactory(**lead), intent=10, tier="tier_3")


def status(*messages: Message) -> list[str]:
    return [Message.objects.get(pk=message.pk).status for message in messages]


def left(ghl: FakeGhl) -> list[str]:
    return [entry["to"] for entry in ghl.sent_emails()]


def addresses(*messages: Message) -> list[str]:
    return [message.to_address for message in messages]


def waiting_rows() -> list[tuple[Any, ...]]:
    return list(
        Message.objects.filter(status="cleared").order_by("pk").values_list("pk", "not_before")
    )


# --- The order --------------------------------------------------------------------------------------------------------


def test_the_most_urgent_leaves_first_and_of_equals_the_one_approved_first(
    ghl: FakeGhl, clock: Any
) -> None:
    made = []
    for make in (low, warm, hot, low, warm, hot):
        made.append(make())
        clock.shift(timedelta(minutes=1))
    assert send.send_due() == 6
    assert left(ghl) == addresses(made[2], made[5], made[1], made[4], made[0], made[3])


def test_an_approval_that_was_undone_and_given_again_goes_to_the_end(
    ghl: FakeGhl, clock: Any
) -> None:
    first, second = hot(), hot()
    clock.shift(timedelta(minutes=1))
    Message.objects.filter(pk=first.pk).update(cleared_at=timezone.now())
    assert send.send_due() == 2
    assert left(ghl) == addresses(second, first)


def test_of_places_that_are_open_the_most_urgent_goes_first_and_closed_ones_are_not_looked_at(
    ghl: FakeGhl, settings: Any
) -> None:
    settings.WORKING_HOURS = "08:00-18:00"
    west, texan, east = (
        hot(state="CA"),
        low(state="TX"),
        hot(state="OH"),
    )  # seven, nine and ten in the morning
    assert send.send_due() == 2
    assert left(ghl) == addresses(east, texan)
    assert status(west) == ["cleared"]
    assert waiting_rows() == [(west.pk, west.not_before)]


def test_whose_person_has_moved_since_the_approval_keeps_the_hours_of_the_new_place(
    ghl: FakeGhl, settings: Any
) -> None:
    settings.WORKING_HOURS = "08:00-18:00"
    message, other = hot(state="OH"), low(state="OH")
    Lead.objects.filter(pk=message.lead_id).update(state="HI")
    assert send.send_due() == 1
    assert left(ghl) == addresses(other)
    assert Message.objects.get(pk=message.pk).place.zone == "Pacific/Honolulu"
    assert (status(message), Move.objects.filter(message=message, to_status="sending").count()) == (
        ["cleared"],
        0,
    )


def test_a_domain_that_had_its_share_hides_nobody_behind_it(
    ghl: FakeGhl, settings: Any, clock: Any
) -> None:
    settings.DOMAIN_HOURLY_LIMIT = 1
    colleagues = [
        hot(email=f"dana{n}@shared.test") for n in range(60)
    ]  # more than a sweep looks at
    other = low()
    before = dict(waiting_rows())
    assert send.send_due() == 2
    assert left(ghl) == addresses(colleagues[0], other)
    assert all(
        before[pk] == not_before for pk, not_before in waiting_rows()
    )  # nothing was rewritten
    clock.shift(timedelta(hours=1))
    assert send.send_due() == 1
    assert left(ghl)[-1] == colleagues[1].to_address


def test_a_limit_for_everything_rewrites_no_row(ghl: FakeGhl, settings: Any, clock: Any) -> None:
    settings.SEND_GAP_SECONDS = 45
    for make in (low, warm, hot):
        make()
    assert send.send_due() == 1
    before, moves = waiting_rows(), Move.objects.count()
    for _ in range(5):
        clock.shift(timedelta(seconds=5))
        assert send.send_due() == 0
    assert (waiting_rows(), Move.objects.count(), len(ghl.sent_emails())) == (before, moves, 1)


# --- Overtaking -------------------------------------------------------------------------------------------------------


def during(ghl: FakeGhl, handler: str, do: Any) -> None:
    act = getattr(ghl, handler)
    setattr(ghl, handler, lambda request: (do(), act(request))[1])


def test_a_low_one_at_the_door_lets_a_hot_one_go_first(
    ghl: FakeGhl, settings: Any, clock: Any
) -> None:
    """While it was looked at, a HOT one's time to undo came to its end, and there is one place left."""
    settings.SEND_GAP_SECONDS = 45
    slow, urgent = low(), hot()
    Message.objects.filter(pk=urgent.pk).update(not_before=timezone.now() + timedelta(seconds=1))
    during(ghl, "search_conversations", lambda: clock.shift(timedelta(seconds=2)))
    assert send.send_due() == 1
    assert left(ghl) == addresses(urgent)
    assert status(slow) == ["cleared"]
    assert [(row.to_status, row.why) for row in slow.moves.all()][-2:] == [
        ("sending", "door"),
        ("cleared", "later"),
    ]


def test_a_low_one_waits_for_a_hot_one_that_another_worker_has_at_the_door(
    ghl: FakeGhl, clock: Any
) -> None:
    slow, urgent = low(), hot()
    lease = timezone.now() + send.SEND_LEASE
    Message.objects.filter(pk=urgent.pk).update(status="sending", lease_until=lease)
    assert (send.send_due(), left(ghl), status(slow)) == (0, [], ["cleared"])
    clock.move_to(lease)  # that worker is dead, or it would have moved it
    assert (send.send_due(), left(ghl)) == (1, addresses(slow))


def test_a_hot_one_waits_for_no_low_one(ghl: FakeGhl) -> None:
    slow, urgent = low(), hot()
    Message.objects.filter(pk=slow.pk).update(
        status="sending", lease_until=timezone.now() + send.SEND_LEASE
    )
    assert (send.send_due(), left(ghl)) == (1, addresses(urgent))


# --- GoHighLevel away -------------------------------------------------------------------------------------------------


def test_after_an_outage_the_most_urgent_leaves_first(ghl: FakeGhl, clock: Any) -> None:
    emails = [low(), warm(), hot(), hot()]
    before = waiting_rows()
    ghl.stop()
    for _ in range(2):
        assert send.send_due() == 0
        assert send.send_due() == 0  # it is not asked again before its time
        clock.shift(timedelta(minutes=1))
    assert waiting_rows() == before
    assert phase.current_control().away_failures == 2
    ghl.start()
    assert send.send_due() == 4
    assert left(ghl) == addresses(emails[2], emails[3], emails[1], emails[0])
    row = phase.current_control()
    assert (row.away_until, row.away_for, row.away_failures) == (None, "", 0)


def test_while_ghl_is_away_every_email_says_so_and_until_when(ghl: FakeGhl) -> None:
    hot()
    other = low()
    ghl.stop()
    send.send_due()
    wait = current_limits.binding_limit(other, phase.current_control(), timezone.now())
    assert (wait.limit, wait.until) == ("ghl", timezone.now() + timedelta(seconds=5))
    assert wait.text.startswith("GoHighLevel cannot be used: no connection to 127.0.0.1")
    ghl.start()


def test_the_waits_grow_to_five_minutes(ghl: FakeGhl, clock: Any) -> None:
    hot()
    ghl.on(UPSERT).status(503)
    waits = []
    for _ in range(9):
        send.send_due()
        waits.append((phase.current_control().away_until - timezone.now()).total_seconds())
        clock.move_to(phase.current_control().away_until)
        Message.objects.update(not_before=WORKING)
    assert waits == [5, 10, 20, 40, 80, 160, 300, 300, 300]


def test_one_email_that_ghl_cannot_take_does_not_hold_up_the_others(
    ghl: FakeGhl, clock: Any
) -> None:
    trouble, others = hot(), [low() for _ in range(3)]
    ghl.on(UPSERT, containing=trouble.to_address).status(500)
    for _ in range(20):
        send.send_due()
        clock.shift(timedelta(seconds=60))
    assert left(ghl) == addresses(*others)
    assert (status(trouble), "500" in Message.objects.get(pk=trouble.pk).error) == (
        ["cleared"],
        True,
    )


def test_those_that_stepped_aside_take_their_turns_when_ghl_is_back(
    ghl: FakeGhl, clock: Any
) -> None:
    urgent, second, slow = hot(), hot(), low()
    ghl.stop()
    for _ in range(ghl_outage.FAILURES_OF_ONE + 1):
        send.send_due()
        clock.move_to(phase.current_control().away_until)
    assert (
        Message.objects.get(pk=urgent.pk).not_before > timezone.now()
    )  # the second one was tried in its place
    ghl.start()
    assert send.send_due() == 3
    assert left(ghl) == addresses(second, urgent, slow)


# --- Cost -------------------------------------------------------------------------------------------------------------


def fill(count: int, place: Place, **fields: Any) -> None:
    leads = Lead.objects.bulk_create(
        Lead(first_name="Bulk", last_name=str(n), email=f"p{n}@bulk-{n}.test", address="usable")
        for n in range(count)
    )
    now = timezone.now()
    Message.objects.bulk_create(
        Message(
            lead=lead, status="cleared", version=1, to_address=lead.email, rank=0, cleared_at=now - timedelta(days=1),
            not_before=now - timedelta(hours=1), place=place, transport="ghl",
            **{"domain": f"bulk-{n}.test", **fields},
        )
        for n, lead in enumerate(leads)
    )  # fmt: skip


def test_the_queue_asks_no_more_of_the_database_with_a_thousand_waiting(settings: Any) -> None:
    settings.WORKING_HOURS = "08:00-18:00"
    message, at = hot(), standing()
    with CaptureQueriesContext(connection) as few:
        assert send_order.next_in_queue(at) == message
    fill(1000, office_hours.place_of_lead(Lead(country="US", state="HI")))
    with CaptureQueriesContext(connection) as many:
        assert send_order.next_in_queue(at) == message
    assert len(many) == len(few) == 4


def test_what_is_kept_is_counted_only_as_far_as_the_day_goes(settings: Any) -> None:
    settings.WORKING_HOURS = "08:00-18:00"
    at = standing()
    fill(1000, office_hours.place_of_lead(Lead(country="US", state="HI")))
    with CaptureQueriesContext(connection) as asked:
        wait = send_order.limit_by_reserve(2, at)
    assert (
        wait is not None
        and wait.text == "kept for 100 more urgent ones that open at 08:00 in Honolulu"
    )
    assert len(asked) == 2  # the places, and four times 25 emails
    with CaptureQueriesContext(connection) as asked:
        assert send_order.limit_by_reserve(0, at) is None
    assert len(asked) == 0


@pytest.mark.postgres
def test_lines_of_closed_offices_and_passed_over_domains_are_not_read(settings: Any) -> None:
    """PostgreSQL's own account of what it read: a handful of pages of 5,000 waiting rows."""
    settings.WORKING_HOURS = "08:00-18:00"
    message, at = hot(), standing()
    fill(5000, office_hours.place_of_lead(Lead(country="US", state="HI")))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE outreach_message")
    with CaptureQueriesContext(connection) as asked:
        assert send_order.next_in_queue(at) == message
    for query in asked.captured_queries:
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + query["sql"])
            ((plan,),) = cursor.fetchall()
        assert plan[0]["Plan"]["Shared Hit Blocks"] + plan[0]["Plan"]["Shared Read Blocks"] < 30, (
            query["sql"]
        )
