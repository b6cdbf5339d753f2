"""The digest: in working hours, once for each time, with counts, the oldest and a link."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.utils import timezone

from approvals.escalation import ladder_rows
from approvals.models import Absence, Notice
from approvals.slack_decisions import digest
from approvals.tasks import tell
from caio_project.lib.hours.business_calendar import BusinessCalendar, Span
from leads.models import TeamMember
from outreach.models import Message
from tests import factories
from tests.fakes.slack import FakeSlack

NEW_YORK = "America/New_York"
SPANS = (Span(time(8), time(18)),)
HOURS = BusinessCalendar(
    NEW_YORK, (*[SPANS] * 5, (), ()), "US", days_off=frozenset({date(2026, 3, 4)})
)
TIMES = ["09:00", "14:00"]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(NEW_YORK))


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-03-03 08:59:59", None),
        ("2026-03-03 09:00", "2026-03-03 09:00"),
        ("2026-03-03 10:59", "2026-03-03 09:00"),
        ("2026-03-03 11:00", None),  # not made up for
        ("2026-03-03 14:30", "2026-03-03 14:00"),
        ("2026-03-07 09:10", None),  # Saturday
        ("2026-01-01 09:10", None),  # New Year
        ("2026-03-04 09:10", None),  # a day off of the team
        ("2026-03-09 09:00", "2026-03-09 09:00"),  # the Monday after clocks went forward
        ("2026-11-02 09:00", "2026-11-02 09:00"),  # and after they went back
    ],
)
def test_when_a_digest_is_due(now: str, due: str | None) -> None:
    wanted = at(due) if due else None
    assert digest.due_digest(at(now), TIMES, HOURS) == wanted


def test_without_times_none_is_due() -> None:
    assert digest.due_digest(at("2026-03-03 09:00"), [], HOURS) is None


@pytest.fixture
def nine(clock: Any) -> Any:
    clock.move_to(at("2026-03-03 09:00:30"))
    return clock


@pytest.mark.django_db
class TestDigest:
    def test_counts_by_band_the_oldest_and_a_link_once(
        self, slack: FakeSlack, sender: TeamMember, nine: Any
    ) -> None:
        oldest = factories.held_email(intent=50, tier="tier_2")
        Message.objects.filter(pk=oldest.pk).update(
            held_at=timezone.now() - timedelta(days=1), critical_reason="An open deal."
        )
        factories.held_email(intent=10, tier="tier_3", icp=10)
        for _ in range(3):
            tell()
        (post,) = [one for one in slack.posts() if "wait for a decision" in one["text"]]
        assert post["text"] == (
            "2 emails wait for a decision: 1 WARM, 1 LOW (1 CRITICAL). "
            "The oldest waits since Mar\u00a02, 9:00\u00a0AM\u00a0ET."
        )
        assert post["blocks"][1]["elements"][0]["url"] == "http://localhost/sales/queue"

    def test_hot_alone_was_told_already(
        self, slack: FakeSlack, sender: TeamMember, nine: Any
    ) -> None:
        factories.held_email()
        tell()
        assert not Notice.objects.filter(key__startswith=digest.KEY).exists()

    def test_where_nothing_waits_nobody_is_told(
        self, slack: FakeSlack, sender: TeamMember, nine: Any
    ) -> None:
        tell()
        assert slack.posts() == []

    def test_without_slack_it_goes_by_email(
        self, slack: FakeSlack, sender: TeamMember, nine: Any, settings: Any
    ) -> None:
        settings.SLACK_BOT_TOKEN, settings.EMAIL_URL = "", "memorymail://"
        settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
        factories.held_email(intent=50, tier="tier_2")
        tell()
        (sent,) = mail.outbox
        assert sent.to == [sender.email] and "http://localhost/sales/queue" in sent.body
        assert sent.subject.startswith("1 email waits for a decision: 1 WARM.")

    def test_by_email_it_goes_to_whoever_is_there(
        self, slack: FakeSlack, sender: TeamMember, nine: Any, settings: Any
    ) -> None:
        settings.SLACK_BOT_TOKEN, settings.EMAIL_URL = "", "memorymail://"
        settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
        sam = factories.TeamMemberFactory(name="Sam", notice_order=2, email="sam@ours.example.com")
        now = timezone.now()
        Absence.objects.create(member=sender, start=now, until=now + timedelta(days=3))
        factories.held_email(intent=50, tier="tier_2")

        tell()

        assert [sent.to for sent in mail.outbox] == [[sam.email]]
        assert Notice.objects.get().to == sam

    def test_without_any_channel_none_is_written(
        self, slack: FakeSlack, sender: TeamMember, nine: Any, settings: Any
    ) -> None:
        settings.SLACK_BOT_TOKEN = ""
        factories.held_email(intent=50, tier="tier_2")
        assert digest.create_digest_notice(ladder_rows.first_available) == 0
        assert not Notice.objects.exists()
