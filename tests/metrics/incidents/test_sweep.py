"""The round on real rows: what opens, folds, acts, tells and closes."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from approvals.escalation import escalation
from approvals.models import Notice
from approvals.tasks import ALARM_WAITS
from caio_project.lib.models import ApiKey, Heartbeat
from caio_project.operations import incident_sources
from leads.integrations import alarms
from leads.models import Enrichment, GhlTokens, TeamMember
from metrics.gates import gate_evaluation
from metrics.incident_codes import Cause, ClosedAs
from metrics.incidents import actions, incidents, sweep
from metrics.incidents.readings import Reading
from metrics.models import DetectorState, Incident, IncidentMove
from metrics.promotion import promotion
from outreach.choices import Band, Phase, Status
from outreach.control import phase
from outreach.guardrails import guardrails
from outreach.limits import team_calendar
from outreach.models import Control, DayOff, Message, SyncCursor, TeamCalendar
from tests import factories
from tests.fakes.slack import FakeSlack
from tests.outreach.guardrails.guardrail_steps import came_back
from tests.statements import Statements

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def team(clock: Any) -> TeamMember:
    phase.current_control()
    gate_evaluation.record_daily_evaluation()
    return factories.TeamMemberFactory(default_sender=True)


def watch() -> bool:
    return sweep.watch_incidents()


def open_ones() -> list[tuple[str, str, str | None]]:
    rows = Incident.objects.filter(closed_at=None).order_by("pk")
    return [(row.cause, row.subject, row.parent and row.parent.cause) for row in rows]


def story(row: Incident) -> list[str]:
    return list(row.moves.values_list("kind", flat=True))


def texts(slack: FakeSlack) -> list[str]:
    escalation.deliver_due_notices()
    return [post["text"] for post in slack.posts()]


def later(clock: Any, **amount: float) -> None:
    clock.shift(timedelta(**amount))


# --- One cause, one incident, told once


def test_a_silent_source_is_one_incident_that_is_told_at_once_and_ends_by_itself(
    slack: FakeSlack, clock: Any
) -> None:
    alarms.raise_alarm("rb2b:silent", "No event from rb2b.")
    assert watch() and not watch()
    assert open_ones() == [("silent_source", "rb2b", None)]
    assert texts(slack) == [
        "A source is silent: RB2B. No event from rb2b. "
        "Your team was told; nothing else was changed."
    ]
    alarms.clear_alarm("rb2b:silent")
    later(clock, minutes=12)
    assert watch() and not watch()
    row = Incident.objects.get()
    assert (row.closed_as, story(row)) == (ClosedAs.RECOVERED, ["opened", "recovered"])
    assert texts(slack)[1:] == ["Over after 12\u00a0min: A source is silent: RB2B."]
    escalation.create_alarm_notices()
    assert len(texts(slack)) == 2  # the alarm is not told for itself


def test_the_notice_leads_to_the_incident_by_slack_and_by_email(
    slack: FakeSlack, settings: Any, mailoutbox: list[Any]
) -> None:
    settings.EMAIL_URL = "smtp://127.0.0.1"
    alarms.raise_alarm("slack-like", "Something.")
    watch()
    texts(slack)
    address = f"{settings.SITE_URL}/sales/incidents/{Incident.objects.get().public_id}"
    (post,) = slack.posts()
    assert address in str(post["blocks"])
    (mail,) = mailoutbox
    assert address in mail.body and "See it here" in mail.body


def test_an_alarm_without_its_incident_is_told_for_itself_after_a_while(clock: Any) -> None:
    alarms.raise_alarm("rb2b:silent", "No event.")
    assert escalation.create_alarm_notices(open_for=ALARM_WAITS) == 0
    later(clock, seconds=31)
    assert escalation.create_alarm_notices(open_for=ALARM_WAITS) == 1
    watch()
    assert open_ones() == [("silent_source", "rb2b", None)]
    assert not Notice.objects.filter(key__startswith="incident:").exists()


def test_what_flaps_is_one_incident_and_told_once(slack: FakeSlack, clock: Any) -> None:
    for _ in range(4):
        alarms.raise_alarm("clay:breaker", "Clay is not asked any more.")
        watch()
        alarms.clear_alarm("clay:breaker")
        later(clock, minutes=2)
        watch()
    assert len(texts(slack)) == 2
    assert story(Incident.objects.get()).count("reopened") == 3
    later(clock, minutes=31)
    alarms.raise_alarm("clay:breaker", "Clay is not asked any more.")
    watch()
    assert Incident.objects.count() == 2


def test_a_storm_is_one_incident_with_children(slack: FakeSlack, clock: Any) -> None:
    for key in ("ghl:sync:emails", "ghl:refusing", "uncertain:1", "uncertain:2"):
        alarms.raise_alarm(key, key)
    Control.objects.update(away_failures=3, away_until=timezone.now() + MINUTE)
    watch()
    assert open_ones() == [
        ("ghl_down", "", None),
        ("ghl_reading", "", "ghl_down"),
        ("sends_failing", "", "ghl_down"),
        ("uncertain", "", "ghl_down"),
    ]
    escalation.create_alarm_notices()
    (said,) = texts(slack)
    assert said.startswith("GoHighLevel is down. 3 calls in a row failed")
    # it is back: what stays wrong stands for itself after a quarter of an hour
    Control.objects.update(away_failures=0, away_until=None)
    for key in ("ghl:sync:emails", "ghl:refusing"):
        alarms.clear_alarm(key)
    later(clock, minutes=1)
    watch()
    assert open_ones() == [("uncertain", "", "ghl_down")] and len(texts(slack)) == 2
    later(clock, minutes=15)
    watch()
    assert open_ones() == [("uncertain", "", None)]
    assert texts(slack)[2].startswith("Emails with an unknown outcome. 2 emails")


def test_what_is_open_becomes_part_of_what_explains_it() -> None:
    alarms.raise_alarm("ghl:refusing", "x")
    watch()
    alarms.raise_alarm("ghl:token", "y")
    watch()
    assert open_ones() == [("sends_failing", "", "ghl_access"), ("ghl_access", "", None)]
    assert story(Incident.objects.get(cause="sends_failing")) == ["opened", "folded"]


def test_a_guardrail_that_halts_after_its_alert_is_told_again(
    slack: FakeSlack, ghl: object
) -> None:
    came_back("complained")
    guardrails.check_guardrails()
    watch()
    came_back("complained")
    guardrails.check_guardrails()
    watch()
    row = Incident.objects.get(cause="complaints")
    assert (row.action, row.evidence["events"]) == ("dropped", 2)
    said = [text for text in texts(slack) if text.startswith("Spam complaints")]
    assert len(said) == 2
    assert "Automatic approval pauses" in said[0] and "the phase dropped" in said[1]


# --- Clearing


def test_what_a_person_cleared_comes_back_only_with_new_evidence(
    lead_user: User, ghl: object
) -> None:
    came_back("complained")
    guardrails.check_guardrails()
    watch()
    row = Incident.objects.get(cause="complaints")
    incidents.clear_incident(row, lead_user, "A test of ours, sent to a colleague.")
    assert not watch() and ("complaints", "", None) not in open_ones()
    came_back("complained")
    guardrails.check_guardrails()
    watch()
    assert ("complaints", "", None) in open_ones()
    assert Incident.objects.filter(cause="complaints").count() == 2


def test_clearing_takes_what_it_explains_along(lead_user: User) -> None:
    for key in ("ghl:token", "ghl:refusing"):
        alarms.raise_alarm(key, key)
    watch()
    row = Incident.objects.get(cause="ghl_access")
    incidents.clear_incident(row, lead_user, "We are moving to another location.")
    assert open_ones() == [] and not watch()


@pytest.mark.parametrize("text", ["", "too short", "x" * 1001])
def test_clearing_without_a_reason_changes_nothing(text: str, lead_user: User) -> None:
    alarms.raise_alarm("slack", "x")
    watch()
    row = Incident.objects.get()
    with pytest.raises(incidents.IncidentRefused) as refused:
        incidents.clear_incident(row, lead_user, text)
    assert refused.value.field == "text"
    assert open_ones() == [("slack", "", None)] and story(row) == ["opened"]


def test_acknowledging_is_once_and_keeps_it_open(reviewer: User, lead_user: User) -> None:
    alarms.raise_alarm("slack", "x")
    watch()
    row = Incident.objects.get()
    incidents.acknowledge(row, reviewer, "rita", "I look at it.")
    incidents.acknowledge(row, lead_user, "lena")
    row.refresh_from_db()
    assert row.acknowledged_by == reviewer and row.is_open
    assert story(row) == ["opened", "acknowledged"]
    assert IncidentMove.objects.get(kind="acknowledged").note.text == "I look at it."
    alarms.clear_alarm("slack")
    watch()
    with pytest.raises(incidents.IncidentRefused):
        incidents.acknowledge(Incident.objects.get(), lead_user, "lena")


# --- What the machine does


def test_an_ageing_queue_sheds_low_emails_and_keeps_the_rest(clock: Any) -> None:
    hot = [factories.held_email() for _ in range(5)]
    low = [factories.held_email() for _ in range(3)]
    opened = low.pop()
    Message.objects.filter(pk__in=[one.pk for one in (*low, opened)]).update(band=Band.LOW)
    Message.objects.filter(pk=opened.pk).update(opened_at=timezone.now())
    Message.objects.update(due_at=timezone.now() - MINUTE)
    watch()
    assert open_ones() == [("approvals_ageing", "", None)]
    assert set(Message.objects.exclude(snoozed_until=None)) == set(low)
    assert Message.objects.filter(status=Status.HELD).count() == 8
    move = IncidentMove.objects.get(kind="acted")
    assert (move.numbers["shed"], move.numbers["action"]) == (2, "shed_low")
    Message.objects.filter(pk__in=[one.pk for one in hot]).update(
        due_at=timezone.now() + timedelta(days=1)
    )
    later(clock, minutes=6)
    watch()
    assert open_ones() == []


def test_shed_emails_come_back_on_the_next_working_day_of_the_team(clock: Any) -> None:
    today = timezone.localdate()
    TeamCalendar.objects.create(hours=["09:30-17:00"] * 7, keeps_public_holidays=False)
    DayOff.objects.create(day=today + timedelta(days=1))
    team_calendar.forget_calendar()
    low = factories.held_email()
    Message.objects.filter(pk=low.pk).update(band=Band.LOW, opened_at=None)
    done = actions.shed_low(timezone.now())
    low.refresh_from_db()
    back = datetime.combine(today + timedelta(days=2), time(9, 30), ZoneInfo("America/New_York"))
    assert (done["shed"], low.snoozed_until) == (1, back)


def test_a_team_that_never_works_sheds_nothing(clock: Any) -> None:
    TeamCalendar.objects.create(hours=[""] * 7)
    team_calendar.forget_calendar()
    low = factories.held_email()
    Message.objects.filter(pk=low.pk).update(band=Band.LOW, opened_at=None)
    assert actions.shed_low(timezone.now())["shed"] == 0
    assert not Message.objects.exclude(snoozed_until=None).exists()


def test_reviews_age_by_day_only(clock: Any) -> None:
    for _ in range(5):
        factories.held_email()
    Message.objects.update(due_at=timezone.now() - MINUTE)
    later(clock, hours=14)
    watch()
    assert ("approvals_ageing", "", None) not in open_ones()


def test_clocks_far_apart_rest_sending_as_long_as_they_are(ghl: object, clock: Any) -> None:
    DetectorState.objects.all().delete()
    cache.set("clock:ghl", 400.0, 86_400)
    watch()
    assert ("clocks_apart", "ghl", None) in open_ones()
    assert phase.current_control().rest_until == timezone.now() + timedelta(minutes=15)
    later(clock, minutes=11)
    watch()
    assert phase.current_control().rest_until == timezone.now() + timedelta(minutes=15)
    cache.delete("clock:ghl")
    later(clock, minutes=16)
    watch()
    assert ("clocks_apart", "ghl", None) not in open_ones()


# --- Signals


def settle_requests(count: int, gained: list[str]) -> None:
    now = timezone.now()
    for _ in range(count):
        Enrichment.objects.create(
            lead=factories.LeadFactory(), state="settled", outcome="answered", settled_at=now,
            answered_at=now, gained=gained,
        )  # fmt: skip


def test_a_signal_holds_promotion_and_releases_it_by_itself(
    lead_user: User, clock: Any, ghl: object
) -> None:
    settle_requests(50, [])
    watch()
    assert open_ones() == [("enrichment_rate", "", None)]
    with pytest.raises(promotion.NotPromoted) as refused:
        promotion.promote_phase(
            Phase.ASSISTED, by=lead_user, override=True, reason="All the gates are met, I say."
        )
    assert refused.value.reasons == [
        "Signal: Enrichment rate is low. 0.0 % of 50 requests gained a field; at least 30 % must. "
        "It is released once that is over."
    ]
    assert phase.current_control().phase == Phase.PARALLEL
    settle_requests(30, ["title"])
    later(clock, hours=1)
    watch()
    assert Incident.objects.get().closed_as == ClosedAs.RECOVERED
    promotion.promote_phase(
        Phase.ASSISTED, by=lead_user, override=True, reason="All the gates are met, I say."
    )
    assert phase.current_control().phase == Phase.ASSISTED


def test_a_signal_that_was_cleared_counts_anew(lead_user: User, clock: Any) -> None:
    settle_requests(50, [])
    watch()
    later(clock, minutes=1)
    incidents.clear_incident(Incident.objects.get(), lead_user, "Clay's table was being changed.")
    later(clock, hours=1)
    settle_requests(49, [])
    watch()
    assert open_ones() == []
    settle_requests(1, [])
    later(clock, hours=1)
    watch()
    assert open_ones() == [("enrichment_rate", "", None)]


# --- Readings


def test_readings_of_rows(ghl: object, settings: Any) -> None:
    now = timezone.now()
    settings.GHL_API_TOKEN = ""
    GhlTokens.objects.create(refresh="x", attempts=3, access_until=now)
    key, _ = ApiKey.objects.create_key(name="n", expiry_date=now + timedelta(days=2))
    ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
    SyncCursor.objects.create(name="emails", polled_at=now - timedelta(hours=2))
    factories.LeadFactory(needs_assessment_at=now - timedelta(minutes=6))
    watch()
    assert {(cause, subject) for cause, subject, _ in open_ones()} == {
        ("work_stuck", ""),
        ("figures_stopped", ""),
        ("token_expiring", "ghl"),
        ("token_expiring", f"key:{key.prefix}"),
    }
    figures = Incident.objects.get(cause="figures_stopped").evidence
    assert figures == {"figures": {"ghl emails": 120}}


def test_after_a_start_old_work_is_no_incident(clock: Any) -> None:
    factories.LeadFactory(needs_assessment_at=timezone.now() - timedelta(days=1))
    Heartbeat.beat(Heartbeat.STARTED, worked=True)
    watch()
    assert open_ones() == []
    later(clock, minutes=11)
    watch()
    assert open_ones() == [("work_stuck", "", None)]


def test_redis_that_is_down_explains_the_sweeps(settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    Heartbeat.objects.create(name="leads.process_events", seen_at=timezone.now() - 9 * MINUTE)
    sweep.watch_incidents({"redis": incident_sources.READINGS["redis"], "sweeps": LATE})
    assert open_ones() == [("redis_down", "", None), ("sweeps_stopped", "", "redis_down")]


LATE = Reading(
    MINUTE,
    lambda now: incident_sources.work.stopped_sweeps({"leads.process_events": now}),
    frozenset({Cause.SWEEPS_STOPPED}),
)


def test_a_detector_that_fails_blinds_no_other_and_is_told_of(clock: Any) -> None:
    def fail(now: Any) -> list[Any]:
        raise ZeroDivisionError

    broken = {"broken": Reading(MINUTE, fail, frozenset({Cause.OTHER}))}
    alarms.raise_alarm("slack", "x")
    for _ in range(8):
        sweep.watch_incidents(broken)
        later(clock, minutes=1)
    assert open_ones() == [("slack", "", None), ("figures_stopped", "", None)]
    assert DetectorState.objects.get(name="broken").error == "ZeroDivisionError"
    assert not DetectorState.objects.filter(looked_at=None, failures=0, name="queues").exists()


def test_an_idle_round_costs_three_statements() -> None:
    watch()
    with connection.execute_wrapper(statements := Statements()):
        assert not watch()
    assert len(statements.shapes) == 3, statements.shapes
