"""While GoHighLevel is unavailable every email waits, and none loses its place."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from outreach.control import phase
from outreach.limits import current_limits
from outreach.models import Message
from outreach.sending import ghl_outage, send
from tests.fakes.ghl import FakeGhl
from tests.outreach.conftest import WORKING
from tests.outreach.limits.order_steps import addresses, hot, left, low, status, waiting_rows, warm

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender", "loose")]

CREATE, SEND = "POST /contacts/", "POST /conversations/messages"


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    with time_machine.travel(WORKING, tick=False) as traveller:
        yield traveller


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


def test_outage_is_named_for_every_email(ghl: FakeGhl) -> None:
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
    ghl.on(CREATE).status(503)
    waits = []
    for _ in range(9):
        send.send_due()
        waits.append((phase.current_control().away_until - timezone.now()).total_seconds())
        clock.move_to(phase.current_control().away_until)
        Message.objects.update(not_before=WORKING)
    assert waits == [5, 10, 20, 40, 80, 160, 300, 300, 300]


def test_one_failing_email_steps_aside(ghl: FakeGhl, clock: Any) -> None:
    trouble, others = hot(), [low() for _ in range(3)]
    ghl.on(CREATE, containing=trouble.to_address).status(500)
    for _ in range(20):
        send.send_due()
        clock.shift(timedelta(seconds=60))
    assert left(ghl) == addresses(*others)
    assert (status(trouble), "500" in Message.objects.get(pk=trouble.pk).error) == (
        ["cleared"],
        True,
    )


def test_emails_aside_return_when_ghl_works(ghl: FakeGhl, clock: Any) -> None:
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
