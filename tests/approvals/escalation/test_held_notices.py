"""The sweep on real rows: what is written when, for whom, once; and what is skipped."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from approvals.escalation import escalation, held_notices
from approvals.models import Absence, Delegate, EscalationLadder, LadderStep, Notice
from leads.models import TeamMember
from outreach.drafting import compose, drafts
from outreach.drafting.drafting_facts import load_facts
from outreach.limits import team_calendar
from outreach.models import DayOff, Message, TeamCalendar
from outreach.review import review_actions, snooze
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender")]
NEW_YORK = ZoneInfo("America/New_York")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
FRIDAY_EVENING = datetime(2026, 3, 6, 17, 30, tzinfo=NEW_YORK)


@pytest.fixture(autouse=True)
def unconnected(settings: Any) -> None:
    settings.SLACK_BOT_TOKEN = settings.EMAIL_URL = ""


@pytest.fixture
def alex(sender: TeamMember) -> TeamMember:
    return sender


@pytest.fixture
def sam(sender: TeamMember) -> TeamMember:
    return factories.TeamMemberFactory(name="Sam", notice_order=2, email="sam@ours.example.com")


def sweep() -> list[tuple[int, str, str]]:
    held_notices.create_held_notices()
    rows = Notice.objects.order_by("pk").select_related("to")
    return [(one.step, one.to.name if one.to else "", one.skipped) for one in rows]


def save_ladder(band: str, *steps: dict[str, Any], opened_extra: int = 0) -> None:
    ladder = EscalationLadder.objects.create(band=band, opened_extra_minutes=opened_extra)
    for number, step in enumerate(steps):
        LadderStep.objects.create(ladder=ladder, number=number, **step)


def warm_email(**more: Any) -> Message:
    return factories.held_email(intent=50, tier="tier_2", **more)


def test_business_time_stands_still_over_the_weekend(clock: Any, sam: TeamMember) -> None:
    clock.move_to(FRIDAY_EVENING)
    factories.held_email()
    assert sweep() == [(0, "Alex Moreno", "")]
    clock.move_to(datetime(2026, 3, 8, 12, 0, tzinfo=NEW_YORK))
    assert len(sweep()) == 1
    clock.move_to(datetime(2026, 3, 9, 8, 1, tzinfo=NEW_YORK))
    assert sweep()[1:] == [(1, "Sam", "")]
    planned = Notice.objects.get(step=1).planned_at
    assert planned and planned.replace(microsecond=0) == datetime(2026, 3, 9, 8, 0, tzinfo=NEW_YORK)


def test_nobody_is_told_at_night_until_the_morning(clock: Any) -> None:
    clock.move_to(datetime(2026, 3, 3, 23, 0, tzinfo=NEW_YORK))
    factories.held_email()
    assert sweep() == []
    clock.move_to(datetime(2026, 3, 4, 8, 0, 1, tzinfo=NEW_YORK))
    assert sweep() == [(0, "Alex Moreno", "")]


def test_two_hours_reach_the_next_person_on_a_friday_evening_where_the_ladder_says_so(
    clock: Any, sam: TeamMember
) -> None:
    save_ladder("hot", {"after_minutes": 0}, {"after_minutes": 120, "counts": "clock"})
    clock.move_to(FRIDAY_EVENING)
    factories.held_email()
    sweep()
    clock.move_to(FRIDAY_EVENING + 2 * HOUR + MINUTE)
    assert sweep() == [(0, "Alex Moreno", ""), (1, "Sam", "")]


def test_the_teams_own_days_off_and_hours_hold(clock: Any) -> None:
    TeamCalendar.objects.create(hours=["07:00-12:00"] * 6 + [""], lunch="09:00-10:00")
    DayOff.objects.create(day=timezone.localdate() + DAY)
    clock.move_to(datetime(2026, 3, 3, 13, 0, tzinfo=NEW_YORK))
    factories.held_email()
    clock.move_to(datetime(2026, 3, 4, 11, 0, tzinfo=NEW_YORK))
    assert sweep() == []
    clock.move_to(datetime(2026, 3, 5, 7, 1, tzinfo=NEW_YORK))
    assert len(sweep()) == 1
    hours = team_calendar.load_calendar()
    assert not hours.is_open(datetime(2026, 3, 5, 9, 30, tzinfo=NEW_YORK))
    assert hours.is_open(datetime(2026, 3, 7, 8, 0, tzinfo=NEW_YORK))


def test_a_calendar_of_every_hour_needs_no_row(settings: Any) -> None:
    settings.WORKING_HOURS = "00:00-24:00"
    assert team_calendar.load_calendar().is_open(datetime(2026, 7, 4, 3, 0, tzinfo=NEW_YORK))


def test_a_warm_email_is_told_after_four_business_hours(clock: Any) -> None:
    warm_email()
    clock.shift(4 * HOUR - MINUTE)
    assert sweep() == []
    clock.shift(2 * MINUTE)
    assert sweep() == [(0, "Alex Moreno", "")]
    assert "after 4 h of business time" in Notice.objects.get().text


def test_a_critical_email_follows_its_own_band_until_critical_has_steps(clock: Any) -> None:
    message = factories.held_email()
    Message.objects.update(critical_reason="Answered before.")
    assert sweep() == [(0, "Alex Moreno", "")]
    Notice.objects.all().delete()
    save_ladder("critical", {"after_minutes": 20})
    assert sweep() == []
    clock.shift(21 * MINUTE)
    assert sweep() == [(0, "Alex Moreno", "")]
    assert Notice.objects.get().message == message


def test_a_saved_ladder_without_steps_tells_nobody() -> None:
    save_ladder("hot")
    factories.held_email()
    assert sweep() == []


def test_not_available_holds_at_once(alex: TeamMember, sam: TeamMember) -> None:
    Absence.objects.create(member=alex, until=timezone.now() + DAY)
    factories.held_email()
    assert sweep() == [(0, "Sam", "")]


def test_both_names_stand_in_the_log_where_a_delegate_stands_in(
    alex: TeamMember, sam: TeamMember
) -> None:
    today = timezone.localdate()
    Delegate.objects.create(member=alex, delegate=sam, first_day=today, last_day=today)
    factories.held_email()
    sweep()
    notice = Notice.objects.get()
    assert (notice.to, notice.instead_of) == (sam, alex)
    assert notice.text.endswith("You stand in for Alex Moreno.")


def test_a_delegate_who_was_ended_stands_in_no_more(alex: TeamMember, sam: TeamMember) -> None:
    today = timezone.localdate()
    ended = timezone.now() - MINUTE
    Delegate.objects.create(
        member=alex, delegate=sam, first_day=today, last_day=today, ended_at=ended
    )
    factories.held_email()
    assert sweep() == [(0, "Alex Moreno", "")]


def test_an_empty_team_is_said_once(clock: Any) -> None:
    TeamMember.objects.update(notice_order=0)
    factories.held_email()
    assert sweep() == [(0, "", "nobody")]
    escalation.deliver_due_notices()
    assert sweep() == [(0, "", "nobody")]
    clock.shift(31 * MINUTE)
    assert sweep() == [(0, "", "nobody"), (1, "", "nobody")]
    assert Notice.objects.get(step=1).told_at is not None


def test_after_a_skipped_step_the_next_is_told_at_once() -> None:
    save_ladder("hot", {"after_minutes": 0, "who": "owner"}, {"after_minutes": 60})
    message = factories.held_email()
    message.lead.owner = None
    message.lead.save()
    assert sweep() == [(0, "", "no_owner"), (1, "Alex Moreno", "")]


def test_the_owner_is_told(sam: TeamMember) -> None:
    save_ladder("hot", {"after_minutes": 0, "who": "owner"})
    message = factories.held_email()
    message.lead.owner = sam
    message.lead.save()
    assert sweep() == [(0, "Sam", "")]


def test_who_left_is_skipped_as_the_named_person(sam: TeamMember) -> None:
    save_ladder("hot", {"after_minutes": 0, "who": "person", "person": sam})
    TeamMember.objects.filter(pk=sam.pk).update(active=False)
    factories.held_email()
    assert sweep() == [(0, "", "gone")]


def test_later_steps_wait_longer_once_somebody_opened_it(clock: Any, sam: TeamMember) -> None:
    factories.held_email()
    sweep()
    Message.objects.update(opened_at=timezone.now())
    clock.shift(44 * MINUTE)
    assert len(sweep()) == 1
    clock.shift(2 * MINUTE)
    assert sweep()[1:] == [(1, "Sam", "")]


def test_what_comes_back_from_a_snooze_is_told_from_the_first_step(clock: Any) -> None:
    factories.held_email()
    assert len(sweep()) == 1
    Message.objects.update(snoozed_until=timezone.now() + DAY)
    clock.shift(2 * HOUR)
    assert len(sweep()) == 1
    clock.shift(DAY - 2 * HOUR)
    held_notices.create_held_notices()
    assert list(Notice.objects.order_by("pk").values_list("step", flat=True)) == [0, 0]
    assert held_notices.create_held_notices() == 0


def test_what_is_brought_back_is_told_from_the_first_step(clock: Any, sam: TeamMember) -> None:
    message = factories.held_email()
    sweep()
    snooze.snooze_email(message, 1, until=timezone.now() + 3 * DAY)
    clock.shift(DAY)
    snooze.bring_back(message, 1)

    assert sweep() == [(0, "Alex Moreno", ""), (0, "Alex Moreno", "")]
    clock.shift(46 * MINUTE)  # who snoozes has opened it
    assert sweep()[2:] == [(1, "Sam", "")]


def test_another_band_begins_its_own_ladder(clock: Any, sam: TeamMember) -> None:
    message = warm_email()
    clock.shift(4 * HOUR + MINUTE)
    assert sweep() == [(0, "Alex Moreno", "")]
    drafts.rewrite_draft(message, factories.AssessmentFactory(lead=message.lead, intent=85))

    assert sweep()[1:] == [(0, "Alex Moreno", "")]
    assert "A HOT email waits" in Notice.objects.latest("pk").text
    clock.shift(31 * MINUTE)
    assert sweep()[2:] == [(1, "Sam", "")]


def test_another_template_with_another_band_begins_its_own_ladder(clock: Any) -> None:
    message = warm_email()
    clock.shift(3 * HOUR)
    message.assessment = factories.AssessmentFactory(lead=message.lead, intent=85)
    drafts.take_other_text(message, compose.compose_email(load_facts(message.lead), message))

    row = Message.objects.get(pk=message.pk)
    assert row.band == "hot" and row.due_at > timezone.now()
    assert sweep() == [(0, "Alex Moreno", "")]


def test_critical_begins_its_own_ladder_where_it_has_steps() -> None:
    message = factories.held_email()
    save_ladder("critical", {"after_minutes": 0})
    assert sweep() == [(0, "Alex Moreno", "")]
    review_actions.make_critical(message, "Answered before.")

    assert sweep() == [(0, "Alex Moreno", "")] * 2
    assert held_notices.create_held_notices() == 0


def test_after_a_pause_of_the_sweep_only_the_last_step_is_told(clock: Any, sam: TeamMember) -> None:
    factories.held_email()
    clock.shift(70 * MINUTE)

    assert sweep() == [(2, "Alex Moreno", "")]
    assert held_notices.create_held_notices() == 0
    clock.shift(51 * MINUTE)
    assert sweep()[1:] == [(3, "Sam", "")]


def test_two_people_of_one_moment_are_told_late_as_well(clock: Any, sam: TeamMember) -> None:
    save_ladder("hot", {"after_minutes": 0}, {"after_minutes": 0})
    factories.held_email()
    clock.shift(HOUR)

    assert sweep() == [(0, "Alex Moreno", ""), (1, "Sam", "")]


def test_who_is_away_at_the_sweep_is_not_told(
    clock: Any, alex: TeamMember, sam: TeamMember
) -> None:
    factories.held_email()
    clock.shift(20 * MINUTE)
    Absence.objects.create(member=alex, start=timezone.now() - MINUTE, until=timezone.now() + DAY)

    assert sweep() == [(0, "Sam", "")]


def test_whoever_was_told_and_left_since_keeps_their_turn(
    clock: Any, alex: TeamMember, sam: TeamMember
) -> None:
    factories.TeamMemberFactory(name="Kim", notice_order=3)
    factories.held_email()
    sweep()
    Absence.objects.create(member=alex, start=timezone.now() + MINUTE, until=timezone.now() + DAY)
    clock.shift(31 * MINUTE)

    assert sweep()[1:] == [(1, "Sam", "")]


def test_an_email_of_the_release_before_is_told_by_when_it_was_held(
    clock: Any, sam: TeamMember
) -> None:
    factories.held_email()
    Message.objects.update(waits_since=None)
    assert sweep() == [(0, "Alex Moreno", "")]
    clock.shift(31 * MINUTE)
    assert sweep()[1:] == [(1, "Sam", "")]


def test_a_window_waits_for_its_hours(clock: Any) -> None:
    save_ladder(
        "hot",
        {
            "after_minutes": 0,
            "counts": "clock",
            "window_from": time(7),
            "window_until": time(22),
            "window_days": "0123",
        },
    )
    clock.move_to(datetime(2026, 3, 6, 12, 0, tzinfo=NEW_YORK))
    factories.held_email()
    assert sweep() == []
    clock.move_to(datetime(2026, 3, 9, 7, 1, tzinfo=NEW_YORK))
    assert sweep() == [(0, "Alex Moreno", "")]


def test_a_calendar_without_hours_is_said(clock: Any) -> None:
    TeamCalendar.objects.create(hours=[""] * 7)
    factories.held_email()
    assert sweep()[0] == (0, "", "never_open")
    assert held_notices.create_held_notices() == 0


def test_the_same_statements_for_one_email_and_for_thirty() -> None:
    factories.held_email()
    with CaptureQueriesContext(connection) as one:
        assert held_notices.create_held_notices() == 1
    for _ in range(30):
        factories.held_email()
    with CaptureQueriesContext(connection) as many:
        assert held_notices.create_held_notices() == 30
    assert len(many) == len(one)
