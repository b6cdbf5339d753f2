"""What Slack is given: no markup of a visitor's, within its lengths, never sooner than it asks."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from approvals.escalation import escalation, held_notices
from approvals.integrations import slack as client
from approvals.models import Notice
from leads.models import RateWindow, TeamMember
from tests import factories
from tests.fakes.slack import FakeSlack, text_problems

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender")]

LINK = "https://caio.example.com/sales/queue/1"
POST = "POST /api/chat.postMessage"


@pytest.fixture
def clock() -> Any:
    with time_machine.travel("2026-03-03T15:00:00Z", tick=True) as traveller:
        yield traveller


@pytest.fixture
def sender(db: None) -> TeamMember:
    return factories.TeamMemberFactory(default_sender=True, notice_order=1)


MARKUP = [
    "*bold* _slanted_ ~struck~",
    "`code` ```block```",
    "> quoted",
    "1. one\n2. two\n• three",
    ":tada: :skin-tone-2:",
    "<!channel> <!here> <@U0BOSS> <#C01>",
    "<https://evil.test|Open>",
    "[Open](https://evil.test)",
    "&lt;!channel&gt;",
]


@pytest.mark.parametrize("text", MARKUP)
def test_a_visitors_markup_is_shown_as_it_was_typed(slack: FakeSlack, text: str) -> None:
    client.post_notice(text, LINK, "U0ALEX")
    (call,) = slack.requests()
    (post,) = slack.posts()
    section = post["blocks"][0]["text"]
    assert section["type"] == "plain_text" and section["emoji"] is False
    assert section["text"] == text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    marked = [block for block in post["blocks"] if "mrkdwn" in str(block)]
    assert marked == [{"type": "context", "elements": [{"type": "mrkdwn", "text": "<@U0ALEX>"}]}]
    assert "false" in str(call.body).lower()  # mrkdwn, for the text of the notification


LENGTHS = [
    "&" * 600,
    "&" * 601,
    "<" * 3_000,
    "&<>" * 1_000,
    "a" * 2_999 + "&",
    "a" * 3_001,
    "“" * 2_996 + "&&",
    "R&D " * 5_000,
]


@pytest.mark.parametrize("text", LENGTHS)
def test_what_grows_when_escaped_is_cut_afterwards(slack: FakeSlack, text: str) -> None:
    client.post_notice(text, LINK, "U" + "0" * 20)
    shown = slack.posts()[0]["blocks"][0]["text"]
    assert text_problems("text", shown, client.MAX_TEXT_LENGTH) == []
    whole = shown["text"].removesuffix("…")
    plain = whole.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert text.startswith(plain), "no half of an escaped character is left"
    assert len(text) == len(plain) or shown["text"].endswith("…")


def hot_notices(count: int) -> None:
    for _ in range(count):
        factories.held_email()
    held_notices.create_held_notices()


@pytest.mark.parametrize("seconds", [1, 30, 600])
def test_nothing_is_posted_before_slack_asks_for_it(
    slack: FakeSlack, clock: Any, seconds: int
) -> None:
    hot_notices(3)
    slack.rate_limited(seconds)
    assert escalation.deliver_due_notices() == 3
    assert (len(slack.requests()), slack.posts()) == (1, [])
    for waiting in Notice.objects.all():
        assert (waiting.told_at, waiting.attempts) == (None, 0)
        wait = waiting.not_before - timezone.now()
        assert timedelta(seconds=seconds - 1) <= wait <= timedelta(seconds=seconds)
    clock.shift(timedelta(seconds=seconds - 0.5))
    escalation.deliver_due_notices()
    assert len(slack.requests()) == 1
    clock.shift(timedelta(seconds=1))
    assert escalation.deliver_due_notices() == 3
    assert len(slack.posts()) == 3


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("", 30), ("soon", 30), ("-5", 30), ("1e300", 30), ("99999999", 3600), ("9" * 400, 30)],
)
def test_a_strange_wait_is_a_usual_one(
    slack: FakeSlack, clock: Any, said: str, seconds: int
) -> None:
    hot_notices(1)
    body = {"ok": False, "error": "ratelimited"}
    slack.on(POST).status(429, body, {"Retry-After": said} if said else {}, times=1)
    escalation.deliver_due_notices()
    paused = RateWindow.objects.get(vendor="slack").paused_until
    assert paused is not None
    assert (
        timedelta(0)
        <= timedelta(seconds=seconds) - (paused - timezone.now())
        < timedelta(seconds=2)
    )


def test_a_long_limit_uses_up_no_try(slack: FakeSlack, clock: Any) -> None:
    hot_notices(1)
    slack.rate_limited(60, times=None)
    for _ in range(escalation.MAX_ATTEMPTS * 2):
        escalation.deliver_due_notices()
        clock.shift(timedelta(seconds=61))
    (waiting,) = Notice.objects.all()
    assert waiting.told_at is None
    assert len(slack.requests()) == escalation.MAX_ATTEMPTS * 2


def test_while_slack_is_busy_emails_go_out(slack: FakeSlack, settings: Any) -> None:
    settings.EMAIL_URL = "memorymail://"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    hot_notices(3)
    slack.rate_limited(30)
    escalation.deliver_due_notices()
    assert (len(mail.outbox), len(slack.requests())) == (3, 1)
    assert set(Notice.objects.values_list("channel", flat=True)) == {"email"}


@pytest.mark.parametrize("code", client.REFUSALS)
def test_what_slack_never_takes_is_not_tried_again(slack: FakeSlack, clock: Any, code: str) -> None:
    hot_notices(1)
    slack.fail(code, times=None)
    for _ in range(5):
        escalation.deliver_due_notices()
        clock.shift(timedelta(minutes=10))
    (notice,) = Notice.objects.all()
    assert (notice.channel, len(slack.requests())) == ("page", 1)
    assert code in notice.error
