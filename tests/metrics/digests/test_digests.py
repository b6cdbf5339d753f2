"""Digests on real rows: once for each period by Slack and email, caught up with the same day."""

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from approvals.decisions import decisions
from approvals.decisions.decisions import Decider
from approvals.models import Notice
from approvals.queue import what_waits
from approvals.tasks import tell
from leads.integrations import alarms
from metrics.digests import digests
from metrics.incidents import sweep
from metrics.models import DetectorState, Digest
from outreach.choices import Phase
from outreach.control import phase
from outreach.models import Message
from tests import factories
from tests.fakes.slack import FakeSlack
from tests.outreach.conftest import WORKING

pytestmark = pytest.mark.django_db
MONDAY = WORKING - timedelta(days=1)


@pytest.fixture
def team(settings: Any) -> None:
    settings.EMAIL_URL = "smtp://127.0.0.1"
    factories.TeamMemberFactory(default_sender=True, email="alex@ours.example.com")


def on(moment: Any) -> Any:
    return time_machine.travel(moment, tick=False)


def said(post: dict[str, Any]) -> str:
    return "\n".join(one["text"]["text"] for one in post["blocks"] if one["type"] == "section")


def test_both_go_once_by_slack_and_by_email(
    team: None, slack: FakeSlack, mailoutbox: list[Any], reviewer: User, settings: Any
) -> None:
    settings.UNDO_SECONDS = 0
    with on(MONDAY - timedelta(hours=1)):
        decided = factories.held_email()
        decisions.approve(decided, decided.version, Decider(reviewer, "desk"))
        factories.held_email()
        alarms.raise_alarm("rb2b:silent", "No event.")
        # PostgreSQL's clock does not travel along.
        later = timezone.now() + timedelta(days=9)
        DetectorState.objects.create(name="clocks", not_before=later)
        sweep.watch_incidents()
    with on(MONDAY):
        for _ in range(3):
            digests.send_due_digests()
        tell()
    assert [(row.kind, bool(row.slack_at), bool(row.email_at), row.error)
            for row in Digest.objects.order_by("kind")] == [
        ("daily", True, True, ""), ("weekly", True, True, ""),
    ]  # fmt: skip
    posts = [said(post) for post in slack.posts() if said(post).startswith("Your ")]
    assert len(posts) == 2 and len(mailoutbox) == 4  # two more of the incident and the queue
    lines = posts[0].splitlines()
    assert lines[1].startswith("Waits for you: 1 email to decide")
    assert lines[2].startswith("Dead sources: A source is silent: RB2B")
    assert "People decided 1 (0 rejected, 0 edited)" in posts[0]
    mail = next(one for one in mailoutbox if one.subject.startswith("Your day"))
    assert (mail.to, lines[1] in mail.body) == (["alex@ours.example.com"], True)
    for person in (decided.lead.name, decided.to_address, decided.lead.company.name):
        assert person not in json.dumps(list(Digest.objects.values_list("content", flat=True)))


def test_a_missed_time_is_caught_up_with_the_same_day_only(team: None, slack: FakeSlack) -> None:
    with on(MONDAY + timedelta(hours=13)):  # it was down over the hour, and comes up at 23:00
        digests.send_due_digests()
    assert {row.kind for row in Digest.objects.all()} == {"daily", "weekly"}
    with on(MONDAY + timedelta(days=5)):  # a Saturday
        digests.send_due_digests()
    assert Digest.objects.count() == len(slack.posts()) == 2


def test_a_channel_that_fails_is_tried_again_and_the_other_is_not_told_twice(
    team: None, slack: FakeSlack, mailoutbox: list[Any], settings: Any
) -> None:
    settings.WEEKLY_DIGEST_AT = ""
    slack.fail("channel_not_found", times=1)
    with on(MONDAY) as clock:
        digests.send_due_digests()
        row = Digest.objects.get()
        assert (row.slack_at, row.ended_at, len(mailoutbox)) == (None, None, 1)
        assert "channel" in row.error
        clock.shift(timedelta(minutes=2))
        digests.send_due_digests()
        digests.send_due_digests()
    row.refresh_from_db()
    assert (len(slack.posts()), len(mailoutbox), row.error) == (1, 1, "")


def test_what_may_have_arrived_is_not_told_twice(
    team: None, slack: FakeSlack, settings: Any
) -> None:
    """The process died after the call: the channel was noted before it."""
    settings.WEEKLY_DIGEST_AT = ""
    with on(MONDAY) as clock:
        digests.send_due_digests()
        Digest.objects.update(ended_at=None, lease_until=timezone.now() - timedelta(seconds=1))
        clock.shift(timedelta(minutes=5))
        digests.send_due_digests()
    assert len(slack.posts()) == 1


def test_nothing_is_made_without_a_channel_or_a_time(settings: Any, slack: FakeSlack) -> None:
    with on(MONDAY):
        settings.DAILY_DIGEST_AT = settings.WEEKLY_DIGEST_AT = ""
        assert digests.send_due_digests() == 0
        settings.DAILY_DIGEST_AT, settings.SLACK_BOT_TOKEN = "08:30", ""
        assert digests.send_due_digests() == 0
    assert not Digest.objects.exists() and not slack.posts()


def test_a_section_that_cannot_be_read_is_said(team: None, slack: FakeSlack, settings: Any) -> None:
    settings.WEEKLY_DIGEST_AT = ""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE outreach_meeting RENAME TO outreach_away")
    with on(MONDAY):
        digests.send_due_digests()
    (post,) = slack.posts()
    assert "Could not be read: what was sent" in said(post) and "Nothing to report" not in said(
        post
    )


def test_an_empty_installation_says_so_after_looking(
    team: None, slack: FakeSlack, settings: Any
) -> None:
    settings.WEEKLY_DIGEST_AT = ""
    with on(MONDAY):
        digests.send_due_digests()
    assert "Nothing to report: every source was read" in said(slack.posts()[0])


def test_every_moment_is_told_once_around_a_holiday(
    team: None, slack: FakeSlack, settings: Any
) -> None:
    with on("2026-08-24 20:00:00+00:00") as clock:  # Labor Day is two weeks later
        for _ in range(30):
            digests.send_due_digests()
            clock.shift(timedelta(days=1, minutes=7))
    for kind in ("daily", "weekly"):
        rows = Digest.objects.filter(kind=kind).order_by("day").values_list("content", flat=True)
        told = [(one["since"], one["until"]) for one in rows]
        assert [end for _, end in told[:-1]] == [start for start, _ in told[1:]]
        assert len(told) > 3


def test_what_no_channel_took_is_told_by_the_next(team: None, settings: Any) -> None:
    settings.EMAIL_URL, settings.WEEKLY_DIGEST_AT = "", ""
    with on(MONDAY):
        first, _ = digests.make_digest("daily", MONDAY.date(), timezone.now())
        Digest.objects.update(ended_at=timezone.now())
    with on(WORKING):
        second = digests.build_content("daily", WORKING.date(), timezone.now())
    assert second["since"] < first.content["until"]


def test_all_that_waits_beside_the_queue_is_told(
    team: None, slack: FakeSlack, settings: Any
) -> None:
    settings.WEEKLY_DIGEST_AT = ""
    for code in ("country", "country", "near_copy"):
        message = factories.held_email()
        Message.objects.filter(pk=message.pk).update(status="blocked", blocked_by=code)
    with on(MONDAY):
        message = factories.held_email()
        later = timezone.now() + timedelta(days=3)
        Message.objects.filter(pk=message.pk).update(snoozed_until=later)
        digests.send_due_digests()
    waits = what_waits.what_waits()
    found = Digest.objects.get().content["waiting"]
    assert sum(found["blocked"].values()) == waits.blocked_by() == 3
    assert (found["blocked"]["person"], found["snoozed"]) == (2, 1)
    assert "3 drafts blocked (2 by what is known of the person" in said(slack.posts()[0])


@pytest.mark.parametrize(("in_phase", "told"), [(Phase.ASSISTED, 1), (Phase.AUTONOMOUS, 0)])
def test_in_autonomous_the_digest_replaces_a_notice_for_each_email(
    in_phase: Phase, told: int, team: None, slack: FakeSlack, settings: Any
) -> None:
    phase.current_control()
    phase.change_phase(in_phase, by=None, reason="test")
    with on(WORKING):
        factories.held_email()
        tell()
        assert Notice.objects.exclude(message=None).count() == told
        settings.WEEKLY_DIGEST_AT = ""  # no digest: then each email is told of
        tell()
    assert Notice.objects.exclude(message=None).count() == 1


@pytest.mark.postgres
@pytest.mark.usefixtures("committed")
def test_two_workers_at_one_moment_tell_once(slack: FakeSlack, settings: Any) -> None:
    settings.WEEKLY_DIGEST_AT = ""
    factories.TeamMemberFactory(default_sender=True)
    begin = threading.Barrier(2)

    def work() -> None:
        begin.wait()
        try:
            digests.send_due_digests()
        finally:
            connection.close()

    with on(MONDAY):
        workers = [threading.Thread(target=work) for _ in range(2)]
        [one.start() for one in workers]
        [one.join() for one in workers]
    assert (Digest.objects.count(), len(slack.posts())) == (1, 1)


# --- The command


def test_a_dry_run_prints_and_sends_nothing(team: None, slack: FakeSlack, capsys: Any) -> None:
    call_command("send_digest", "--weekly", "--dry-run")
    assert "Nothing was sent." in capsys.readouterr().out
    call_command("send_digest", "--daily", "--dry-run", "--json")
    found = json.loads(capsys.readouterr().out)
    assert found["content"]["kind"] == "daily" and found["lines"]
    assert not slack.posts() and not Digest.objects.exists()


def test_the_command_sends_once_a_day(team: None, slack: FakeSlack, capsys: Any) -> None:
    call_command("send_digest", "--weekly")
    assert "Sent by Slack and email." in capsys.readouterr().out
    call_command("send_digest", "--weekly")
    assert "Nothing was sent now." in capsys.readouterr().out
    assert len(slack.posts()) == 1


def test_without_a_channel_it_prints_and_fails(capsys: Any) -> None:
    with pytest.raises(SystemExit) as end:
        call_command("send_digest", "--daily")
    assert end.value.code == 1 and "No channel is set." in capsys.readouterr().out
    assert not Digest.objects.exists()
