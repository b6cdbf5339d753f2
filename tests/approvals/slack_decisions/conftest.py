"""Slack connected with its signing secret, people with Slack user ids, and presses of buttons."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from approvals.escalation import escalation, held_notices
from approvals.models import SlackCard, SlackClick
from approvals.slack_decisions import card_updates, click_work
from leads.models import TeamMember
from outreach.models import Message
from tests import factories
from tests.fakes import slack as slack_module
from tests.fakes.slack import FakeSlack

SECRET = "slack-secret-0123456789abcdef"
PATH = "/webhooks/slack"
REASON = "The first line is about us, not about them."
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(autouse=True)
def connected(slack: FakeSlack, settings: Any) -> FakeSlack:
    settings.SLACK_SIGNING_SECRET = SECRET
    settings.EMAIL_URL = ""
    return slack


@pytest.fixture
def rita(sender: TeamMember, reviewer: User) -> User:
    """Reviewer with a Slack user id; another person, without one, is told of what waits."""
    factories.TeamMemberFactory(name="Rita", user=reviewer, slack_user_id="U0RITA")
    return reviewer


@pytest.fixture
def rita_is_told(sender: TeamMember, rita: User) -> User:
    """The ladder names Rita, and nobody else."""
    TeamMember.objects.filter(pk=sender.pk).update(notice_order=0)
    TeamMember.objects.filter(user=rita).update(notice_order=1)
    return rita


@pytest.fixture
def lena(lead_user: User) -> User:
    factories.TeamMemberFactory(name="Lena", user=lead_user, slack_user_id="U0LENA")
    return lead_user


@pytest.fixture
def told(slack: FakeSlack, rita: User) -> Callable[..., Message]:
    """Make a HOT email that waits, and let Slack be told of it; returns the email."""

    def tell(**assessment: Any) -> Message:
        message = factories.held_email(**assessment)
        held_notices.create_held_notices()
        escalation.deliver_due_notices()
        return message

    return tell


def post_of(slack: FakeSlack, message: Message) -> dict[str, Any]:
    """The card about `message` as Slack shows it now."""
    card = SlackCard.objects.filter(message=message).latest("pk")
    return next(post for post in slack.posts() if post["ts"] == card.ts)


def buttons_of(post: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The buttons of a card by their action."""
    rows = [block["elements"] for block in post["blocks"] if block["type"] == "actions"]
    return {button["action_id"]: button for row in rows for button in row}


def words_of(post: dict[str, Any]) -> str:
    texts = [block["text"]["text"] for block in post["blocks"] if block["type"] == "section"]
    return "\n".join(texts)


def pressed_body(
    slack: FakeSlack, message: Message, action: str, user: str = "U0RITA", **more: Any
) -> str:
    """What Slack posts when `user` presses a button that stands on the card now."""
    post = post_of(slack, message)
    button = buttons_of(post)[action]
    more = {"response_url": slack.response_url, "trigger_id": slack.new_trigger(), **more}
    return slack_module.block_actions(
        action,
        button.get("value", ""),
        user=user,
        channel=post["channel_id"],
        ts=post["ts"],
        **more,
    )


def send(client: Client, body: str | bytes, **headers: str) -> Any:
    ts = int(timezone.now().timestamp())
    signed = slack_module.signed_headers(body, SECRET, ts) | headers
    signed.pop("Content-Type", "")
    return client.post(PATH, body, content_type=FORM, headers=signed)


def work_off() -> None:
    """What the worker does after a click: decide, write the cards anew, answer."""
    click_work.work_off_clicks()
    card_updates.update_cards()


def press(
    client: Client, slack: FakeSlack, message: Message, action: str, user: str = "U0RITA"
) -> SlackClick:
    """Press a button of the card and let it be worked off; returns the stored click."""
    response = send(client, pressed_body(slack, message, action, user))
    assert (response.status_code, response.content) == (200, b"")
    work_off()
    return SlackClick.objects.latest("pk")


def answers(slack: FakeSlack) -> list[str]:
    """What those who clicked were told, each seen by one person only."""
    for one in slack.responses():
        assert (one["response_type"], one["replace_original"]) == ("ephemeral", False)
    given = [*slack.responses(), *slack.ephemerals()]
    return [one["blocks"][0]["text"]["text"] for one in given]


def fill_in(
    client: Client,
    view: dict[str, Any],
    tag: str | None = "weak_subject",
    reason: str | None = REASON,
    user: str = "U0RITA",
) -> Any:
    """Send the form that is open as `view`."""
    option = {"value": tag, "text": {"type": "plain_text", "text": "x"}} if tag else None
    values = {
        "tag": {"tag": {"type": "static_select", "selected_option": option}},
        "reason": {"reason": {"type": "plain_text_input", "value": reason}},
    }
    body = slack_module.view_submission(
        values, callback_id=view["callback_id"], private_metadata=view["private_metadata"],
        user=user,
    )  # fmt: skip
    return send(client, _with_view_id(body, view["id"]))


def _with_view_id(body: str, view_id: str) -> str:
    payload = json.loads(parse_qs(body)["payload"][0])
    payload["view"]["id"] = view_id
    return slack_module.form(payload)
