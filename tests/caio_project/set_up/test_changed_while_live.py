"""A value of GoHighLevel that changes while live: nothing leaves until a test worked with it."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from caio_project.lib.models import SetUpProof
from caio_project.lib.vendor_access import access
from leads.models import Alarm
from outreach.choices import Status, Transport
from outreach.models import AfterSend, Message, SendIntent
from outreach.review import review_actions
from outreach.sending import after_send, send
from tests import factories
from tests.caio_project.set_up.conftest import Act
from tests.caio_project.set_up.test_going_live import enter_ghl, text_of
from tests.fakes.ghl import FakeGhl

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loose")]
CHANGES = [
    ("GHL_API_TOKEN", "pit-other-0123456789"),
    ("GHL_LOCATION_ID", "loc-of-others"),
    ("GHL_FROM_EMAIL", "alex@never-tried.example.com"),
]


@pytest.fixture
def approved(act: Act, ghl_there: FakeGhl) -> Message:
    """An email that was approved for GoHighLevel, which a Lead took live on the page."""
    enter_ghl(act)
    act("test", "ghl")
    act("live", "ghl")
    message = factories.held_email()
    return review_actions.approve_email(message, message.version, by=None)


def change(act: Act, fake: FakeGhl, name: str, value: str) -> None:
    """The other value is one with which GoHighLevel would take the email."""
    act("enter", name, value)
    fake.token = access.vendor_value("GHL_API_TOKEN")
    fake.location_id = access.vendor_value("GHL_LOCATION_ID")


def send_later(minutes: int) -> None:
    with time_machine.travel(timezone.now() + timedelta(minutes=minutes)):
        send.send_due()


@pytest.mark.parametrize(("name", "value"), CHANGES)
def test_nothing_leaves_with_an_untested_value(
    act: Act, ghl_there: FakeGhl, approved: Message, name: str, value: str
) -> None:
    change(act, ghl_there, name, value)
    asked = len(ghl_there.requests())
    send_later(2)
    approved.refresh_from_db()

    assert ghl_there.sent_emails() == [] and len(ghl_there.requests()) == asked
    assert (approved.transport, approved.status) == (Transport.GHL, Status.CLEARED)
    assert not SendIntent.objects.exists()
    assert "Send a test" in approved.error
    assert Alarm.objects.filter(key="ghl:unproven", closed_at=None).exists()


@pytest.mark.parametrize(("name", "value"), CHANGES)
def test_it_leaves_once_a_test_worked(
    act: Act, ghl_there: FakeGhl, approved: Message, name: str, value: str
) -> None:
    change(act, ghl_there, name, value)
    send_later(2)
    act("test", "ghl")
    send_later(10)

    [email] = ghl_there.sent_emails()
    assert email["from"] == access.vendor_value("GHL_FROM_EMAIL")
    assert not Alarm.objects.filter(key="ghl:unproven", closed_at=None).exists()


def test_the_page_says_that_emails_wait(act: Act, ghl_there: FakeGhl, approved: Message) -> None:
    answer = text_of(act("enter", "GHL_FROM_EMAIL", "alex@never-tried.example.com"))
    assert "Live, and not tested with these values: emails wait. Send a test." in answer


def test_a_test_that_fails_later_takes_nothing_back(
    act: Act, ghl_there: FakeGhl, approved: Message
) -> None:
    right, ghl_there.token = ghl_there.token, "pit-for-a-moment"
    act("test", "ghl")
    assert not SetUpProof.objects.get(part="ghl").ok
    ghl_there.token = right
    send_later(2)
    assert len(ghl_there.sent_emails()) == 1


def test_another_secret_key_with_the_old_one_keeps_the_proof(
    ghl_there: FakeGhl, approved: Message, settings: Any
) -> None:
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-" + "y" * 50
    access.forget_rows()
    send_later(2)
    assert len(ghl_there.sent_emails()) == 1


def test_what_the_environment_connects_needs_no_test(settings: Any) -> None:
    settings.SANDBOXED = []
    assert access.is_ghl_proven() and not SetUpProof.objects.exists()


def test_a_sender_changed_during_the_last_calls_is_not_used(
    act: Act, ghl_there: FakeGhl, approved: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The contact was read at one location, the slot counted for one sender."""
    claim = send.send_slots.claim_slot

    def claim_and_change(*args: Any, **kwargs: Any) -> SendIntent:
        intent = claim(*args, **kwargs)
        act("enter", "GHL_FROM_EMAIL", "alex@never-tried.example.com")
        act("test", "ghl")
        return intent

    monkeypatch.setattr(send.send_slots, "claim_slot", claim_and_change)
    send_later(2)

    first, second = SendIntent.objects.order_by("pk")
    assert first.outcome == SendIntent.Outcome.NOT_SENT
    assert second.outcome == SendIntent.Outcome.SENT
    [email] = ghl_there.sent_emails()
    assert email["from"].endswith(second.from_domain)
    assert first.from_domain != second.from_domain == "never-tried.example.com"


def test_a_workflow_of_an_untested_location_waits(
    act: Act, ghl_there: FakeGhl, approved: Message
) -> None:
    """What a workflow does may be an email, too."""
    send_later(2)
    change(act, ghl_there, "GHL_LOCATION_ID", "loc-of-others")
    AfterSend.objects.update(state=AfterSend.State.DUE)
    asked = len(ghl_there.requests())
    assert after_send.run_due_actions() == 0
    assert len(ghl_there.requests()) == asked


def test_a_tested_value_that_comes_back_closes_the_alarm(
    act: Act, ghl_there: FakeGhl, approved: Message
) -> None:
    before = access.vendor_value("GHL_FROM_EMAIL")
    act("enter", "GHL_FROM_EMAIL", "alex@never-tried.example.com")
    send_later(2)
    act("enter", "GHL_FROM_EMAIL", before)
    after_send.run_due_actions()
    assert not Alarm.objects.filter(closed_at=None).exists()
    send_later(10)
    assert len(ghl_there.sent_emails()) == 1
