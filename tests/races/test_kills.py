"""Processes that are killed on the way through the door: sent at most once, and nothing lost."""

import signal
import subprocess
from datetime import timedelta
from typing import Any

import pytest

from outreach import sending, uncertain
from outreach.models import DailySlots, Message, SendIntent
from tests import factories
from tests.fakes.ghl import FakeGhl
from tests.races.conftest import Worker

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("sender", "loose")]

SEND = "POST /conversations/messages"


def kill(process: subprocess.Popen) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL


def now_is(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)


def intents() -> list[str]:
    return list(SendIntent.objects.order_by("pk").values_list("outcome", flat=True))


def test_killed_between_the_call_and_the_record_it_was_sent_exactly_once(
    ghl: FakeGhl, worker: Worker, clock: Any
) -> None:
    message = factories.cleared()
    ghl.on(SEND).act_then_delay(60, times=1)
    process = worker.start()
    ghl.wait_for(ghl.sent_emails, timeout=120)
    assert (now_is(message).status, intents()) == ("sending", ["open"])
    kill(process)

    assert uncertain.recover() == 0  # under its lease
    assert worker.run() == 0
    clock.shift(sending.LEASE + timedelta(seconds=1))
    assert uncertain.recover() == 1
    assert (now_is(message).status, intents()) == ("uncertain", ["uncertain"])
    assert worker.run() == 0
    assert len(ghl.sent_emails()) == 1

    clock.shift(timedelta(seconds=6))
    assert uncertain.settle_due() == 1
    sent = now_is(message)
    assert (sent.status, intents()) == ("sent", ["sent"])
    assert sent.ghl_email_message_id == ghl.sent_emails()[0]["emailMessageId"]
    assert worker.run() == 0
    assert (len(ghl.sent_emails()), len(ghl.requests(SEND)), DailySlots.objects.get().used) == (1, 1, 1)


def test_killed_during_a_call_that_never_arrived_it_is_never_sent_by_itself(
    ghl: FakeGhl, worker: Worker, clock: Any
) -> None:
    message = factories.cleared()
    ghl.on(SEND).never(times=1)
    process = worker.start()
    ghl.wait_for(lambda: ghl.requests(SEND), timeout=120)
    kill(process)
    clock.shift(sending.LEASE + timedelta(seconds=1))
    assert uncertain.recover() == 1
    for _ in range(4):
        clock.shift(timedelta(hours=1))
        assert uncertain.settle_due() == 1
        assert worker.run() == 0
    assert (now_is(message).status, ghl.sent_emails(), len(ghl.requests(SEND))) == ("uncertain", [], 1)


@pytest.mark.parametrize("route", ["POST /contacts/upsert", "GET /contacts/{id}", "GET /conversations/search"])
def test_killed_before_the_call_it_goes_back_and_is_sent_once(
    ghl: FakeGhl, worker: Worker, clock: Any, route: str
) -> None:
    message = factories.cleared()
    ghl.on(route).act_then_delay(60, times=1)
    process = worker.start()
    ghl.wait_for(lambda: ghl.requests(route), timeout=120)
    kill(process)
    assert (now_is(message).status, intents(), DailySlots.objects.count()) == ("sending", [], 0)
    clock.shift(sending.LEASE + timedelta(seconds=1))
    assert uncertain.recover() == 1
    assert now_is(message).status == "cleared"
    assert worker.run() == 1
    assert (now_is(message).status, intents(), len(ghl.sent_emails())) == ("sent", ["sent"], 1)


def test_what_one_process_left_behind_does_not_hold_up_the_next(ghl: FakeGhl, worker: Worker) -> None:
    first = factories.cleared()
    ghl.on(SEND).act_then_delay(60, times=1)
    process = worker.start()
    ghl.wait_for(ghl.sent_emails, timeout=120)
    kill(process)
    second = factories.cleared()
    assert worker.run() == 1
    assert (now_is(first).status, now_is(second).status) == ("sending", "sent")
    assert [entry["to"] for entry in ghl.sent_emails()] == [first.to_address, second.to_address]
