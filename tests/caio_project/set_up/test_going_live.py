"""Out of the sandbox: only what was proven with the values that hold, and never by accident."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from caio_project.lib.models import LiveVendor, SetUpChange, SetUpProof
from caio_project.lib.vendor_access import access
from leads.models import Alarm, RateWindow
from outreach.choices import MoveCode, Status, Transport
from outreach.control import phase
from outreach.review import review_actions
from outreach.sending import send
from tests import factories
from tests.caio_project.set_up.conftest import PATH, Act
from tests.fakes.clay import FakeClay
from tests.fakes.ghl import FakeGhl

pytestmark = pytest.mark.django_db
RIGHT, WRONG = "pit-right-0123456789", "pit-wrong-0123456789"
CALLBACK = "clay-callback-token"


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def enter_ghl(act: Act, token: str = RIGHT) -> None:
    act("enter", "GHL_API_TOKEN", token)
    act("enter", "GHL_LOCATION_ID", "loc-test")
    act("enter", "GHL_FROM_EMAIL", "alex@mail.ours.example.com")


def assert_nothing_is_live() -> None:
    assert access.is_sandboxed("ghl") and not LiveVendor.objects.exists()
    assert not SetUpChange.objects.filter(what="went_live").exists()


def test_ghl_by_page_from_nothing_to_live(act: Act, ghl_there: FakeGhl, lead_user: User) -> None:
    enter_ghl(act)
    assert "GoHighLevel answered for this location." in text_of(act("test", "ghl"))
    answer = text_of(act("live", "ghl"))

    assert "GoHighLevel is live: every process knows within 5 seconds." in answer
    assert not access.is_sandboxed("ghl")
    assert access.sandboxed_vendors() == ["clay"]
    change = SetUpChange.objects.filter(what="went_live").get()
    assert (change.about, change.by, change.by_name) == ("ghl", lead_user, "lena")


def test_wrong_token_is_refused_by_ghl_and_not_taken_live(act: Act, ghl_there: FakeGhl) -> None:
    enter_ghl(act, WRONG)
    tested, refused = text_of(act("test", "ghl")), text_of(act("live", "ghl"))

    assert "GoHighLevel refuses us (401" in tested
    assert "Not live. The last test failed: GoHighLevel refuses us (401" in refused
    assert_nothing_is_live()
    # A wrong token in the sandbox stops no other call and is no incident.
    assert not Alarm.objects.exists()
    assert not RateWindow.objects.filter(vendor="ghl", paused_until__isnull=False).exists()


def test_a_right_token_after_a_wrong_one_can_be_tested_at_once(
    act: Act, ghl_there: FakeGhl
) -> None:
    enter_ghl(act, WRONG)
    act("test", "ghl")
    act("enter", "GHL_API_TOKEN", RIGHT)
    assert "It was not tested with these values." in text_of(act("live", "ghl"))
    assert_nothing_is_live()
    act("test", "ghl")
    assert "is live" in text_of(act("live", "ghl"))


def test_another_location_is_not_proven(act: Act, ghl_there: FakeGhl) -> None:
    enter_ghl(act)
    act("enter", "GHL_LOCATION_ID", "loc-of-others")
    assert not SetUpProof.objects.filter(ok=True).exists()
    act("test", "ghl")
    assert "Not live." in text_of(act("live", "ghl"))
    assert_nothing_is_live()


def test_ghl_that_is_away_proves_nothing(act: Act, ghl_there: FakeGhl, settings: Any) -> None:
    enter_ghl(act)
    settings.GHL_BASE_URL = "http://127.0.0.1:9"
    assert "no connection to 127.0.0.1" in text_of(act("test", "ghl"))
    assert "Not live." in text_of(act("live", "ghl"))
    assert_nothing_is_live()


def test_every_reason_is_said(act: Act, ghl_there: FakeGhl, settings: Any) -> None:
    settings.POSTAL_ADDRESS = settings.SENDER_NAME = ""
    answer = text_of(act("live", "ghl"))
    for name in ("GHL_API_TOKEN", "GHL_LOCATION_ID", "GHL_FROM_EMAIL"):
        assert f"{name} is missing." in answer
    for name in ("POSTAL_ADDRESS", "SENDER_NAME"):
        assert f"{name} is not set in the environment" in answer
    assert_nothing_is_live()


def test_unproven_and_old_tests_are_refused(act: Act, ghl_there: FakeGhl) -> None:
    enter_ghl(act)
    assert "Send a test first." in text_of(act("live", "ghl"))
    act("test", "ghl")
    old = timezone.now() - timedelta(hours=2)
    SetUpProof.objects.update(at=old)
    assert "The last test is more than an hour old." in text_of(act("live", "ghl"))
    assert_nothing_is_live()


def test_force_cannot_be_lifted_by_page(act: Act, ghl_there: FakeGhl, settings: Any) -> None:
    settings.SANDBOX_FORCE = ["ghl"]
    enter_ghl(act)
    act("test", "ghl")
    answer = text_of(act("live", "ghl"))
    assert "SANDBOX_FORCE in the environment keeps it there" in answer
    assert_nothing_is_live()


@pytest.mark.parametrize("vendor", ["slack", "", "nobody"])
def test_only_what_has_a_sandbox_leaves_it(act: Act, vendor: str) -> None:
    assert "Not live. There is no such vendor." in text_of(act("live", vendor))
    assert_nothing_is_live()


def test_real_ghl_needs_an_address_where_people_can_unsubscribe(
    act: Act, ghl_there: FakeGhl, settings: Any
) -> None:
    enter_ghl(act)
    settings.GHL_BASE_URL = "https://services.leadconnectorhq.com"
    assert "nobody could unsubscribe" in text_of(act("live", "ghl"))
    assert_nothing_is_live()


def test_a_reviewer_takes_nothing_live(client: Client, reviewer: User) -> None:
    client.force_login(reviewer)
    for act in ("live", "sandbox", "enter", "remove", "test", "employers"):
        answer = client.post(PATH, {"act": act, "about": "ghl", "value": RIGHT})
        assert answer.status_code == 403
    assert_nothing_is_live()
    assert not SetUpChange.objects.exists()


@pytest.mark.usefixtures("loose")
def test_email_approved_as_live_waits_for_a_right_token(act: Act, ghl_there: FakeGhl) -> None:
    """A token that turns wrong stops the email where it is; nothing goes to the sandbox instead."""
    enter_ghl(act)
    act("test", "ghl")
    act("live", "ghl")
    message = factories.held_email()
    review_actions.approve_email(message, message.version, by=None)
    act("enter", "GHL_API_TOKEN", WRONG)
    with time_machine.travel(timezone.now() + timedelta(minutes=2)):
        send.send_due()
    message.refresh_from_db()

    assert not access.is_sandboxed("ghl")
    assert (message.transport, message.status) == (Transport.GHL, Status.CLEARED)
    assert ghl_there.sent_emails() == []
    answer = text_of(act("test", "ghl"))
    assert "Wrong" in answer and "GoHighLevel refuses us (401" in answer


@pytest.mark.usefixtures("loose")
@pytest.mark.parametrize(
    ("name", "value"),
    [("GHL_FROM_EMAIL", "alex@mail.ours.example.com"), ("GHL_LOCATION_ID", "loc-test")],
)
def test_email_waits_for_what_was_removed(
    act: Act, ghl_there: FakeGhl, name: str, value: str
) -> None:
    """Without the address GoHighLevel might take one of its own, and no warm-up would hold."""
    enter_ghl(act)
    act("test", "ghl")
    act("live", "ghl")
    message = factories.held_email()
    review_actions.approve_email(message, message.version, by=None)
    act("remove", name)
    with time_machine.travel(timezone.now() + timedelta(minutes=2)):
        send.send_due()
    message.refresh_from_db()

    assert ghl_there.sent_emails() == []
    assert (message.transport, message.status) == (Transport.GHL, Status.CLEARED)
    assert f"{name}: missing" in message.error
    act("enter", name, value)
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        send.send_due()
    assert len(ghl_there.sent_emails()) == 1


@pytest.mark.usefixtures("loose")
def test_back_in_the_sandbox_live_emails_are_held_again(act: Act, ghl_there: FakeGhl) -> None:
    enter_ghl(act)
    act("test", "ghl")
    act("live", "ghl")
    message = factories.held_email()
    review_actions.approve_email(message, message.version, by=None)
    assert "are held again" in text_of(act("sandbox", "ghl"))
    with time_machine.travel(timezone.now() + timedelta(minutes=2)):
        send.send_due()
    message.refresh_from_db()

    assert message.status == Status.HELD
    assert message.moves.filter(why=MoveCode.TRANSPORT_GONE).exists()
    assert ghl_there.sent_emails() == []
    assert not LiveVendor.objects.exists()
    assert phase.current_control().halted is False


def test_clay_needs_the_row_and_the_answer(act: Act, clay_there: FakeClay, client: Client) -> None:
    act("enter", "CLAY_WORKBOOK_WEBHOOK_URL", clay_there.source_url("src-1"))
    act("enter", "CLAY_CALLBACK_TOKEN", CALLBACK)
    act("enter", "CLAY_WEBHOOK_AUTH_TOKEN", "wrong")
    wrong = text_of(act("test", "clay"))
    assert "Clay took a test row." not in wrong and clay_there.submissions() == []

    act("enter", "CLAY_WEBHOOK_AUTH_TOKEN", "clay-auth")
    assert "Clay took a test row." in text_of(act("test", "clay"))
    [row] = clay_there.submissions()
    assert "no answer with our callback token has come" in text_of(act("live", "clay"))
    assert access.is_sandboxed("clay")

    body = {"request_id": row["request_id"], "job_title": "N/A"}
    for token, code in (("another-token-0123456", 401), (CALLBACK, 200)):
        answered = Client().post(
            "/webhooks/clay", body, "application/json", HTTP_AUTHORIZATION=f"Bearer {token}"
        )
        assert answered.status_code == code
    assert "Clay is live" in text_of(act("live", "clay"))
    assert not access.is_sandboxed("clay")
