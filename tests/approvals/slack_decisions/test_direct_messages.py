"""Whom a ladder names gets a card of their own; later steps stand below the cards."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.utils import timezone

from approvals.decisions import decisions
from approvals.decisions.decisions import Decider
from approvals.escalation import escalation, held_notices
from approvals.models import Delegate, Notice, SlackCard
from approvals.slack_decisions import card_updates
from leads.models import Alarm, TeamMember
from leads.suppression import suppression
from outreach.models import Message
from tests import factories
from tests.approvals.slack_decisions.conftest import answers, buttons_of, send, words_of, work_off
from tests.fakes import slack as slack_module
from tests.fakes.slack import FakeSlack

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rita_is_told")]
CHANNEL, HERS = "#sales-bot", "U0RITA"


def tell() -> None:
    held_notices.create_held_notices()
    escalation.deliver_due_notices()


def held_and_told() -> Message:
    message = factories.held_email()
    tell()
    return message


def posts(slack: FakeSlack, channel: str) -> list[dict[str, Any]]:
    return [one for one in slack.posts() if one["channel_id"] == slack_module.channel_id(channel)]


def last_words(slack: FakeSlack, channel: str) -> tuple[str, str]:
    """The newest message there: its first words, and what stands under it."""
    post = posts(slack, channel)[-1]
    under = [block for block in post["blocks"] if block["type"] == "context"]
    return words_of(post), " ".join(one["text"] for block in under for one in block["elements"])


def test_the_card_goes_to_the_channel_and_to_the_person(slack: FakeSlack) -> None:
    message = held_and_told()
    (hers,), (all_of_them,) = posts(slack, HERS), posts(slack, CHANNEL)
    text = message.text
    assert text is not None
    for post in (hers, all_of_them):
        assert set(buttons_of(post)) == {"approve", "reject", "open"}
        assert text.body in words_of(post)
    assert last_words(slack, HERS)[1] == ""
    assert last_words(slack, CHANNEL)[1] == "Rita was told directly.", "and not called twice"
    direct = SlackCard.objects.get(direct_to=HERS)
    assert (direct.channel, direct.ts) == ("D0RITA", hers["ts"])
    notice = Notice.objects.get()
    assert (notice.channel, notice.error, notice.direct_at is not None) == ("slack", "", True)


def test_a_press_on_the_direct_card_decides_and_rewrites_both(
    client: Client, slack: FakeSlack
) -> None:
    message = held_and_told()
    hers = posts(slack, HERS)[0]
    value = buttons_of(hers)["approve"]["value"]
    body = slack_module.block_actions(
        "approve", value, user=HERS, channel="D0RITA", ts=hers["ts"], response_url=""
    )
    send(client, body)
    work_off()
    assert Message.objects.get(pk=message.pk).status == "cleared"
    for post in slack.posts():
        assert "rita approved this email in Slack at" in words_of(post)
        assert set(buttons_of(post)) == {"undo"}
    assert len(answers(slack)) == 1 and slack.ephemerals()[0]["channel"] == "D0RITA"
    assert SlackCard.objects.count() == 2


def test_later_steps_stand_below_the_card_and_name_no_visitor(slack: FakeSlack, clock: Any) -> None:
    sam = factories.TeamMemberFactory(name="Sam", notice_order=2, slack_user_id="U0SAM")
    message = held_and_told()
    clock.shift(timedelta(minutes=31))
    tell()
    assert SlackCard.objects.count() == 3, "Sam's own card, and none more in the channel"
    card, reminder = posts(slack, CHANNEL)
    assert reminder["thread_ts"] == card["ts"]
    words, under = last_words(slack, CHANNEL)
    assert words.startswith("Still no decision. It waits since ") and under == ""
    assert words.endswith("Sam was told directly.") and message.lead.name not in words
    TeamMember.objects.filter(pk=sam.pk).update(slack_user_id="")
    clock.shift(timedelta(minutes=30))
    tell()
    hers = posts(slack, HERS)
    assert hers[1]["thread_ts"] == hers[0]["ts"] and last_words(slack, HERS)[1] == "<@U0RITA>"
    assert len([post for post in posts(slack, CHANNEL) if not post["thread_ts"]]) == 1


def test_a_new_wait_has_new_cards(slack: FakeSlack, clock: Any, lena: User) -> None:
    message = held_and_told()
    clock.shift(timedelta(minutes=1))
    Message.objects.filter(pk=message.pk).update(held_at=timezone.now())
    tell()
    assert [bool(post["thread_ts"]) for post in slack.posts()] == [False] * 4


def test_a_card_that_was_deleted_is_posted_anew(slack: FakeSlack, clock: Any) -> None:
    held_and_told()
    slack.clear()
    clock.shift(timedelta(minutes=31))
    tell()
    assert [(one["channel"], one["thread_ts"]) for one in slack.posts()] == [
        (HERS, None),
        (CHANNEL, None),
    ]
    assert SlackCard.objects.exclude(ended_at=None).count() == 2


def test_a_delegate_is_told_in_place_of_whom(slack: FakeSlack, clock: Any) -> None:
    sam = factories.TeamMemberFactory(name="Sam", slack_user_id="U0SAM")
    message = factories.held_email()
    rita, day = TeamMember.objects.get(name="Rita"), message.created_at.date()
    Delegate.objects.create(member=rita, delegate=sam, first_day=day, last_day=day)
    tell()
    assert posts(slack, HERS) == [] and "You stand in for Rita." in last_words(slack, "U0SAM")[0]
    assert last_words(slack, CHANNEL)[1] == "Sam was told directly."
    clock.shift(timedelta(minutes=31))
    tell()
    assert last_words(slack, "U0SAM")[0].endswith("In place of Rita.")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("channel_not_found", "Correct the Slack user id of Rita"),
        ("user_not_found", "Correct the Slack user id of Rita"),
        ("messages_tab_disabled", "under App Home, turn on the Messages Tab"),
        ("user_disabled", "Rita was deactivated in Slack"),
        ("missing_scope", "The app lacks the scope"),
    ],
)
def test_a_person_who_cannot_be_reached_is_called_in_the_channel(
    slack: FakeSlack, code: str, said: str
) -> None:
    slack.fail(code)
    held_and_told()
    assert posts(slack, HERS) == [] and last_words(slack, CHANNEL)[1] == "<@U0RITA>"
    notice = Notice.objects.get()
    assert (notice.channel, notice.direct_at) == ("slack", None)
    assert said in notice.error and f"({code})" in notice.error
    alarm = Alarm.objects.get(closed_at=None)
    assert (alarm.key, alarm.text) == ("slack:person:U0RITA", notice.error.removeprefix("slack: "))
    escalation.create_alarm_notices()
    assert Notice.objects.filter(key=f"alarm:{alarm.pk}").exists()
    held_and_told()
    assert not Alarm.objects.filter(closed_at=None).exists(), "she was reached"


def test_a_channel_that_refuses_does_not_undo_the_direct_message(slack: FakeSlack) -> None:
    slack.channels = ()
    held_and_told()
    notice = Notice.objects.get()
    assert (notice.channel, notice.told_at is not None) == ("slack", True)
    assert "Correct SLACK_CHANNEL" in notice.error
    assert (len(posts(slack, HERS)), posts(slack, CHANNEL)) == (1, [])
    assert Alarm.objects.get(closed_at=None).key == "slack"


def test_what_arrived_is_not_posted_again_when_the_rest_waits(
    slack: FakeSlack, clock: Any, settings: Any
) -> None:
    settings.EMAIL_URL = "smtp://loopback"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    limited = {"ok": False, "error": "ratelimited"}
    slack.on("POST /api/chat.postMessage", containing=CHANNEL).status(
        429, limited, {"Retry-After": "20"}, times=1
    )
    held_and_told()
    assert (len(posts(slack, HERS)), posts(slack, CHANNEL), mail.outbox) == (1, [], [])
    assert Notice.objects.get().told_at is None
    clock.shift(timedelta(seconds=21))
    tell()
    assert (len(posts(slack, HERS)), len(posts(slack, CHANNEL)), mail.outbox) == (1, 1, [])
    assert Notice.objects.get().told_at is not None


def test_an_erased_recipient_is_named_in_no_direct_message(slack: FakeSlack, clock: Any) -> None:
    message = held_and_told()
    clock.shift(timedelta(minutes=31))
    tell()
    suppression.suppress(message.to_address, "erased", "test", message.lead)
    assert card_updates.blank_erased() == 2
    assert message.lead.last_name not in str(slack.posts())


def test_the_page_says_that_it_was_a_direct_message(client: Client, viewer: User) -> None:
    message = held_and_told()
    client.force_login(viewer)
    page = " ".join(client.get("/sales/notices").content.decode().split())
    assert "Told Rita by Slack (direct message)" in page
    decisions.approve(message, 1, Decider(User.objects.get(username="rita"), "desk"))
    assert client.get("/sales/notices").status_code == 200
