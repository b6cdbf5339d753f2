"""The most urgent email goes first, and no email is blocked by those that wait."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from leads.models import Lead
from outreach.limits import office_hours, send_order
from outreach.models import Message, Move, Place
from outreach.sending import send
from tests.fakes.ghl import FakeGhl
from tests.outreach.conftest import WORKING
from tests.outreach.limits.order_steps import (
    addresses,
    hot,
    left,
    low,
    standing,
    status,
    waiting_rows,
    warm,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender", "loose")]

CREATE, SEND = "POST /contacts/", "POST /conversations/messages"


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    with time_machine.travel(WORKING, tick=False) as traveller:
        yield traveller


# --- The order ---


def test_urgency_then_approval_time_decides_the_order(ghl: FakeGhl, clock: Any) -> None:
    made = []
    for make in (low, warm, hot, low, warm, hot):
        made.append(make())
        clock.shift(timedelta(minutes=1))
    assert send.send_due() == 6
    assert left(ghl) == addresses(made[2], made[5], made[1], made[4], made[0], made[3])


def test_repeated_approval_goes_to_the_end(ghl: FakeGhl, clock: Any) -> None:
    first, second = hot(), hot()
    clock.shift(timedelta(minutes=1))
    Message.objects.filter(pk=first.pk).update(cleared_at=timezone.now())
    assert send.send_due() == 2
    assert left(ghl) == addresses(second, first)


def test_most_urgent_email_of_open_places_goes_first(ghl: FakeGhl, settings: Any) -> None:
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


def test_moved_lead_has_hours_of_new_place(ghl: FakeGhl, settings: Any) -> None:
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


def test_full_domain_blocks_no_other_email(ghl: FakeGhl, settings: Any, clock: Any) -> None:
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


# --- Overtaking ---


def during(ghl: FakeGhl, handler: str, do: Any) -> None:
    act = getattr(ghl, handler)
    setattr(ghl, handler, lambda request: (do(), act(request))[1])


def test_low_email_in_progress_lets_hot_go_first(ghl: FakeGhl, settings: Any, clock: Any) -> None:
    """During its checks, a HOT email's time to undo ended, and one slot is left."""
    settings.SEND_GAP_SECONDS = 45
    slow, urgent = low(), hot()
    Message.objects.filter(pk=urgent.pk).update(not_before=timezone.now() + timedelta(seconds=1))
    during(ghl, "create_contact", lambda: clock.shift(timedelta(seconds=2)))
    assert send.send_due() == 1
    assert left(ghl) == addresses(urgent)
    assert status(slow) == ["cleared"]
    assert [(row.to_status, row.why) for row in slow.moves.all()][-2:] == [
        ("sending", "door"),
        ("cleared", "later"),
    ]


def test_low_email_waits_for_hot_in_progress(ghl: FakeGhl, clock: Any) -> None:
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


# --- Cost ---


def fill(count: int, place: Place, **fields: Any) -> None:
    leads = Lead.objects.bulk_create(
        Lead(first_name="Bulk", last_name=str(n), email=f"p{n}@bulk-{n}.test", address="usable")
        for n in range(count)
    )
    now = timezone.now()
    Message.objects.bulk_create(
        Message(
            lead=lead,
            status="cleared",
            version=1,
            to_address=lead.email,
            rank=0,
            cleared_at=now - timedelta(days=1),
            not_before=now - timedelta(hours=1),
            place=place,
            transport="ghl",
            **{"domain": f"bulk-{n}.test", **fields},
        )
        for n, lead in enumerate(leads)
    )


def test_queries_do_not_grow_with_the_queue(settings: Any) -> None:
    settings.WORKING_HOURS = "08:00-18:00"
    message, at = hot(), standing()
    with CaptureQueriesContext(connection) as few:
        assert send_order.next_in_queue(at) == message
    fill(1000, office_hours.place_of_lead(Lead(country="US", state="HI")))
    with CaptureQueriesContext(connection) as many:
        assert send_order.next_in_queue(at) == message
    assert len(many) == len(few) == 3


def test_reserve_counts_no_more_than_the_day(settings: Any) -> None:
    settings.WORKING_HOURS = "08:00-18:00"
    at = standing()
    fill(1000, office_hours.place_of_lead(Lead(country="US", state="HI")))
    with CaptureQueriesContext(connection) as asked:
        wait = send_order.limit_by_reserve(2, at)
    assert (
        wait is not None
        and wait.text == "sends kept for 100 more urgent ones that open at 8:00\u00a0AM\u00a0HT"
    )
    assert len(asked) == 2  # the places, and four times 25 emails
    with CaptureQueriesContext(connection) as asked:
        assert send_order.limit_by_reserve(0, at) is None
    assert len(asked) == 0


@pytest.mark.postgres
def test_closed_places_and_full_domains_are_not_read(settings: Any) -> None:
    """PostgreSQL's own account of what it read: a handful of pages of 5,000 waiting rows."""
    settings.WORKING_HOURS = "08:00-18:00"
    slow, message, at = low(), hot(), standing()
    fill(5000, office_hours.place_of_lead(Lead(country="US", state="HI")))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE outreach_message")
    with CaptureQueriesContext(connection) as asked:
        assert send_order.next_in_queue(at) == message
        assert send_order.would_overtake(slow, at)
        Message.objects.filter(pk=message.pk).update(status="sent")
        assert not send_order.would_overtake(slow, at)
    for query in asked.captured_queries:
        if not query["sql"].startswith("SELECT"):
            continue
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + query["sql"])
            ((plan,),) = cursor.fetchall()
        assert plan[0]["Plan"]["Shared Hit Blocks"] + plan[0]["Plan"]["Shared Read Blocks"] < 30, (
            query["sql"]
        )
