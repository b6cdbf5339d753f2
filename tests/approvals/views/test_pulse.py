"""What a page asks for every half minute: counts, and what others did about the email on it."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from approvals.decisions import claims, decisions
from approvals.decisions.decisions import Decider
from outreach.choices import MoveCode
from outreach.lifecycle.moves import move_message
from outreach.models import Message
from outreach.review import review_actions
from tests import factories
from tests.conftest import person

pytestmark = pytest.mark.django_db
REASON = "She joined in April, not in May."


@pytest.fixture
def desk(client: Client, reviewer: User) -> Client:
    client.force_login(reviewer)
    return client


@pytest.fixture
def sam() -> User:
    return person("sam", "Reviewer")


def ask(desk: Client, message: Message, version: int = 1) -> str:
    asked = {"email": str(message.public_id), "version": version}
    said: str = desk.get("/sales/pulse", asked).json()["meanwhile"]
    return said


def test_it_counts_what_waits_and_what_is_new(desk: Client) -> None:
    old, _ = factories.held_email(), factories.held_email()
    Message.objects.filter(pk=old.pk).update(held_at=timezone.now() - timedelta(hours=1))
    since = (timezone.now() - timedelta(minutes=5)).isoformat()
    answer = desk.get("/sales/pulse", {"since": since}).json()
    assert answer == {"waiting": 2, "new": 1, "meanwhile": "", "ending": False}


def test_an_answer_as_before_is_empty(desk: Client) -> None:
    first = desk.get("/sales/pulse")
    again = desk.get("/sales/pulse", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    factories.held_email()
    assert desk.get("/sales/pulse", headers={"If-None-Match": first["ETag"]}).status_code == 200


@pytest.mark.parametrize("since", ["", "x", "2026-13-45T00:00:00Z", "2026-01-01T00:00:00"])
def test_a_time_that_is_none_counts_nothing(desk: Client, since: str) -> None:
    factories.held_email()
    assert desk.get("/sales/pulse", {"since": since, "email": since}).json()["new"] == 0


def test_it_says_who_decided_meanwhile(desk: Client, sam: User, settings: Any) -> None:
    settings.UNDO_SECONDS = 30
    approved, rejected, waits = (factories.held_email() for _ in range(3))
    decisions.approve(approved, 1, Decider(sam, "desk"))
    decisions.reject(rejected, 1, Decider(sam, "desk"), tag="weak_subject", reason=REASON)
    assert ask(desk, approved) == "sam approved this just now."
    assert ask(desk, rejected) == "sam rejected this just now."
    assert ask(desk, waits) == ""


def test_it_says_how_long_ago(desk: Client, sam: User, monkeypatch: pytest.MonkeyPatch) -> None:
    message = factories.held_email()
    decisions.approve(message, 1, Decider(sam, "desk"))
    at = timezone.now() + timedelta(seconds=70)
    monkeypatch.setattr(timezone, "now", lambda: at)
    assert ask(desk, message) == "sam approved this 1 min ago."


def test_it_says_who_changed_or_has_it(desk: Client, sam: User) -> None:
    changed, taken, withdrawn = (factories.held_email() for _ in range(3))
    body = changed.text.body
    review_actions.edit_text(changed, 1, subject="Another subject", body=body, by=sam)
    claims.claim_message(taken, sam)
    review_actions.withdraw_email(withdrawn, by=sam)
    assert ask(desk, changed) == "sam changed this email just now."
    assert ask(desk, taken).startswith("sam has this email until")
    assert ask(desk, withdrawn) == "It is no longer waiting. Withdrawn."


def test_it_names_no_decision_that_came_to_nothing(desk: Client, sam: User) -> None:
    withdrawn, by_machine, failed = (factories.held_email() for _ in range(3))
    approved = decisions.approve(withdrawn, 1, Decider(sam, "desk"))
    review_actions.withdraw_email(approved, by=sam)
    machines = review_actions.approve_email(by_machine, 1, by=None, why=MoveCode.MACHINE)
    review_actions.withdraw_open_emails(machines.lead, MoveCode.SUPPRESSED)
    sending = move_message(
        decisions.approve(failed, 1, Decider(sam, "desk")), "sending", MoveCode.DOOR
    )
    move_message(sending, "failed", MoveCode.DND)
    assert ask(desk, withdrawn) == "It is no longer waiting. Withdrawn."
    stopped = "It is no longer waiting. Stopped: this address is on a do-not-contact list."
    assert ask(desk, by_machine) == stopped
    refused = "It is no longer waiting. Refused: do-not-disturb is set at GoHighLevel."
    assert ask(desk, failed) == refused


def test_ones_own_time_is_said_to_end_a_minute_before(
    desk: Client, reviewer: User, sam: User, clock: Any
) -> None:
    message = factories.held_email()
    claims.claim_message(message, reviewer)
    asked = {"email": str(message.public_id), "version": 1}
    clock.shift(timedelta(minutes=8))
    assert not desk.get("/sales/pulse", asked).json()["ending"]
    clock.shift(timedelta(seconds=50))
    answer = desk.get("/sales/pulse", asked).json()
    assert (answer["meanwhile"], answer["ending"]) == ("Yours for 1 more minute.", True)
    desk.force_login(sam)
    assert not desk.get("/sales/pulse", asked).json()["ending"]
    desk.force_login(reviewer)
    clock.shift(timedelta(minutes=2))
    assert ask(desk, message) == ""  # it has lapsed, and nobody took it
