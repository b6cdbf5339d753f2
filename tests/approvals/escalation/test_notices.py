"""The log: what was told to whom, what came of it, what is overdue; on the page and in the API."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from approvals.decisions import decisions
from approvals.decisions.decisions import Decider
from approvals.escalation import escalation, held_notices, notices
from approvals.models import Delegate, Notice
from caio_project.lib.models import ApiKey
from leads.models import TeamMember
from outreach.choices import MoveCode
from outreach.drafting import drafts
from outreach.models import Message
from outreach.review import review_actions
from tests import factories
from tests.conftest import person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender")]
REASON = "The first line is about us, not about them."


@pytest.fixture(autouse=True)
def by_email(settings: Any) -> None:
    settings.SLACK_BOT_TOKEN, settings.EMAIL_URL = "", "smtp://loopback"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def told_email() -> Message:
    message = factories.held_email()
    held_notices.create_held_notices()
    escalation.deliver_due_notices()
    return message


def outcome() -> str:
    rows, _ = notices.newest_notices()
    return notices.find_outcomes(rows)[rows[-1].pk].words


def page(client: Client, user: User) -> str:
    client.force_login(user)
    text = client.get("/sales/notices").content.decode()
    return " ".join(text.replace("\u00a0", " ").split())


def ask(scope: str = "messages:read") -> Any:
    _, secret = ApiKey.objects.create_key(name="k", scopes=[scope])
    return Client().get("/api/notices", headers={"Authorization": f"Bearer {secret}"})


def test_what_came_of_it_is_said(reviewer: User, viewer: User, client: Client) -> None:
    message = told_email()
    assert outcome() == "It still waits"
    decisions.reject(message, 1, Decider(reviewer, "desk"), tag="weak_subject", reason=REASON)
    assert outcome() == "Rejected by rita"
    assert "<b>Rejected by rita</b>" in page(client, viewer)
    (row,) = ask().json()["results"]
    assert (row["to"], row["channel"], row["outcome"]["code"]) == (
        "Alex Moreno",
        "email",
        "rejected",
    )
    assert row["outcome"]["by"] == "rita"


def test_an_expired_email_was_not_rejected(clock: Any) -> None:
    told_email()
    clock.shift(timedelta(days=6))
    assert review_actions.expire_due() == 1
    assert outcome() == "Expired without a decision"


def test_what_waits_again_or_was_withdrawn_names_no_decision(clock: Any, reviewer: User) -> None:
    message = told_email()
    clock.shift(timedelta(minutes=1))
    message = decisions.approve(message, 1, Decider(reviewer, "desk"))
    assert outcome() == "Approved by rita"
    held = drafts.hold_for_review(message, MoveCode.MORE_KNOWN, error="There is an open deal.")
    assert outcome() == "It still waits"
    review_actions.withdraw_email(held, by=reviewer)
    assert outcome() == "Withdrawn"


def test_of_two_decisions_the_last_is_the_outcome(clock: Any, reviewer: User) -> None:
    message = decisions.approve(told_email(), 1, Decider(reviewer, "desk"))
    held = drafts.hold_for_review(message, MoveCode.MORE_KNOWN, error="There is an open deal.")
    clock.shift(timedelta(minutes=1))
    decisions.reject(
        held, 1, Decider(person("sam", "Reviewer"), "desk"), tag="weak_subject", reason=REASON
    )
    assert outcome() == "Rejected by sam"


def test_a_reply_is_taken_and_an_alarm_has_no_outcome(reviewer: User) -> None:
    reply = factories.create_feedback(factories.cleared_email())
    reply.taken_by = reviewer
    taken = Notice.objects.create(key="answer:1", reply=reply, text="A positive answer.")
    alarm = Notice.objects.create(key="alarm:1", text="Clay is not asked any more.")
    found = notices.find_outcomes([taken, alarm])
    assert {pk: one.words for pk, one in found.items()} == {taken.pk: "Taken by rita"}


def test_an_email_that_the_machine_approved_says_so() -> None:
    message = told_email()
    Message.objects.filter(pk=message.pk).update(status="cleared", by_machine=True)
    assert outcome() == "Approved by the machine"


def test_what_is_overdue_names_who_was_told(clock: Any, viewer: User, client: Client) -> None:
    message = told_email()
    clock.shift(timedelta(hours=3))
    text = page(client, viewer)
    assert f">{message.lead}</a>" in text and "Alex Moreno was told <time" in text
    (late,) = ask().json()["overdue"]
    assert late["id"] == str(message.public_id)
    assert [one["to"] for one in late["told"]] == ["Alex Moreno"]


def test_both_names_and_a_skipped_step_are_shown(client: Client, viewer: User) -> None:
    alex = TeamMember.objects.get()
    sam = factories.TeamMemberFactory(name="Sam", email="sam@ours.example.com")
    held = factories.held_email()
    day = held.created_at.date()
    Delegate.objects.create(member=alex, delegate=sam, first_day=day, last_day=day)
    held_notices.create_held_notices()
    escalation.deliver_due_notices()
    assert "Told Sam, for Alex Moreno, by Email" in page(client, viewer)
    body = ask().json()
    assert (body["results"][0]["to"], body["results"][0]["instead_of"]) == ("Sam", "Alex Moreno")
    assert body["on_now"][0]["stand_in"] == "Sam" and body["on_now"][0]["available"] is False
    Notice.objects.update(skipped="all_away", channel="")
    text = page(client, viewer)
    assert "Step 1 was skipped: everybody in the order is away." in text
    assert ask().json()["results"][0]["skipped"] == "all_away"


def test_nothing_told_and_nothing_late_is_said(client: Client, viewer: User) -> None:
    text = page(client, viewer)
    assert "No email is overdue." in text and "No notice yet." in text
    assert ask().json()["results"] == []


def test_the_api_needs_its_scope() -> None:
    assert Client().get("/api/notices").status_code == 401
    assert ask("leads:read").status_code == 403
