"""A webhook reaches the web process alone: no worker, and no Redis to wake one."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from celery import Celery
from django.db import connection
from django.test import Client

from caio_project.celery import app
from caio_project.lib.db import append_only
from leads.models import InboundEvent
from outreach.choices import Phase
from outreach.control import phase
from outreach.guardrails import guardrails
from outreach.models import EmailEvent, Message
from outreach.sending import send
from tests import factories
from tests.fakes.ghl import FakeGhl
from tests.outreach.guardrails.guardrail_steps import acted, now_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender", "loose", "no_redis")]

SEND = "POST /conversations/messages"
HARM = {
    "complaints": ("complained", {}, 3),
    "hard bounces": ("failed", {}, 3),
    "blocked": ("failed", {"reason": "espblock"}, 3),
}


@pytest.fixture
def no_redis(settings: Any) -> Iterator[None]:
    """Production's way of waking a worker, at a port where nobody listens."""
    settings.EMBEDDED = False
    other = Celery("elsewhere", broker="redis://127.0.0.1:1/0", set_as_current=False)
    other.conf.broker_transport_options = {"max_retries": 0, "socket_connect_timeout": 1}
    other.set_default()
    yield
    app.set_default()


@pytest.fixture(autouse=True)
def autonomous(ghl: FakeGhl, settings: Any) -> None:
    settings.GHL_WEBHOOK_PUBLIC_KEY = ghl.public_key_b64
    phase.current_control()
    phase.change_phase(Phase.AUTONOMOUS, by=None, reason="test")


def left(number: int) -> Message:
    return Message.objects.create(
        lead=factories.LeadFactory(),
        status="sent",
        transport="ghl",
        to_address=f"person{number}@northline.test",
        ghl_email_message_id=f"eml_{number}",
    )


def told(client: Client, ghl: FakeGhl, event: str, message: Message, **more: Any) -> Any:
    payload = ghl.email_stats(event, message.ghl_email_message_id, message.to_address, **more)
    raw, headers = ghl.signed(payload)
    del headers["Content-Type"]
    return client.post("/webhooks/ghl", raw, content_type="application/json", headers=headers)


@pytest.mark.parametrize("guardrail", HARM)
def test_harm_halts_and_demotes_before_the_answer(
    client: Client, ghl: FakeGhl, guardrail: str, django_capture_on_commit_callbacks: Any
) -> None:
    waiting = factories.cleared_email()
    event, more, limit = HARM[guardrail]
    for number in range(limit):
        assert now_in() == ("autonomous", False)
        with django_capture_on_commit_callbacks(execute=True):
            assert told(client, ghl, event, left(number), **more).status_code == 200
    assert now_in() == ("assisted", True)
    assert acted()[-1][1:] == ("halt", "dropped")

    assert send.send_due() == 0
    waiting.refresh_from_db()
    assert (waiting.status, ghl.requests(SEND)) == ("cleared", [])


def test_what_harms_nobody_is_left_to_the_worker(client: Client, ghl: FakeGhl) -> None:
    for event in ("delivered", "opened", "clicked", "unsubscribed"):
        assert told(client, ghl, event, left(1)).status_code == 200
    assert set(InboundEvent.objects.values_list("state", flat=True)) == {"waiting"}
    assert not EmailEvent.objects.exists()


def test_a_webhook_told_twice_counts_once(client: Client, ghl: FakeGhl) -> None:
    message = left(1)
    for _ in range(3):
        assert told(client, ghl, "complained", message).status_code == 200
    assert now_in() == ("autonomous", False)
    assert [row[1] for row in acted()] == ["alert"]


def test_a_failure_on_the_way_is_answered_and_left_to_the_checks(
    client: Client, ghl: FakeGhl
) -> None:
    with connection.cursor() as cursor:
        database = SimpleNamespace(connection=connection, execute=cursor.execute)
        append_only.forbid_changes(database, "outreach_control")
        for number in range(3):
            assert told(client, ghl, "complained", left(number)).status_code == 200
        assert now_in() == ("autonomous", False)
        append_only.allow_changes(database, "outreach_control")

    assert EmailEvent.objects.count() == 3
    guardrails.check_guardrails()  # as the sweep and the final checks do
    assert now_in() == ("assisted", True)
