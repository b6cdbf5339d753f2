"""Processes that are killed while sending: sent at most once, and nothing lost."""

import signal
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from bench.forking import ForkedProcess
from leads.models import Alarm
from outreach.control import phase
from outreach.guardrails.guardrail_rules import UNCERTAIN_TOO_LONG
from outreach.models import AfterSend, DailySlots, Message, SendIntent
from outreach.sending import after_send, send, uncertain
from tests import factories
from tests.fakes.ghl import FakeGhl
from tests.races.conftest import (
    SlowDoorstep,
    Worker,
    Workers,
    door_environment,
    held_up,
    somebody_waits_for_a_lock,
)

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("sender", "loose"),
]

SEND = "POST /conversations/messages"


def kill(process: ForkedProcess) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL


def now_is(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)


def intents() -> list[str]:
    return list(SendIntent.objects.order_by("pk").values_list("outcome", flat=True))


def test_killed_after_the_call_is_sent_exactly_once(
    ghl: FakeGhl, worker: Worker, clock: Any
) -> None:
    message = factories.cleared_email()
    ghl.on(SEND).act_then_delay(60, times=1)
    process = worker.start()
    ghl.wait_for(ghl.sent_emails, timeout=120)
    assert (now_is(message).status, intents()) == ("sending", ["open"])
    kill(process)

    assert uncertain.recover_expired_leases() == 0  # under its lease
    assert worker.run() == 0
    clock.shift(send.SEND_LEASE + timedelta(seconds=1))
    assert uncertain.recover_expired_leases() == 1
    assert (now_is(message).status, intents()) == ("uncertain", ["uncertain"])
    assert worker.run() == 0
    assert len(ghl.sent_emails()) == 1

    clock.shift(timedelta(seconds=6))
    assert uncertain.settle_due() == 1
    sent = now_is(message)
    assert (sent.status, intents()) == ("sent", ["sent"])
    assert sent.ghl_email_message_id == ghl.sent_emails()[0]["emailMessageId"]
    assert worker.run() == 0
    assert (len(ghl.sent_emails()), len(ghl.requests(SEND)), DailySlots.objects.get().used) == (
        1,
        1,
        1,
    )


def test_killed_during_a_lost_call_is_never_retried(
    ghl: FakeGhl, worker: Worker, clock: Any
) -> None:
    message = factories.cleared_email()
    ghl.on(SEND).never(times=1)
    process = worker.start()
    ghl.wait_for(lambda: ghl.requests(SEND), timeout=120)
    kill(process)
    clock.shift(send.SEND_LEASE + timedelta(seconds=1))
    assert uncertain.recover_expired_leases() == 1
    for _ in range(4):
        clock.shift(timedelta(hours=1))
        assert uncertain.settle_due() == 1
        assert worker.run() == 0
    assert (now_is(message).status, ghl.sent_emails(), len(ghl.requests(SEND))) == (
        "uncertain",
        [],
        1,
    )


@pytest.mark.parametrize(
    "route",
    [
        "POST /contacts/",
        "GET /contacts/{id}",
        "GET /conversations/search",
        "GET /opportunities/search",
    ],
)
def test_killed_before_the_call_is_sent_once(
    ghl: FakeGhl, worker: Worker, clock: Any, route: str
) -> None:
    message = factories.cleared_email()
    if not route.startswith("POST"):
        ghl.add_contact(message.to_address)
    ghl.on(route).act_then_delay(60, times=1)
    process = worker.start()
    ghl.wait_for(lambda: ghl.requests(route), timeout=120)
    kill(process)
    assert (now_is(message).status, intents(), DailySlots.objects.count()) == ("sending", [], 0)
    clock.shift(send.SEND_LEASE + timedelta(seconds=1))
    assert uncertain.recover_expired_leases() == 1
    assert now_is(message).status == "cleared"
    assert worker.run() == 1
    assert (now_is(message).status, intents(), len(ghl.sent_emails())) == ("sent", ["sent"], 1)


def test_killed_while_claiming_a_slot_is_sent_once(
    ghl: FakeGhl, worker: Worker, clock: Any
) -> None:
    message = factories.cleared_email()
    with transaction.atomic():
        phase.lock_control()
        process = worker.start()
        ghl.wait_for(somebody_waits_for_a_lock, timeout=120)
        kill(process)
    assert (now_is(message).status, intents(), DailySlots.objects.count()) == ("sending", [], 0)
    clock.shift(send.SEND_LEASE + timedelta(seconds=1))
    assert uncertain.recover_expired_leases() == 1
    assert worker.run() == 1
    assert (now_is(message).status, intents(), len(ghl.sent_emails())) == ("sent", ["sent"], 1)
    assert DailySlots.objects.get().used == 1


def test_killed_after_the_intent_waits_for_a_person(
    ghl: FakeGhl, worker: Worker, clock: Any
) -> None:
    """Nothing was sent, but we cannot know that: no automatic retry, a person is asked."""
    message = factories.cleared_email()
    doorstep = SlowDoorstep(ghl.url)
    worker.environment["GHL_BASE_URL"] = doorstep.url
    act = ghl.create_contact
    ghl.create_contact = lambda request: (doorstep.close(), act(request))[1]
    process = worker.start()
    ghl.wait_for(intents, timeout=120)
    kill(process)
    doorstep.open()
    worker.environment["GHL_BASE_URL"] = ghl.url
    del ghl.create_contact
    assert (now_is(message).status, intents(), ghl.requests(SEND)) == ("sending", ["open"], [])
    clock.shift(send.SEND_LEASE + timedelta(seconds=1))
    assert uncertain.recover_expired_leases() == 1
    assert worker.run() == 0
    clock.shift(UNCERTAIN_TOO_LONG)
    assert uncertain.settle_due() == 1
    assert (now_is(message).status, worker.run(), ghl.sent_emails()) == ("uncertain", 0, [])
    assert Alarm.objects.filter(closed_at=None, key=f"uncertain:{message.pk}").count() == 1


def test_killed_while_recording_is_sent_exactly_once(
    ghl: FakeGhl, worker: Worker, clock: Any
) -> None:
    message = factories.cleared_email()
    with transaction.atomic():
        with held_up(ghl, SEND) as wait:
            process = worker.start()
            wait()
            SendIntent.objects.select_for_update().get()
        ghl.wait_for(somebody_waits_for_a_lock, timeout=120)
        kill(process)
    assert (now_is(message).status, intents(), len(ghl.sent_emails())) == ("sending", ["open"], 1)
    clock.shift(send.SEND_LEASE + timedelta(seconds=1))
    assert uncertain.recover_expired_leases() == 1
    clock.shift(timedelta(seconds=6))
    assert uncertain.settle_due() == 1
    assert worker.run() == 0
    assert (now_is(message).status, intents(), len(ghl.sent_emails())) == ("sent", ["sent"], 1)


@pytest.mark.parametrize(
    "route", ["POST /contacts/{id}/tags", "POST /contacts/{id}/workflow/{workflow_id}"]
)
def test_killed_after_sending_repeats_no_follow_up_action(
    ghl: FakeGhl, clock: Any, route: str, settings: Any
) -> None:
    settings.GHL_WORKFLOW_ID = ghl.add_workflow()["id"]
    message = factories.cleared_email()
    ghl.add_contact(message.to_address)
    assert send.send_due() == 1
    workers = Workers(
        "tests.races.work_ghl", **door_environment(ghl), GHL_WORKFLOW_ID=settings.GHL_WORKFLOW_ID
    )
    ghl.on(route).act_then_delay(60, times=1)
    process = workers.start()
    ghl.wait_for(lambda: ghl.requests(route), timeout=120)
    kill(process)
    workers.stop()
    for _ in range(3):
        clock.shift(timedelta(minutes=2))
        after_send.run_due_actions()
    contact = now_is(message).ghl_contact_id
    assert ghl.workflow_contacts(settings.GHL_WORKFLOW_ID) == [contact]
    assert after_send.VISITOR_TAG in ghl.contact(contact)["tags"]
    states = dict(AfterSend.objects.values_list("what", "state"))
    assert states == {"tags": "done", "workflow": "uncertain" if "workflow" in route else "done"}
    assert len(ghl.sent_emails()) == 1


def test_a_killed_process_does_not_block_the_next(ghl: FakeGhl, worker: Worker) -> None:
    first = factories.cleared_email()
    ghl.on(SEND).act_then_delay(60, times=1)
    process = worker.start()
    ghl.wait_for(ghl.sent_emails, timeout=120)
    kill(process)
    second = factories.cleared_email()
    assert worker.run() == 1
    assert (now_is(first).status, now_is(second).status) == ("sending", "sent")
    assert [entry["to"] for entry in ghl.sent_emails()] == [first.to_address, second.to_address]
