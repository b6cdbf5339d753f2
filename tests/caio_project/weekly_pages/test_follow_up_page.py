"""Follow-ups are turned by a Lead with a reason; the page says what it means for the day."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from caio_project.weekly_pages.follow_up_page import FollowUpOutlook, follow_up_outlook
from leads.models import Switch
from outreach.drafting import follow_ups
from outreach.models import ControlChange, Message
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender")]
PAGE = "/sales/follow-ups"
WHY = "We want to see whether a second email helps."


def is_on() -> bool:
    return Switch.objects.get(name=follow_ups.SWITCH_NAME).on


def test_a_lead_turns_them_on_and_off_with_history(client: Client, lead_user: User) -> None:
    client.force_login(lead_user)
    assert client.post(PAGE, {"turn": "on", "reason": WHY}).status_code == 303
    assert is_on()
    client.post(PAGE, {"turn": "off", "reason": "Enough for now."})
    assert not is_on()

    page = client.get(PAGE).content.decode()

    assert "Turned on by lena" in page and WHY in page
    assert "Turned off by lena" in page
    changes = ControlChange.objects.filter(what="follow_ups").values_list("before", "after", "by")
    assert list(changes) == [("on", "off", lead_user.pk), ("off", "on", lead_user.pk)]


def test_turning_them_on_twice_is_one_change(client: Client, lead_user: User) -> None:
    client.force_login(lead_user)
    for _ in range(2):
        client.post(PAGE, {"turn": "on", "reason": WHY})
    assert ControlChange.objects.filter(what="follow_ups").count() == 1


@pytest.mark.parametrize("body", [{"turn": "on"}, {"turn": "maybe", "reason": WHY}, {}])
def test_without_a_reason_nothing_changes(
    client: Client, lead_user: User, body: dict[str, str]
) -> None:
    client.force_login(lead_user)
    assert client.post(PAGE, body).status_code == 422
    assert not is_on() and not ControlChange.objects.exists()


@pytest.mark.parametrize("role", ["viewer", "reviewer"])
def test_others_see_and_do_not_turn(
    client: Client, role: str, request: pytest.FixtureRequest
) -> None:
    client.force_login(request.getfixturevalue(role))
    assert "A Lead turns follow-ups on or off." in client.get(PAGE).content.decode()
    assert client.post(PAGE, {"turn": "on", "reason": WHY}).status_code == 403
    assert not is_on() and not ControlChange.objects.exists()


def test_the_admins_switch_is_in_the_history(client: Client, lead_user: User) -> None:
    client.force_login(lead_user)
    client.post("/admin/leads/switch/follow_ups/change/", {"on": "on"})
    client.post("/admin/leads/switch/follow_ups/change/", {"on": "on"})
    assert "Turned on by lena" in client.get(PAGE).content.decode()
    assert ControlChange.objects.filter(what="follow_ups").count() == 1


def test_what_is_due_today_is_counted() -> None:
    now = timezone.now()
    assert follow_up_outlook(now).due_today == 0
    message = factories.cleared_email()
    Message.objects.filter(pk=message.pk).update(
        status="sent", transport="ghl", sent_at=now - timedelta(days=4)
    )
    outlook = follow_up_outlook(now)
    assert (outlook.due_today, outlook.daily) == (1, 25)
    assert "up to 1 of today's 25 sends are second or third emails" in outlook.sentence


@pytest.mark.parametrize(
    ("outlook", "said"),
    [
        (FollowUpOutlook(40, 0, 25), "up to 25 of today's 25 sends"),
        (FollowUpOutlook(0, 0, 25), "No second or third email is due today."),
        (FollowUpOutlook(3, 0, 0), "Nothing is sent in this phase"),
    ],
)
def test_the_sentence_keeps_within_the_cap(outlook: FollowUpOutlook, said: str) -> None:
    assert said in outlook.sentence
