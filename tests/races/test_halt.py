"""A halt: no call to GoHighLevel begins later than two seconds after it."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from caio_project.lib.models import ApiKey
from leads.models import RateWindow
from outreach.choices import Phase
from outreach.control import phase
from outreach.models import AfterSend, Control, DailySlots, GhlLook, Message, SendIntent
from outreach.sending import send
from tests import factories
from tests.conftest import person
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

CREATE, CONTACT, SEARCH = "POST /contacts/", "GET /contacts/{id}", "GET /conversations/search"
DEALS, SEND = "GET /opportunities/search", "POST /conversations/messages"
TOLERATED = 2.0  # seconds


def now_is(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)


def in_background(work: Callable[[], Any]) -> threading.Thread:
    def run() -> None:
        try:
            work()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def by_button() -> None:
    client = Client()
    client.force_login(person("rita", "Reviewer"))
    assert client.post(reverse("halt")).status_code == 303


def by_command() -> None:
    person("rita", "Reviewer")
    call_command("halt_sending", "--as", "rita", "--reason", "test", stdout=StringIO())


def by_api() -> None:
    _, key = ApiKey.objects.create_key(name="pager", scopes=["outreach:halt"])
    answer = Client().post(
        "/api/halt",
        {"reason": "test"},
        content_type="application/json",
        headers={"Authorization": f"Bearer {key}"},
    )
    assert answer.status_code == 200


class Stillstand:
    """The longest pause of this machine: a request may be recorded that much later."""

    def __init__(self) -> None:
        self.longest, self._over = 0.0, threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def _watch(self) -> None:
        last = time.monotonic()
        while not self._over.wait(0.02):
            now = time.monotonic()
            self.longest, last = max(self.longest, now - last - 0.02), now

    def __enter__(self) -> "Stillstand":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


@pytest.fixture
def workers(ghl: FakeGhl) -> Iterator[Workers]:
    made = Workers("tests.races.work_ghl", **door_environment(ghl))
    yield made
    made.stop()


@pytest.mark.parametrize("halt", [by_button, by_command, by_api])
def test_a_halt_stops_several_working_workers(ghl: FakeGhl, workers: Workers, halt: Any) -> None:
    """Sending, tagging and looking, each call slow: after the halt all that begins, begins within
    two seconds.
    """
    phase.change_phase(Phase.AUTONOMOUS, by=None, reason="test")
    emails = [
        factories.cleared_email() for _ in range(18)
    ]  # fewer than a new domain may send in a day
    for _ in range(12):
        factories.held_email()
    GhlLook.objects.update(due_at=timezone.now())
    for route in (CREATE, CONTACT, SEARCH, SEND, "POST /contacts/{id}/tags"):
        ghl.on(route).delay(0.3)
    processes = [workers.start() for _ in range(3)]
    ghl.wait_for(lambda: ghl.sent_emails() and len(ghl.requests()) > 10, timeout=120)
    with Stillstand() as machine:
        halt()
        halted_at = time.time()
        time.sleep(TOLERATED + 2)
    late = [
        request
        for request in ghl.requests()
        if request.time > halted_at + TOLERATED + machine.longest
    ]
    assert late == []
    assert len(ghl.sent_emails()) < len(emails)  # they were in the middle of it
    assert set(Message.objects.values_list("status", flat=True)) == {"sent", "cleared", "held"}
    assert not SendIntent.objects.filter(outcome="open").exists()
    made = len(ghl.requests())
    for process in processes:
        process.terminate()
        process.communicate(timeout=120)
    assert len(ghl.requests()) == made

    phase.resume_sending(by=None, reason="test")
    ghl.clear_behaviours()
    for _ in emails:
        RateWindow.objects.all().delete()  # GoHighLevel's rate is other tests' matter
        send.send_due(most=1)
    assert (
        len({entry["to"] for entry in ghl.sent_emails()}) == len(ghl.sent_emails()) == len(emails)
    )
    assert AfterSend.objects.filter(state="uncertain").count() == 0


@pytest.mark.parametrize("route", [CREATE, CONTACT, SEARCH, DEALS])
def test_between_two_calls_of_one_email(ghl: FakeGhl, route: str) -> None:
    """The call takes longer than an answer about the halt holds; the next one does not begin."""
    messages = [factories.cleared_email() for _ in range(3)]
    if route != CREATE:
        ghl.add_contact(messages[0].to_address)
    with held_up(ghl, route) as wait:
        door = in_background(send.send_due)
        wait()
        phase.halt_sending(by=None, reason="test")
        made = len(ghl.requests())
        time.sleep(phase.ANSWER_HOLDS)
    door.join(120)
    assert len(ghl.requests()) == made
    assert [(now_is(message).status, now_is(message).attempts) for message in messages] == [
        ("cleared", 0)
    ] * 3
    assert (ghl.sent_emails(), SendIntent.objects.count(), DailySlots.objects.count()) == ([], 0, 0)
    assert Control.objects.get().away_failures == 0  # it is no trouble of GoHighLevel's
    phase.resume_sending(by=None, reason="test")
    assert send.send_due() == 3


def test_while_the_claim_of_a_slot_waits(ghl: FakeGhl) -> None:
    message = factories.cleared_email()
    with transaction.atomic():
        phase.lock_control()
        door = in_background(lambda: send.send_due(most=1))
        ghl.wait_for(somebody_waits_for_a_lock, timeout=60)
        time.sleep(2.5)
        phase.halt_sending(by=None, reason="test")
    door.join(120)
    assert (now_is(message).status, now_is(message).waiting_for, ghl.requests(SEND)) == (
        "cleared",
        "halted",
        [],
    )
    assert (SendIntent.objects.count(), DailySlots.objects.count()) == (0, 0)
    phase.resume_sending(by=None, reason="test")
    assert send.send_due() == 1


def test_while_the_sending_call_is_still_connecting(ghl: FakeGhl, settings: Any) -> None:
    """The slot is claimed and the halt comes before the connection stands: no byte of the email
    leaves.
    """
    doorstep = SlowDoorstep(ghl.url)
    settings.GHL_BASE_URL = doorstep.url
    message = factories.cleared_email()
    act = ghl.create_contact
    ghl.create_contact = lambda request: (doorstep.close(), act(request))[1]
    door = in_background(lambda: send.send_due(most=1))
    ghl.wait_for(lambda: SendIntent.objects.filter(outcome="open").exists(), timeout=60)
    phase.halt_sending(by=None, reason="test")
    assert ghl.requests(CREATE)
    doorstep.open()
    door.join(120)
    doorstep.socket.close()
    assert (ghl.requests(SEND), ghl.sent_emails()) == ([], [])
    assert now_is(message).status == "cleared"
    assert now_is(message).waiting_for in (
        "halted",
        "ghl_unavailable",
    )  # the second where connecting took five seconds
    assert (SendIntent.objects.get().outcome, DailySlots.objects.get().used) == ("not_sent", 0)


def test_a_late_answer_about_the_halt_is_ignored(ghl: FakeGhl) -> None:
    message = factories.cleared_email()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE outreach_control IN ACCESS EXCLUSIVE MODE")
        asked: list[Exception] = []

        def ask() -> None:
            try:
                phase.check_not_halted()
            except phase.SendingHalted as halted:
                asked.append(halted)

        asking = in_background(ask)
        ghl.wait_for(somebody_waits_for_a_lock, timeout=60)
        time.sleep(phase.MAX_ANSWER_SECONDS + 0.2)
    asking.join(10)
    assert str(asked[0]) == "It took too long to find out whether sending is halted."
    assert send.send_due() == 1
    assert now_is(message).status == "sent"


def test_emergency_stop_holds_from_process_start(ghl: FakeGhl, worker: Worker, clock: Any) -> None:
    message = factories.cleared_email()
    worker.environment["EMERGENCY_STOP"] = "true"
    assert worker.run() == 0
    assert (ghl.requests(), now_is(message).status, SendIntent.objects.count()) == (
        [],
        "cleared",
        0,
    )
    phase.resume_sending(by=None, reason="test")  # the row has no say in it
    clock.shift(timedelta(hours=1))
    assert (worker.run(), ghl.requests()) == (0, [])
    del worker.environment["EMERGENCY_STOP"]
    assert worker.run() == 1
