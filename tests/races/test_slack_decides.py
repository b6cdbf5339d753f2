"""People decide at once through desk, admin, API and Slack: each email once, everyone told who."""

import random
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from approvals.desk import reading_proof
from approvals.escalation import escalation, held_notices
from approvals.integrations import slack as slack_client
from approvals.models import Decision, SlackCard, SlackClick
from approvals.slack_decisions import card_updates, click_work
from outreach.models import Message
from tests import factories
from tests.conftest import person
from tests.fakes import slack as slack_module
from tests.fakes.slack import FakeSlack
from tests.races.conftest import Workers, at_once, now_is

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("sender", "loose"),
]

SECRET = "slack-secret-0123456789abcdef"
REASON = "The first line is about us, not about them."
EMAILS, DECIDERS, TRIES = 20, 50, 4  # each email is tried by ten people
PRESSES = 10  # a person presses again while the database has no time for the click
ANSWER_ROUTE = "POST /actions/{team}/{number}/{secret}"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(autouse=True)
def connected(slack: FakeSlack, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Slack's pace is another test's matter: here everybody is answered at once."""
    settings.SLACK_SIGNING_SECRET = SECRET
    for name in ("BURST", "UPDATES_A_MINUTE", "ANSWERS_A_MINUTE"):
        monkeypatch.setattr(slack_client, name, 10_000)
    settings.UNDO_SECONDS = 600


def client_of(user: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


def by_desk(client: Client, user: User, message: Message) -> None:
    proof = reading_proof.sign_proof(message, user, at=time.time() - 60)
    sent = {"version": 1, "shown": proof}
    answer = client.post(f"/sales/queue/{message.public_id}/approve", sent)
    assert answer.status_code in (303, 302, 409), answer.status_code


def by_admin(client: Client, user: User, message: Message) -> None:
    sent = {
        "action": "reject_emails", "_selected_action": [message.pk], "confirmed": "yes",
        "tag": "other", "reason": REASON, f"version_{message.pk}": "1",
        f"shown_{message.pk}": reading_proof.sign_proof(message, user, at=time.time() - 60),
    }  # fmt: skip
    answer = client.post("/admin/approvals/approval/", sent, follow=True)
    assert answer.status_code == 200


def by_api(client: Client, user: User, message: Message) -> None:
    path = f"/api/emails/{message.public_id}/reject"
    sent = {"version": 1, "tag": "other", "reason": REASON}
    answer = client.post(path, sent, content_type="application/json")
    assert answer.status_code in (200, 409), answer.content


def by_slack(client: Client, user: User, message: Message) -> None:
    card = SlackCard.objects.filter(message=message).latest("pk")
    body = slack_module.block_actions(
        "approve", f"{message.public_id}.1", user=slack_id(user), channel=card.channel, ts=card.ts,
        response_url="",
    )  # fmt: skip
    headers = slack_module.signed_headers(body, SECRET, int(timezone.now().timestamp()))
    headers.pop("Content-Type")
    for _ in range(PRESSES):
        answer = client.post("/webhooks/slack", body, content_type=FORM, headers=headers)
        if answer.status_code != 503:  # it took the time that Slack waits: "press again"
            break
    assert answer.status_code == 200, answer.content
    click_work.work_off_clicks()


def slack_id(user: User) -> str:
    return f"U0{user.username.upper()}"


CHANNELS: tuple[Callable[[Client, User, Message], None], ...] = (
    by_desk,
    by_admin,
    by_api,
    by_slack,
)


def test_fifty_deciders_over_twenty_emails_through_four_channels(
    committed: None, slack: FakeSlack
) -> None:
    people = [person(f"decider{n}", "Reviewer") for n in range(DECIDERS)]
    for user in people:
        factories.TeamMemberFactory(name=user.username, user=user, slack_user_id=slack_id(user))
    messages = [factories.held_email() for _ in range(EMAILS)]
    held_notices.create_held_notices()
    escalation.deliver_due_notices()
    assert SlackCard.objects.count() == EMAILS
    chance = random.Random(7)

    def decide(number: int) -> Callable[[], None]:
        user, channel = people[number], CHANNELS[number % len(CHANNELS)]
        client = client_of(user)
        order = chance.sample(messages, TRIES)

        def work() -> None:
            for message in order:
                channel(client, user, now_is(message))

        return work

    found = at_once(*[decide(number) for number in range(DECIDERS)])
    assert [one for one in found if one is not None] == []
    while click_work.work_off_clicks():
        pass

    rows = Decision.objects.filter(message__in=messages)
    decided = {message.pk for message in messages if now_is(message).status != "held"}
    assert rows.count() == len(decided) == len(set(rows.values_list("message", flat=True)))
    assert len(decided) >= EMAILS - 2, "nearly all of them were chosen by somebody"
    assert len(set(rows.values_list("channel", flat=True))) >= 2
    for row in rows:
        wanted = {"approved": "cleared", "rejected": "rejected"}[row.verdict]
        assert now_is(row.message).status == wanted

    assert not SlackClick.objects.filter(done_at=None).exists()
    for click in SlackClick.objects.all():
        user = slack_user(people, click.slack_user_id)
        said = [one["text"] for one in slack.ephemerals(click.slack_user_id)]
        won = rows.filter(message=click.message, channel="slack", by=user).exists()
        assert (click.outcome == "approved") is won and click.answered_at is not None
        assert said, "everyone is told"
    lost = SlackClick.objects.filter(outcome="refused")
    refused = [
        one["text"]
        for one in slack.ephemerals()
        if re.match(r"decider\d+ (approved|rejected) this email", one["text"])
    ]
    assert len(refused) == lost.count() > 0, "everyone else is told who"

    SlackCard.objects.update(look_at=timezone.now())
    while card_updates.update_cards():
        pass
    for row in rows:
        card = SlackCard.objects.get(message=row.message)
        post = next(one for one in slack.posts() if one["ts"] == card.ts)
        assert f"{row.by_name} {row.verdict} this email" in str(post["blocks"])


def slack_user(people: list[User], slack_user_id: str) -> User:
    return next(user for user in people if slack_id(user) == slack_user_id)


def test_two_workers_work_off_each_click_once(committed: None, slack: FakeSlack) -> None:
    user = person("rita", "Reviewer")
    factories.TeamMemberFactory(name="Rita", user=user, slack_user_id="U0RITA")
    messages = [factories.held_email() for _ in range(12)]
    held_notices.create_held_notices()
    escalation.deliver_due_notices()
    for message in messages:
        card = SlackCard.objects.get(message=message)
        SlackClick.objects.create(
            key=f"click-{message.pk}", what="approve", slack_user_id="U0RITA", message=message,
            version=1, channel=card.channel, ts=card.ts,
        )  # fmt: skip
    at_once(*[click_work.work_off_clicks] * 4)
    assert Decision.objects.count() == 12
    assert len(slack.ephemerals("U0RITA")) == 12
    assert set(SlackClick.objects.values_list("outcome", flat=True)) == {"approved"}


@pytest.mark.parametrize("held_up", ["the update of the card", "the answer"])
def test_a_click_survives_the_death_of_its_worker_and_decides_once(
    committed: None, slack: FakeSlack, client: Client, clock: Any, held_up: str
) -> None:
    route = {"the update of the card": "POST /api/chat.update", "the answer": ANSWER_ROUTE}[held_up]
    user = person("rita", "Reviewer")
    factories.TeamMemberFactory(name="Rita", user=user, slack_user_id="U0RITA")
    message = factories.held_email()
    held_notices.create_held_notices()
    escalation.deliver_due_notices()
    card = SlackCard.objects.get()
    body = slack_module.block_actions(
        "approve", f"{message.public_id}.1", user="U0RITA", channel=card.channel, ts=card.ts,
        response_url=slack.response_url,
    )  # fmt: skip
    slack.on(route).never()
    workers = Workers(
        "tests.races.work_slack",
        SANDBOX="ghl,clay",
        UNDO_SECONDS="600",
        SLACK_BOT_TOKEN="xoxb-test",
        SLACK_SIGNING_SECRET=SECRET,
        SLACK_BASE_URL=slack.api_url,
    )
    try:
        worker = workers.start()
        headers = slack_module.signed_headers(body, SECRET, int(timezone.now().timestamp()))
        headers.pop("Content-Type")
        for _ in range(2):  # the second is Slack's retry
            answer = client.post("/webhooks/slack", body, content_type=FORM, headers=headers)
            assert answer.status_code == 200
        wait_until(lambda: now_is(message).status == "cleared")
        wait_until(lambda: is_held_up(slack, held_up))
        worker.kill()
        worker.wait(60)
    finally:
        workers.stop()
    slack.clear_behaviours()

    clock.shift(61)
    SlackCard.objects.update(look_at=timezone.now())
    for _ in range(2):
        click_work.work_off_clicks()
        card_updates.update_cards()
    click = SlackClick.objects.get()
    assert (Decision.objects.count(), click.outcome, click.retries) == (1, "approved", 1)
    assert click.answered_at is not None
    assert "rita approved this email" in str(slack.posts()[0]["blocks"])


def is_held_up(slack: FakeSlack, held_up: str) -> bool:
    wanted = "/actions/" if held_up == "the answer" else "chat.update"
    return any(wanted in request.path for request in slack.requests())


def wait_until(holds: Callable[[], bool], seconds: float = 60) -> None:
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.05)
