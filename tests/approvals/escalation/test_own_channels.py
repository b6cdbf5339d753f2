"""Each person's own way of being told: beside the team's channel, once, and never nobody."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail

from approvals.escalation import escalation, held_notices
from approvals.models import Note, Notice
from caio_project.lib.models import PersonalSettings
from leads.models import Alarm, TeamMember
from tests import factories
from tests.conftest import person
from tests.fakes.slack import FakeSlack

pytestmark = [pytest.mark.django_db]


@pytest.fixture(autouse=True)
def both_ways(settings: Any, slack: FakeSlack, sender: TeamMember) -> None:
    settings.EMAIL_URL = "smtp://loopback"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture
def alex(sender: TeamMember) -> User:
    user = person("alex", "Reviewer")
    columns = {"user": user, "slack_user_id": "U0ALEX", "email": "alex@ours.example.com"}
    TeamMember.objects.filter(pk=sender.pk).update(**columns)
    return user


def chooses(user: User, **choices: str) -> None:
    PersonalSettings.objects.update_or_create(user=user, defaults=choices)


def tell() -> Notice:
    held_notices.create_held_notices()
    escalation.create_alarm_notices()
    escalation.deliver_due_notices()
    return Notice.objects.order_by("pk")[0]


def channels(slack: FakeSlack) -> list[str]:
    return [str(post["channel"]) for post in slack.posts()]


def test_an_email_in_place_of_a_message_of_ones_own(slack: FakeSlack, alex: User) -> None:
    chooses(alex, notices_of_emails="email")
    factories.held_email()
    notice = tell()
    assert [one.to for one in mail.outbox] == [["alex@ours.example.com"]]
    assert channels(slack) == ["#sales-bot"]
    assert (notice.channel, notice.error, bool(notice.told_at)) == ("email", "", True)


def test_without_a_choice_it_is_the_ladders(slack: FakeSlack, alex: User) -> None:
    chooses(alex, notices_of_answers="email", notices_of_incidents="email")
    factories.held_email()
    assert tell().channel == "slack"
    assert channels(slack) == ["U0ALEX", "#sales-bot"] and mail.outbox == []


def test_slack_where_the_ladder_names_email(slack: FakeSlack, alex: User) -> None:
    chooses(alex, notices_of_emails="slack")
    factories.held_email()
    held_notices.create_held_notices()
    Notice.objects.update(wanted="email")
    escalation.deliver_due_notices()
    assert channels(slack)[0] == "U0ALEX" and mail.outbox == []


def test_a_failed_email_is_a_message_after_all(slack: FakeSlack, alex: User, settings: Any) -> None:
    settings.EMAIL_BACKEND = "no.such.Backend"
    chooses(alex, notices_of_emails="email")
    factories.held_email()
    notice = tell()
    assert notice.channel == "slack" and notice.error.startswith("email: ")
    assert channels(slack) == ["U0ALEX", "#sales-bot"]


def test_while_slack_is_down_nobody_is_told_twice(
    slack: FakeSlack, alex: User, settings: Any
) -> None:
    chooses(alex, notices_of_emails="email")
    factories.held_email()
    right, settings.SLACK_BASE_URL = settings.SLACK_BASE_URL, "http://127.0.0.1:9/"
    notice = tell()
    assert notice.told_at is None and len(mail.outbox) == 1
    settings.SLACK_BASE_URL = right
    Notice.objects.update(not_before=notice.created_at)
    assert tell().channel == "email"
    assert len(mail.outbox) == 1 and channels(slack) == ["#sales-bot"]


def test_without_slack_it_is_one_email(slack: FakeSlack, alex: User, settings: Any) -> None:
    settings.SLACK_BOT_TOKEN = ""
    chooses(alex, notices_of_emails="email")
    factories.held_email()
    assert tell().channel == "email" and len(mail.outbox) == 1


def test_alarms_by_email_and_in_the_channel(slack: FakeSlack, alex: User) -> None:
    chooses(alex, notices_of_incidents="email")
    Alarm.objects.create(key="rb2b:silent", text="No event from rb2b since noon.")
    tell()
    assert len(mail.outbox) == 1 and channels(slack) == ["#sales-bot"]


@pytest.mark.parametrize(("choice", "emails", "posts"), [("page", 0, 0), ("email", 1, 0)])
def test_a_note_is_for_whom_it_names(
    slack: FakeSlack, alex: User, sender: TeamMember, choice: str, emails: int, posts: int
) -> None:
    chooses(alex, notices_of_notes=choice)
    message = factories.held_email()
    note = Note.objects.create(message=message, by=alex, text="@alex look")
    sender.refresh_from_db()
    Notice.objects.create(key="note:1", message=message, note=note, to=sender, text="Look")
    escalation.deliver_due_notices()
    notice = Notice.objects.get(key="note:1")
    assert (notice.channel, bool(notice.told_at)) == (choice, True)
    assert (len(mail.outbox), len(slack.posts())) == (emails, posts)


def test_a_delegate_is_told_in_their_own_way(slack: FakeSlack, alex: User) -> None:
    chooses(alex, notices_of_emails="email")
    sam = factories.TeamMemberFactory(name="Sam", slack_user_id="U0SAM", email="sam@x.example.com")
    factories.held_email()
    held_notices.create_held_notices()
    Notice.objects.update(to=sam)
    escalation.deliver_due_notices()
    assert mail.outbox == [] and channels(slack) == ["U0SAM", "#sales-bot"]
