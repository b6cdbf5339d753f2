"""Decisions in any order, in Slack and elsewhere: nothing leaves that nobody approved, or twice."""

import random
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from approvals.decisions import decisions, undo
from approvals.decisions.decisions import Decider, DecisionRefused
from approvals.models import Decision, SlackCard, SlackClick
from approvals.slack_decisions import card_updates
from outreach.choices import MoveCode
from outreach.control import phase
from outreach.lifecycle.transitions import IllegalMove, StaleMessage
from outreach.models import Message, SandboxEmail
from outreach.review import review_actions
from outreach.sending import send as sending
from tests.approvals.slack_decisions.conftest import (
    REASON,
    buttons_of,
    fill_in,
    post_of,
    pressed_body,
    send,
    words_of,
    work_off,
)
from tests.fakes import slack as slack_module
from tests.fakes.slack import FakeSlack

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loose")]
Told = Callable[..., Message]
STEPS = 25


class Walk:
    """One email, and everything that may happen to it."""

    def __init__(self, message: Message, slack: FakeSlack, client: Client, clock: Any, user: User):
        self.pk, self.slack, self.client = message.pk, slack, client
        self.clock, self.user = clock, user
        self.versions = {message.version}

    @property
    def message(self) -> Message:
        return Message.objects.select_related("lead__company").get(pk=self.pk)

    def press(self, action: str) -> None:
        if action in buttons_of(post_of(self.slack, self.message)):
            send(self.client, pressed_body(self.slack, self.message, action))

    def slack_approve(self) -> None:
        self.press("approve")

    def slack_undo(self) -> None:
        self.press("undo")

    def slack_reject(self) -> None:
        before = len(self.slack.views())
        self.press("reject")
        for view in self.slack.views()[before:]:
            fill_in(self.client, view)

    def slack_press_on_an_old_card(self) -> None:
        message, card = self.message, SlackCard.objects.latest("pk")
        value = f"{message.public_id}.{random.choice(sorted(self.versions))}"
        for action in ("approve", "undo"):
            send(
                self.client,
                slack_module.block_actions(
                    action,
                    value,
                    user="U0RITA",
                    channel=card.channel,
                    ts=card.ts,
                    response_url=self.slack.response_url,
                ),
            )

    def desk_approve(self) -> None:
        decisions.approve(self.message, self.message.version, Decider(self.user, "desk"))

    def desk_reject(self) -> None:
        decider = Decider(self.user, "desk")
        decisions.reject(self.message, self.message.version, decider, tag="other", reason=REASON)

    def desk_undo(self) -> None:
        undo.undo(self.message, self.message.version, Decider(self.user, "desk"))

    def edit(self) -> None:
        message = self.message
        text = message.text
        assert text is not None
        review_actions.edit_text(
            message,
            message.version,
            subject=text.subject,
            body=f"{text.body}\n\nLine {message.version}.",
            by=self.user,
        )
        self.versions.add(self.message.version)

    def machine(self) -> None:
        message = self.message
        review_actions.approve_email(message, message.version, by=None, why=MoveCode.MACHINE)

    def expire(self) -> None:
        Message.objects.filter(pk=self.pk).update(expires_at=timezone.now())
        review_actions.expire_due()

    def halt(self) -> None:
        phase.halt_sending(by=self.user, reason="test")

    def resume(self) -> None:
        phase.resume_sending(by=self.user, reason="test")

    def leave(self) -> None:
        self.clock.shift(timedelta(seconds=31))
        sending.send_due()

    def check(self) -> None:
        """Only an approved text has left, once; and the card says what the row says."""
        message, text = self.message, self.message.text
        left = SandboxEmail.objects.filter(message=message).count()
        assert left <= 1 and (left == 1) == (message.status == "sent")
        if left and not message.by_machine:
            assert text is not None
            approved = Decision.objects.standing().filter(message=message, verdict="approved")
            assert text.sha256 in approved.values_list("text_sha256", flat=True)
        post = post_of(self.slack, message)
        has_approve = "approve" in buttons_of(post)
        assert has_approve is (message.status == "held" and not message.critical_reason)
        is_decided = message.status not in ("held", "blocked")
        assert is_decided or "approved this email" not in words_of(post)


COMMON = ("slack_approve", "slack_undo", "slack_reject", "slack_press_on_an_old_card", "edit")
OTHERS = ("desk_approve", "desk_reject", "desk_undo", "machine", "halt", "resume", "leave")
SELDOM = ("expire",)


@pytest.mark.parametrize("seed", range(20))
def test_any_order_sends_an_approved_text_once_and_keeps_the_card_true(
    client: Client, slack: FakeSlack, told: Told, clock: Any, lena: User, settings: Any, seed: int
) -> None:
    settings.UNDO_SECONDS = 30
    chance = random.Random(seed)
    random.seed(seed)
    walk = Walk(told(), slack, client, clock, lena)
    for _ in range(STEPS):
        name = chance.choice(COMMON * 3 + OTHERS * 2 + SELDOM)
        with suppress(DecisionRefused, StaleMessage, IllegalMove, phase.ChangeNotAllowed):
            getattr(walk, name)()
        if chance.random() < 0.7:
            work_off()
        clock.shift(timedelta(seconds=chance.choice((0, 1, 5))))
    work_off()
    SlackCard.objects.update(look_at=timezone.now())
    card_updates.update_cards()
    walk.check()
    assert not SlackClick.objects.filter(done_at=None).exists()
