"""Putting an email off until a day, and notes that notify a colleague."""

import html
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from approvals.decisions import claims, decisions
from approvals.decisions.decisions import Decider
from approvals.desk import desk as desk_page
from approvals.escalation import escalation, held_notices
from approvals.models import Claim, Note, Notice, Snooze, TakeOver
from approvals.queue import review_queue, what_waits
from caio_project.lib import calendar
from outreach.choices import Status
from outreach.models import Message
from outreach.review import review_actions
from tests import factories
from tests.conftest import person

pytestmark = pytest.mark.django_db
REASON = "The first line is about us, not about them."


@pytest.fixture
def desk(client: Client, reviewer: User) -> Client:
    client.force_login(reviewer)
    return client


def in_days(days: int) -> date:
    return calendar.team_day(timezone.now(), django_settings.TEAM_TIME_ZONE) + timedelta(days=days)


def snooze(client: Client, message: Message, day: Any, **more: Any) -> Any:
    return client.post(
        f"/sales/queue/{message.public_id}/snooze", {"version": 1, "day": str(day), **more}
    )


def note(client: Client, message: Message, text: str) -> Any:
    return client.post(f"/sales/queue/{message.public_id}/note", {"note": text})


def body(response: Any) -> str:
    return html.unescape(" ".join(response.content.decode().split()))


def not_snoozed(message: Message) -> None:
    now = Message.objects.get(pk=message.pk)
    assert (now.snoozed_until, now.due_at) == (None, message.due_at)
    assert not Snooze.objects.exists()


def later(monkeypatch: pytest.MonkeyPatch, at: Any) -> None:
    monkeypatch.setattr(timezone, "now", lambda: at)


# Snooze


def test_a_snoozed_email_leaves_the_queue_and_is_counted(desk: Client, reviewer: User) -> None:
    message, other = factories.held_email(), factories.held_email()
    response = snooze(desk, message, in_days(3))
    assert response["Location"] == f"/sales/queue/{other.public_id}"
    assert list(review_queue.waiting_messages()) == [other]
    assert what_waits.what_waits().as_counts()["snoozed"] == 1
    assert review_queue.current_counts().pending == 2
    page = body(desk.get("/sales/queue?show=snoozed"))
    assert str(message.lead) in page and "Snoozed <b>1</b>" in page
    row = Snooze.objects.get()
    assert (row.by, row.until) == (reviewer, Message.objects.get(pk=message.pk).snoozed_until)


def test_it_comes_back_by_itself_with_new_deadlines(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = factories.held_email()
    snooze(desk, message, in_days(20))
    message.refresh_from_db()
    back, due, expires = message.snoozed_until, message.due_at, message.expires_at
    assert back is not None and due is not None and expires is not None
    local = back.astimezone(ZoneInfo(django_settings.TEAM_TIME_ZONE))
    hours = calendar.WorkingHours.parse(django_settings.WORKING_HOURS)
    assert (local.date(), local.time()) == (in_days(20), hours.start)
    assert back < due < expires
    later(monkeypatch, back - timedelta(seconds=1))
    assert (review_actions.expire_due(), review_queue.waiting_messages().count()) == (0, 0)
    later(monkeypatch, back)
    assert list(review_queue.waiting_messages()) == [message]


def test_it_is_brought_back_early(desk: Client) -> None:
    message = factories.held_email()
    snooze(desk, message, in_days(3))
    assert "Snoozed: it comes back" in body(desk.get(f"/sales/queue/{message.public_id}"))
    response = snooze(desk, message, "", do="back")
    assert response.status_code == 303
    assert list(review_queue.waiting_messages()) == [message]
    history = body(desk.get(f"/sales/queue/{message.public_id}"))
    assert "Brought back into the queue" in history and "Snoozed until" in history


def test_an_email_already_back_is_not_brought_back(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = factories.held_email()
    snooze(desk, message, in_days(3))
    message.refresh_from_db()
    assert message.snoozed_until is not None and message.due_at is not None
    path = f"/sales/queue/{message.public_id}"
    assert "Bring it back now" in body(desk.get(path))
    later(monkeypatch, message.due_at + timedelta(minutes=1))

    assert "Bring it back now" not in body(desk.get(path))
    response = snooze(desk, message, "", do="back")

    assert response.status_code == 409
    assert "It is back in the queue already. Nothing was changed." in body(response)
    assert Message.objects.get(pk=message.pk).due_at == message.due_at
    assert review_queue.count_overdue() == 1
    assert Snooze.objects.count() == 1


def test_a_decision_ends_the_snooze(desk: Client, reviewer: User) -> None:
    message = factories.held_email()
    snooze(desk, message, in_days(3))
    message.refresh_from_db()
    approved = decisions.approve(message, 1, Decider(reviewer, "desk"))

    response = desk.post(f"/sales/queue/{message.public_id}/undo", {"version": 1})

    held = Message.objects.get(pk=approved.pk)
    assert response.status_code == 303
    assert (held.status, held.snoozed_until) == ("held", None)
    assert held.due_at < timezone.now() + timedelta(days=3)
    assert list(review_queue.waiting_messages()) == [held]


def test_nobody_is_told_of_a_snoozed_hot_email(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = factories.held_email()
    Message.objects.filter(pk=message.pk).update(band="hot")
    snooze(desk, message, in_days(3))
    later(monkeypatch, timezone.now() + timedelta(hours=3))
    assert held_notices.create_held_notices() == 0


@pytest.mark.parametrize("day", [0, -1, 61, "x", ""])
def test_another_day_is_refused(desk: Client, day: Any) -> None:
    message = factories.held_email()
    response = snooze(desk, message, in_days(day) if isinstance(day, int) else day)
    assert response.status_code in (409, 422)
    assert "Choose a day after today, at most 60 days ahead." in body(response)
    not_snoozed(message)


def test_an_old_version_is_not_snoozed(desk: Client) -> None:
    message = factories.held_email()
    assert snooze(desk, message, in_days(3), version=2).status_code == 409
    not_snoozed(message)


def test_what_a_colleague_has_is_not_snoozed(desk: Client) -> None:
    message = factories.held_email()
    claims.claim_message(message, person("sam", "Reviewer"))
    assert "sam has this email until" in body(snooze(desk, message, in_days(3)))
    not_snoozed(message)


def test_a_decided_email_is_not_snoozed(desk: Client) -> None:
    message = factories.cleared_email()
    assert snooze(desk, message, in_days(3)).status_code == 409
    message.refresh_from_db()
    assert (message.status, message.snoozed_until) == (Status.CLEARED, None)


# Notes


def test_a_mention_notifies_that_colleague(desk: Client, reviewer: User) -> None:
    sam = factories.TeamMemberFactory(name="Sam Okafor", active=True)
    factories.TeamMemberFactory(name="Lena Brandt", active=True)
    message = factories.held_email()
    assert note(desk, message, "@Sam is this right? @sam.okafor").status_code == 303
    told = Notice.objects.get()
    assert (told.to, told.message) == (sam, message)
    assert "rita wrote to you about the email to" in told.text
    page = body(desk.get(f"/sales/queue/{message.public_id}"))
    assert "@Sam is this right?" in page


def test_it_is_told_also_once_the_email_is_decided(desk: Client) -> None:
    factories.TeamMemberFactory(name="Sam Okafor", active=True)
    message = factories.held_email()
    note(desk, message, "@Sam, look at this.")
    Message.objects.filter(pk=message.pk).update(status=Status.REJECTED)
    escalation.deliver_due_notices()
    told = Notice.objects.get()
    assert told.told_at is not None and "decided" not in told.error


def test_a_note_without_a_mention_tells_nobody(desk: Client) -> None:
    message = factories.held_email()
    note(desk, message, "Ask dana@example.com later.")
    assert (Note.objects.count(), Notice.objects.count()) == (1, 0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("@nobody look", "Nobody on the team is called @nobody. Nothing was saved."),
        ("@Sam look", "Several people are called @Sam."),
        ("  ", "Write something first. Nothing was saved."),
        ("x" * 1001, "at most 1000 characters"),
    ],
)
def test_a_note_that_cannot_be_saved_says_why(desk: Client, text: str, said: str) -> None:
    for name in ("Sam Okafor", "Sam Reed"):
        factories.TeamMemberFactory(name=name, active=True)
    response = note(desk, factories.held_email(), text)
    assert response.status_code == 422
    assert said in body(response)
    assert (Note.objects.count(), Notice.objects.count()) == (0, 0)


def test_whoever_left_the_team_is_not_mentioned(desk: Client) -> None:
    factories.TeamMemberFactory(name="Sam Okafor", active=False)
    response = note(desk, factories.held_email(), "@Sam look")
    assert response.status_code == 422
    assert Notice.objects.count() == 0


def test_a_viewer_neither_snoozes_nor_writes(client: Client, viewer: User) -> None:
    message = factories.held_email()
    client.force_login(viewer)
    assert snooze(client, message, in_days(3)).status_code == 403
    assert note(client, message, "Hello").status_code == 403
    not_snoozed(message)
    assert not Note.objects.exists()


def test_a_lead_takes_an_email_over_from_a_colleague(
    client: Client, reviewer: User, lead_user: User
) -> None:
    message, other = factories.held_email(), factories.held_email()
    claims.claim_message(message, reviewer)
    claims.claim_message(other, lead_user)
    address = f"/sales/queue/{message.public_id}"
    client.force_login(lead_user)
    assert "Take over" in client.get(address).content.decode()
    page = client.post(f"{address}/take-over", follow=True).content.decode()
    assert "You have this email for 10 minutes, in place of rita." in page
    assert list(Claim.objects.values_list("message", "user")) == [(message.pk, lead_user.pk)]
    [entry] = [one for one in desk_page.message_history(message) if "Taken over" in one.text]
    assert (entry.text, entry.by) == ("Taken over from rita", "lena")
    assert "Taken over from rita" in page
    client.force_login(reviewer)
    sent = {"version": 1, "subject": "Typed", "body": "Typed before it was taken."}
    refused = client.post(f"{address}/edit", sent)
    assert refused.status_code == 409 and "Typed before it was taken." in refused.content.decode()
    assert "Take over" not in client.get(address).content.decode()


def test_nothing_is_logged_where_nobody_lost_the_email(
    client: Client, reviewer: User, lead_user: User
) -> None:
    message = factories.held_email()
    claims.claim_message(message, reviewer)
    Claim.objects.update(until=timezone.now() - timedelta(seconds=1))
    client.force_login(lead_user)
    for _ in range(2):  # theirs is over, then it is the Lead's own
        client.post(f"/sales/queue/{message.public_id}/take-over")
    assert Claim.objects.get().user == lead_user and not TakeOver.objects.exists()


def test_only_a_lead_takes_over_and_only_what_waits(
    client: Client, reviewer: User, lead_user: User
) -> None:
    message = factories.held_email()
    claims.claim_message(message, lead_user)
    address = f"/sales/queue/{message.public_id}/take-over"
    client.force_login(reviewer)
    assert client.post(address).status_code == 403
    assert Claim.objects.get().user == lead_user and not TakeOver.objects.exists()
    decisions.reject(message, 1, Decider(lead_user, "desk"), tag="other", reason=REASON)
    Claim.objects.all().delete()
    client.force_login(lead_user)
    page = client.post(address, follow=True).content.decode()
    assert "lena rejected this email" in page and not Claim.objects.exists()
