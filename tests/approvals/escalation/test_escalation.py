"""Telling people about HOT emails: at once, once, the next person later, and by another way if one
is down.
"""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.utils import timezone

from approvals.escalation import escalation, held_notices
from approvals.models import Notice
from approvals.tasks import tell
from caio_project.lib.models import Heartbeat
from leads.models import Company, Lead, TeamMember
from outreach.models import Message
from outreach.review import review_actions
from tests import factories
from tests.fakes.slack import FakeSlack

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender")]

POST = "POST /api/chat.postMessage"


@pytest.fixture(autouse=True)
def email(settings: Any) -> None:
    """No way to tell anybody but the notices page, until a test connects one."""
    settings.SLACK_BOT_TOKEN = settings.EMAIL_URL = ""
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture
def by_email(settings: Any) -> None:
    settings.EMAIL_URL = "smtp://loopback"


@pytest.fixture
def next_person(sender: TeamMember) -> TeamMember:
    TeamMember.objects.filter(pk=sender.pk).update(slack_user_id="U0ALEX")
    return factories.TeamMemberFactory(
        name="Sam", notice_order=2, slack_user_id="U0SAM", email="sam@ours.example.com"
    )


def rounds() -> tuple[int, int]:
    return held_notices.create_held_notices(), escalation.deliver_due_notices()


def notice() -> Notice:
    return Notice.objects.get(step=0)


def test_a_hot_email_is_announced_at_once_and_once(
    slack: FakeSlack, next_person: TeamMember
) -> None:
    message = factories.held_email()
    assert rounds() == (1, 1)
    direct, post = slack.posts()
    assert (direct["channel"], post["channel"]) == ("U0ALEX", "#sales-bot")
    said = f"A HOT email waits for a decision: {message.lead.name}, {message.lead.company.name}."
    assert post["text"].startswith(said)
    section, *_text, actions, _told_to = post["blocks"]
    assert section["text"]["text"].startswith(said)
    assert actions["elements"][-1]["url"] == f"http://localhost/sales/queue/{message.public_id}"
    told = notice()
    assert (told.message, told.step, told.channel, told.error, told.attempts) == (
        message,
        0,
        "slack",
        "",
        1,
    )
    assert told.told_at is not None and told.lease_until is None
    for _ in range(3):
        assert rounds() == (0, 0)
    assert len(slack.posts()) == 2
    assert mail.outbox == []


def test_the_next_person_is_told_after_half_an_hour_and_by_email_after_an_hour(
    slack: FakeSlack, by_email: None, clock: Any, next_person: TeamMember
) -> None:
    message = factories.held_email()
    rounds()
    clock.shift(timedelta(minutes=29))
    assert rounds() == (0, 0)
    clock.shift(timedelta(minutes=2))
    assert rounds() == (1, 1)
    who = f"{message.lead.name}, {message.lead.company.name} (HOT)."
    sams, below = slack.posts()[-2:]
    said = f"Still no decision after 30 min of business time: {who}"
    assert sams["channel"] == "U0SAM" and sams["blocks"][0]["text"]["text"].startswith(said)
    assert below["thread_ts"] == slack.posts("#sales-bot")[0]["ts"]
    for minutes in (30, 60, 300):
        clock.shift(timedelta(minutes=minutes))
        rounds()
    assert len(slack.posts()) == 4
    assert [sent.to for sent in mail.outbox] == [
        [TeamMember.objects.get(notice_order=1).email],
        [next_person.email],
    ]
    told = Notice.objects.order_by("step").values_list("step", "to__name", "channel")
    assert list(told) == [
        (0, "Alex Moreno", "slack"),
        (1, "Sam", "slack"),
        (2, "Alex Moreno", "email"),
        (3, "Sam", "email"),
    ]


def test_the_only_person_in_the_order_is_told_again(slack: FakeSlack, clock: Any) -> None:
    factories.held_email()
    rounds()
    clock.shift(timedelta(minutes=31))
    rounds()
    assert [n.to.name for n in Notice.objects.order_by("step")] == ["Alex Moreno", "Alex Moreno"]


@pytest.mark.parametrize(
    ("assessment", "kind"),
    [
        ({"intent": 50, "tier": "tier_2"}, "live"),
        ({"intent": 10, "tier": "tier_3"}, "live"),
        ({}, "test"),
        ({}, "training"),
    ],
)
def test_others_are_not_announced(slack: FakeSlack, assessment: dict[str, Any], kind: str) -> None:
    factories.held_email(factories.LeadFactory(kind=kind), **assessment)
    assert rounds() == (0, 0)
    assert (slack.requests(), Notice.objects.count()) == ([], 0)


def test_only_a_held_email_is_announced(slack: FakeSlack) -> None:
    factories.cleared_email()
    assert rounds() == (0, 0)
    assert slack.requests() == []


def test_what_was_blocked_meanwhile_was_not_decided(slack: FakeSlack, by_email: None) -> None:
    message = factories.held_email()
    held_notices.create_held_notices()
    Message.objects.filter(pk=message.pk).update(status="blocked")
    escalation.deliver_due_notices()
    assert (notice().channel, notice().error) == ("page", "out of the queue before it was told")
    assert slack.requests() == []


def test_what_was_decided_meanwhile_is_closed_untold(slack: FakeSlack, by_email: None) -> None:
    message = factories.held_email()
    assert held_notices.create_held_notices() == 1
    review_actions.approve_email(message, 1, by=None)
    assert escalation.deliver_due_notices() == 1
    assert (slack.requests(), mail.outbox) == ([], [])
    assert (notice().channel, notice().error) == ("page", "decided before it was told")
    assert rounds() == (0, 0)


def test_what_was_decided_is_not_escalated(slack: FakeSlack, clock: Any) -> None:
    message = factories.held_email()
    rounds()
    review_actions.approve_email(message, 1, by=None)
    clock.shift(timedelta(hours=3))
    assert rounds() == (0, 0)
    assert len(slack.posts()) == 1


def test_what_comes_back_into_the_queue_is_announced_again(
    slack: FakeSlack, clock: Any, reviewer: User
) -> None:
    message = factories.held_email()
    rounds()
    message = review_actions.approve_email(message, 1, by=None)
    clock.shift(timedelta(minutes=1))
    review_actions.edit_text(
        message, 1, subject=message.text.subject, body=message.text.body + " Alex", by=reviewer
    )
    assert rounds() == (1, 1)
    assert rounds() == (0, 0)
    assert len(slack.posts()) == 2


def test_two_sweeps_at_once_tell_nothing_twice(slack: FakeSlack) -> None:
    factories.held_email()
    held_notices.create_held_notices()
    Notice.objects.update(
        lease_until=timezone.now() + timedelta(seconds=30)
    )  # the other sweep has it
    assert rounds() == (0, 0)
    assert slack.requests() == []


def test_a_sweep_that_died_is_taken_over_when_its_lease_is_over(
    slack: FakeSlack, clock: Any
) -> None:
    factories.held_email()
    held_notices.create_held_notices()
    Notice.objects.update(lease_until=timezone.now() + timedelta(seconds=30), attempts=1)
    clock.shift(timedelta(seconds=31))
    assert escalation.deliver_due_notices() == 1
    assert (len(slack.posts()), notice().attempts) == (1, 2)


@pytest.mark.parametrize(
    "name", ["<!channel>", "<!here> & <@U0BOSS>", "<https://evil.test|click>", "a > b & c"]
)
def test_a_visitors_words_can_neither_mention_nor_link(slack: FakeSlack, name: str) -> None:
    lead = factories.held_email().lead
    Lead.objects.filter(pk=lead.pk).update(
        first_name=name
    )  # afterwards: no draft is written with such a name
    Company.objects.filter(pk=lead.company_id).update(name=name)
    rounds()
    (post,) = slack.posts()
    for shown in (post["text"], post["blocks"][0]["text"]["text"]):
        assert "<" not in shown and ">" not in shown
        assert name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") in shown


def test_a_visitors_words_of_any_length_and_with_line_breaks_are_told(by_email: None) -> None:
    company = factories.CompanyFactory(name="C" * 85, domain="long.test")
    name = {"first_name": "N" * 100, "last_name": "L\r\nBcc: x@y.test " + "M" * 80}
    long = factories.held_email(
        factories.LeadFactory(company=company, email="dana@long.test", **name)
    )
    other = factories.held_email()
    assert rounds() == (2, 2)
    assert set(Notice.objects.values_list("message", "channel")) == {
        (long.pk, "email"),
        (other.pk, "email"),
    }
    text = Notice.objects.get(message=long).text
    assert text.startswith(f"A HOT email waits for a decision: {'N' * 100} L Bcc: x@y.test MMM")
    assert len(text) <= 300
    assert [len(sent.to) for sent in mail.outbox] == [1, 1]
    assert not any(sent.bcc or sent.cc for sent in mail.outbox)


FAULTS = {
    "429": lambda slack: slack.rate_limited(30),
    "500": lambda slack: slack.on(POST).status(500, "oops", times=1),
    "ok false": lambda slack: slack.fail("not_in_channel"),
    "no JSON": lambda slack: slack.on(POST).garbage(times=1),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_without_email_slack_is_tried_again_until_it_works(
    slack: FakeSlack, clock: Any, fault: Any
) -> None:
    factories.held_email()
    fault(slack)
    assert rounds() == (1, 1)
    waiting = notice()
    assert (waiting.told_at, waiting.channel, waiting.lease_until) == (None, "", None)
    assert waiting.attempts == (0 if fault is FAULTS["429"] else 1)
    assert waiting.error.startswith("slack: ")
    assert waiting.not_before > timezone.now()
    assert rounds() == (0, 0)
    clock.shift(timedelta(minutes=1))
    assert rounds() == (0, 1)
    assert (notice().channel, len(slack.posts())) == ("slack", 1)
    assert rounds() == (0, 0)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_with_email_the_person_gets_an_email_at_once(
    slack: FakeSlack, by_email: None, sender: TeamMember, fault: Any
) -> None:
    message = factories.held_email()
    fault(slack)
    assert rounds() == (1, 1)
    (sent,) = mail.outbox
    assert sent.to == [sender.email]
    assert sent.subject.startswith("A HOT email waits for a decision: ")
    assert f"http://localhost/sales/queue/{message.public_id}" in sent.body
    assert notice().channel == "email"
    assert notice().error.startswith("slack: ")
    assert rounds() == (0, 0)
    assert slack.posts() == []


@pytest.mark.sqlite_is_enough
def test_a_slack_that_hangs_is_given_up_and_an_email_goes_out(
    slack: FakeSlack, by_email: None
) -> None:
    """Takes the timeout of the call."""
    factories.held_email()
    slack.on(POST).never()
    assert rounds() == (1, 1)
    assert len(mail.outbox) == 1
    assert notice().channel == "email"


def test_after_the_last_try_it_stands_on_the_notices_page_with_the_error(
    slack: FakeSlack, clock: Any
) -> None:
    factories.held_email()
    slack.on(POST).status(500)
    tries = 0
    while notice().told_at is None if Notice.objects.exists() else True:
        rounds()
        tries += 1
        clock.shift(timedelta(minutes=9))
        assert tries < 20
    assert tries == escalation.MAX_ATTEMPTS
    assert (notice().channel, slack.posts()) == ("page", [])
    assert notice().error.startswith("slack: ")


def test_without_slack_and_email_the_notices_page_is_the_way() -> None:
    factories.held_email()
    assert rounds() == (1, 1)
    assert (notice().channel, notice().error, mail.outbox) == ("page", "", [])


def test_without_anybody_to_tell_slack_is_told_without_a_mention(
    slack: FakeSlack, sender: TeamMember
) -> None:
    TeamMember.objects.update(notice_order=0)
    factories.held_email()
    assert rounds() == (1, 1)
    section, *_text, _actions = slack.posts()[0]["blocks"]
    assert section["text"]["text"].startswith("A HOT email waits")
    assert notice().to is None


def test_who_left_is_not_told(
    slack: FakeSlack, sender: TeamMember, next_person: TeamMember
) -> None:
    TeamMember.objects.filter(pk=sender.pk).update(active=False)
    factories.held_email()
    rounds()
    assert notice().to == next_person


def test_a_mention_that_is_no_user_id_is_left_out(slack: FakeSlack, sender: TeamMember) -> None:
    TeamMember.objects.update(slack_user_id="!channel")
    factories.held_email()
    rounds()
    section, *_text, _actions = slack.posts()[0]["blocks"]
    assert section["text"]["text"].startswith("A HOT email waits")


def test_the_sweep_writes_and_tells_and_beats(slack: FakeSlack) -> None:
    factories.held_email()
    tell()
    assert len(slack.posts()) == 1
    assert Heartbeat.objects.get(name="approvals.tell").worked_at is not None


def test_an_alarm_of_the_apps_below_is_told_once_for_each_opening() -> None:
    from leads.integrations import alarms

    alarms.raise_alarm("clay:breaker", "Clay is not asked any more.")
    alarms.raise_alarm("clay:breaker", "Clay is not asked any more.")
    assert (escalation.create_alarm_notices(), escalation.create_alarm_notices()) == (1, 0)
    alarms.clear_alarm("clay:breaker")
    assert escalation.create_alarm_notices() == 0
    alarms.raise_alarm("clay:breaker", "Clay is not asked any more.")
    assert escalation.create_alarm_notices() == 1
    assert set(Notice.objects.values_list("text", flat=True)) == {"Clay is not asked any more."}


def test_an_alarm_goes_to_the_first_who_is_there(sender: TeamMember) -> None:
    from approvals.models import Absence
    from leads.integrations import alarms

    sam = factories.TeamMemberFactory(name="Sam", notice_order=2)
    Absence.objects.create(member=sender, until=timezone.now() + timedelta(days=1))
    alarms.raise_alarm("clay:breaker", "Clay is not asked any more.")
    escalation.create_alarm_notices()
    assert Notice.objects.get().to == sam
    Absence.objects.create(member=sam, until=timezone.now() + timedelta(days=1))
    alarms.raise_alarm("clay:rates", "Clay is nearly used up.")
    escalation.create_alarm_notices()
    assert Notice.objects.order_by("-pk")[0].to == sender
