"""Guardrails counted on our own rows: what is in a window, what a breach does, and that it does it once."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from approvals.escalation import escalation
from approvals.models import Notice
from leads.models import Alarm, Kind
from outreach.choices import Phase
from outreach.control import phase
from outreach.guardrails import guardrails
from outreach.guardrails.guardrail_rules import DomainHealth
from outreach.models import (
    ControlChange,
    DailySlots,
    EmailEvent,
    GuardrailBreach,
    HealthVerdict,
    Message,
    Move,
    SendIntent,
)
from outreach.sending import send, send_slots
from tests import factories
from tests.fakes.ghl import FakeGhl
from tests.outreach.conftest import WORKING

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loose")]

DAY, WEEK, HOUR, SECOND = (
    timedelta(hours=24),
    timedelta(days=7),
    timedelta(hours=1),
    timedelta(seconds=1),
)
DOMAIN = "mail.ours.example.com"
REASON = {"code": "hard_bounces", "points": -30, "said": "9 of 90"}


@pytest.fixture(autouse=True)
def still(clock: Any, settings: Any) -> None:
    """A clock that stands, so that the edge of a window is exact; a sending domain."""
    clock.move_to(WORKING, tick=False)
    settings.GHL_FROM_EMAIL = f"alex@{DOMAIN}"
    phase.current_control()
    phase.change_phase(Phase.AUTONOMOUS, by=None, reason="test")
    healthy()


def healthy(score: int | None = 90, **more: Any) -> None:
    """A verdict of this moment."""
    given = {
        "spf": "present",
        "dkim": "present",
        "dmarc": "present",
        "evaluated_at": timezone.now(),
    } | more
    guardrails.store_health_verdict(DomainHealth(domain=DOMAIN, score=score, **given))


def email(**more: Any) -> Message:
    """One that left for a live person, at the depth that counting sees."""
    lead = factories.LeadFactory(**({"kind": more["kind"]} if "kind" in more else {}))
    return Message.objects.create(**{"lead": lead, "status": "sent", "transport": "ghl", **more})


def came_back(
    kind: str, ago: timedelta = timedelta(0), message: Message | None = None, **more: Any
) -> EmailEvent:
    at = timezone.now() - ago
    row = {
        "at": at,
        "noted_at": at,
        "key": f"{kind}-{EmailEvent.objects.count()}",
        "source": "poll",
        **more,
    }
    return EmailEvent.objects.create(message=message or email(), kind=kind, **row)


def moved(to: str, why: str, ago: timedelta = timedelta(0), message: Message | None = None) -> Move:
    return Move.objects.create(
        message=message or email(status=to), from_status="sending", to_status=to, why=why, version=1,
        at=timezone.now() - ago,
    )  # fmt: skip


def sent(count: int, ago: timedelta = HOUR) -> None:
    message = email()
    SendIntent.objects.bulk_create(
        SendIntent(
            message=message if n == 0 else email(), transport="ghl", phase="autonomous", day=timezone.now().date(),
            domain="x.test", claimed_at=timezone.now() - ago, outcome="sent",
        )
        for n in range(count)
    )  # fmt: skip


def stands() -> dict[str, str]:
    return {breach.guardrail.value: breach.level.value for breach in guardrails.current_breaches()}


def acted() -> list[tuple[str, str, str]]:
    rows = GuardrailBreach.objects.order_by("pk")
    return [(row.guardrail, row.level, row.action) for row in rows]


def now_in() -> tuple[str, bool]:
    row = phase.current_control()
    return row.phase, row.halted


# --- What is in a window ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "name", "window", "for_alert", "for_halt"),
    [("complained", "complaints", WEEK, 1, 2), ("bounced", "hard_bounces", DAY, 2, 3)],
)
def test_events_count_up_to_the_edge_of_their_window(
    kind: str, name: str, window: timedelta, for_alert: int, for_halt: int
) -> None:
    for _ in range(for_halt):
        came_back(kind, window)
    assert stands() == {}
    for _ in range(for_alert - 1):
        came_back(kind, window - SECOND)
    assert stands() == {}
    came_back(kind, window - SECOND)
    assert stands() == {name: "alert"}
    for _ in range(for_halt - for_alert):
        came_back(kind, window - SECOND)
    assert stands() == {name: "halt"}


def test_bounces_are_a_share_of_what_left_within_the_week() -> None:
    sent(99)
    for hours in (30, 60, 90):
        came_back("bounced", timedelta(hours=hours))
    assert stands() == {}
    sent(1, WEEK)
    assert stands() == {}
    sent(1, WEEK - SECOND)
    assert stands() == {"hard_bounces": "halt"}


def test_what_was_claimed_and_did_not_leave_is_no_send() -> None:
    sent(99)
    for hours in (30, 60, 90):
        came_back("bounced", timedelta(hours=hours))
    SendIntent.objects.filter(pk__lte=SendIntent.objects.latest("pk").pk - 90).update(
        outcome="refused"
    )
    sent(1)
    assert stands() == {}


@pytest.mark.parametrize("why", ["refused", "contact_mismatch", "config"])
def test_a_refusal_that_is_our_fault_is_a_send_error(why: str) -> None:
    moved("failed", why, timedelta(hours=48))
    assert stands() == {}
    moved("failed", why, timedelta(hours=48) - SECOND)
    assert stands() == {"send_errors": "alert"}
    for _ in range(3):
        moved("failed", why, HOUR)
    assert stands() == {"send_errors": "alert"}
    for _ in range(3):
        moved("failed", why, HOUR - SECOND)
    assert stands() == {"send_errors": "halt"}


@pytest.mark.parametrize("why", ["dnd", "unsubscribed", "invalid"])
def test_a_refusal_of_the_address_is_none(why: str) -> None:
    for _ in range(5):
        moved("failed", why)
    assert stands() == {}


def test_an_uncertainty_is_one_from_its_sixteenth_minute() -> None:
    moved("uncertain", "uncertain", timedelta(minutes=15))
    assert stands() == {}
    moved("uncertain", "uncertain", timedelta(minutes=15) + SECOND)
    assert stands() == {"send_errors": "alert"}
    for _ in range(3):
        moved("uncertain", "uncertain", timedelta(minutes=75))
    assert stands() == {"send_errors": "alert"}
    for _ in range(2):
        moved("uncertain", "uncertain", timedelta(minutes=75) - SECOND)
    assert stands() == {"send_errors": "halt"}


@pytest.mark.parametrize(
    ("settled_after", "counts"), [(timedelta(minutes=15), False), (timedelta(minutes=16), True)]
)
def test_an_uncertainty_settled_in_time_is_none(settled_after: timedelta, counts: bool) -> None:
    began = timedelta(minutes=30)
    move = moved("uncertain", "uncertain", began)
    moved("sent", "found_at_ghl", began - settled_after, message=move.message)
    assert stands() == ({"send_errors": "alert"} if counts else {})


@pytest.mark.parametrize(
    "who",
    [
        {"transport": "sandbox"},
        *({"kind": kind, "transport": "sandbox"} for kind in Kind.values if kind != "live"),
    ],
    ids=lambda who: who.get("kind", "sandbox"),
)
def test_what_reached_nobody_never_counts(who: dict[str, Any]) -> None:
    for _ in range(3):
        came_back("complained", message=email(**who))
        came_back("bounced", message=email(**who))
        moved("failed", "refused", message=email(**who))
        moved("uncertain", "uncertain", timedelta(minutes=20), message=email(**who))
    assert (stands(), guardrails.check_guardrails(), now_in()) == ({}, [], ("autonomous", False))


def test_one_email_counts_once_however_often_it_is_said() -> None:
    message = email()
    for source in ("webhook", "poll", "webhook"):
        came_back("complained", message=message, source=source)
    assert stands() == {"complaints": "alert"}


@pytest.mark.parametrize(
    "kind", ["delivered", "opened", "clicked", "deferred", "unsubscribed", "refused"]
)
def test_other_events_count_for_nothing(kind: str) -> None:
    for _ in range(5):
        came_back(kind)
    assert stands() == {}


def test_what_is_learned_late_counts_when_it_is_learned() -> None:
    """An outage of polling must not hide three bounces of one day."""
    for hours in (30, 31, 32):
        came_back("bounced", timedelta(hours=hours), noted_at=timezone.now())
    assert stands() == {"hard_bounces": "halt"}


def test_what_is_loaded_of_a_time_long_ago_is_history() -> None:
    for _ in range(3):
        came_back("complained", WEEK, noted_at=timezone.now())
        came_back("bounced", timedelta(days=90), noted_at=timezone.now())
    assert stands() == {}


# --- What a breach does -----------------------------------------------------------------------------------------------


def test_an_alert_is_told_and_sending_goes_on() -> None:
    event = came_back("complained")
    (row,) = guardrails.check_guardrails()
    assert acted() == [("complaints", "alert", "alerted")]
    assert (row.events, row.phase_before, row.phase_after) == (
        [f"complained:{event.message_id}"], "autonomous", "autonomous",
    )  # fmt: skip
    assert now_in() == ("autonomous", False)
    escalation.create_alarm_notices()
    assert Notice.objects.get().text == (
        "Guardrail: 1 complaint in 7 days. The machine approves nothing until it is over."
    )


def test_a_halt_drops_one_phase_and_says_why() -> None:
    for _ in range(2):
        came_back("complained")
    (row,) = guardrails.check_guardrails()
    assert acted() == [("complaints", "halt", "dropped")]
    assert (row.phase_before, row.phase_after) == ("autonomous", "assisted")
    control = phase.current_control()
    assert (control.phase, control.halted, control.halted_by) == ("assisted", True, "guardrail")
    assert control.halt_reason == control.phase_reason == "2 complaints in 7 days."
    changes = ControlChange.objects.order_by("pk").values_list(
        "what", "before", "after", "by_name", "override"
    )
    assert list(changes)[1:] == [
        ("halt", "open", "halted", "guardrail", False), ("phase", "autonomous", "assisted", "guardrail", False),
    ]  # fmt: skip
    escalation.create_alarm_notices()
    assert Notice.objects.get().text == (
        "Guardrail: 2 complaints in 7 days. Sending is halted, and the phase dropped from Autonomous to Assisted."
    )


@pytest.mark.parametrize(
    ("before", "after", "action"),
    [
        (Phase.AUTONOMOUS, "assisted", "dropped"),
        (Phase.ASSISTED, "parallel", "dropped"),
        (Phase.PARALLEL, "shadow", "dropped"),
        (Phase.SHADOW, "shadow", "halted"),
    ],
)
def test_shadow_is_the_floor(before: Phase, after: str, action: str) -> None:
    if before != Phase.AUTONOMOUS:
        phase.change_phase(before, by=None, reason="test")
    for _ in range(2):
        came_back("complained")
    guardrails.check_guardrails()
    assert (now_in(), acted()) == ((after, True), [("complaints", "halt", action)])


def test_a_breach_acts_once_and_its_echoes_drop_no_further() -> None:
    for _ in range(2):
        came_back("complained")
    guardrails.check_guardrails()
    for _ in range(3):
        assert guardrails.check_guardrails() == []
    came_back("complained")
    for _ in range(3):
        came_back("bounced")
    guardrails.check_guardrails()
    assert acted() == [
        ("complaints", "halt", "dropped"), ("complaints", "halt", "noted"), ("hard_bounces", "halt", "noted"),
    ]  # fmt: skip
    assert now_in() == ("assisted", True)


def test_a_resume_acknowledges_what_was_counted_and_a_new_event_halts_again(
    lead_user: User, clock: Any
) -> None:
    for _ in range(2):
        came_back("complained")
    guardrails.check_guardrails()
    phase.resume_sending(by=lead_user, reason="Both were the same person at two addresses.")
    clock.shift(60)
    assert (guardrails.check_guardrails(), now_in()) == ([], ("assisted", False))
    came_back("complained")
    guardrails.check_guardrails()
    assert (acted()[-1], now_in()) == (("complaints", "halt", "dropped"), ("parallel", True))


def test_what_only_leaves_the_window_does_not_act_again(lead_user: User, clock: Any) -> None:
    for _ in range(2):
        came_back("bounced", timedelta(hours=2))
    came_back("bounced")
    guardrails.check_guardrails()
    phase.resume_sending(by=lead_user, reason="The list was cleaned.")
    clock.shift(DAY - HOUR)  # two are gone, one stands, which acted before
    healthy()
    assert (guardrails.check_guardrails(), len(acted()), now_in()) == ([], 1, ("assisted", False))


def test_a_breach_while_a_person_has_halted_still_drops_the_phase(reviewer: User) -> None:
    phase.halt_sending(by=reviewer, reason="wrong footer")
    for _ in range(2):
        came_back("complained")
    guardrails.check_guardrails()
    assert (now_in(), phase.current_control().halted_by) == (("assisted", True), "rita")
    for _ in range(3):
        came_back("bounced")
    guardrails.check_guardrails()
    assert (now_in(), acted()[-1]) == (("assisted", True), ("hard_bounces", "halt", "noted"))


def test_an_alert_that_grows_is_told_again_and_one_that_is_over_is_closed(clock: Any) -> None:
    for _ in range(2):
        moved("failed", "refused")
        guardrails.check_guardrails()
        guardrails.check_guardrails()
    assert acted() == [("send_errors", "alert", "alerted")] * 2
    assert Alarm.objects.get(closed_at=None).text.startswith(
        "Guardrail: 2 send errors in 48 hours."
    )
    clock.shift(timedelta(hours=49))
    healthy()
    assert Alarm.objects.filter(closed_at=None).count() == 0
    assert now_in() == ("autonomous", False)


# --- The verdict from above -------------------------------------------------------------------------------------------


def test_a_verdict_is_stored_once_and_acts_at_once() -> None:
    verdict = DomainHealth(
        DOMAIN.upper(), 40, "present", "present", "unknown", timezone.now() + SECOND, (REASON,)
    )
    guardrails.store_health_verdict(verdict)
    guardrails.store_health_verdict(verdict)
    row = HealthVerdict.objects.get(score=40)
    assert (row.domain, row.dmarc, row.reasons) == (DOMAIN, "unknown", [REASON])
    assert (acted(), now_in()) == ([("domain_health", "halt", "dropped")], ("assisted", True))


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"score": 101}, "score"),
        ({"score": -1}, "score"),
        ({"spf": "pass"}, "spf"),
        ({"dkim": ""}, "dkim"),
        ({"dmarc": "lost"}, "dmarc"),
        ({"evaluated_at": timedelta(hours=1)}, "evaluated_at"),
    ],
    ids=lambda value: str(value),
)
def test_a_verdict_that_cannot_be_is_refused(wrong: dict[str, Any], field: str) -> None:
    if field == "evaluated_at":
        wrong = {"evaluated_at": timezone.now() + wrong["evaluated_at"]}
    before = HealthVerdict.objects.count()
    with pytest.raises(ValueError, match=f"^{field}: "):
        healthy(**wrong)
    assert (HealthVerdict.objects.count(), acted()) == (before, [])


def test_only_the_domain_that_sends_is_judged() -> None:
    guardrails.store_health_verdict(
        DomainHealth("other.example.com", 0, "missing", "missing", "missing", timezone.now())
    )
    assert (stands(), acted()) == ({}, [])


def test_a_domain_that_stays_ill_halts_once_for_each_fall(lead_user: User, clock: Any) -> None:
    def next_hour(score: int | None) -> tuple[str, bool]:
        clock.shift(HOUR)
        healthy(score)
        return now_in()

    assert next_hour(49) == ("assisted", True)
    phase.resume_sending(by=lead_user, reason="Known: a list of last year, thrown away.")
    assert next_hour(45) == next_hour(20) == ("assisted", False)  # the fall that the Lead knows of
    assert next_hour(60) == ("assisted", False)
    assert next_hour(48) == ("parallel", True)


@pytest.mark.parametrize("record", ["spf", "dkim", "dmarc"])
def test_a_record_confirmed_missing_alerts_at_once_and_halts_after_72_hours(
    record: str, clock: Any
) -> None:
    for hours in range(0, 72, 6):
        clock.shift(6 * HOUR)
        healthy(**{record: "unknown" if hours == 60 else "missing"})
        assert (stands(), now_in()) == ({"authentication": "alert"}, ("autonomous", False)), hours
    clock.shift(6 * HOUR)
    healthy(**{record: "unknown"})  # a resolver that fails confirms nothing
    assert now_in() == ("autonomous", False)
    clock.shift(SECOND)
    healthy(**{record: "missing"})
    assert now_in() == ("assisted", True)
    assert acted() == [
        ("authentication", "alert", "alerted"),
        ("authentication", "halt", "dropped"),
    ]


def test_a_record_that_comes_back_starts_the_72_hours_anew(clock: Any) -> None:
    for state in ("missing", "present", "missing", "unknown", "missing"):
        clock.shift(40 * HOUR)
        healthy(spf=state)
    assert stands() == {"authentication": "halt"}  # 80 hours since the second loss
    assert [row.events for row in GuardrailBreach.objects.filter(level="halt")] == [
        [f"spf:{HealthVerdict.objects.filter(spf='missing').order_by('evaluated_at')[1].pk}"]
    ]


def test_what_no_resolver_ever_answered_is_no_loss() -> None:
    healthy(spf="unknown", dkim="unknown", dmarc="unknown", evaluated_at=timezone.now() + SECOND)
    assert stands() == {}


def test_a_verdict_that_grows_old_is_told_once(clock: Any) -> None:
    clock.shift(6 * HOUR)
    assert guardrails.check_guardrails() == []
    clock.shift(SECOND)
    guardrails.check_guardrails()
    guardrails.check_guardrails()
    assert (acted(), now_in()) == ([("health_verdict", "alert", "alerted")], ("autonomous", False))
    healthy()
    assert (stands(), Alarm.objects.filter(closed_at=None).count()) == ({}, 0)


def test_without_a_sending_domain_or_a_verdict_nobody_is_alarmed_and_nothing_is_healthy(
    settings: Any,
) -> None:
    settings.GHL_FROM_EMAIL = ""
    assert (stands(), guardrails.check_guardrails(), Alarm.objects.count()) == (
        {"health_verdict": "alert"},
        [],
        0,
    )


# --- At the door ------------------------------------------------------------------------------------------------------


@pytest.fixture
def ready(ghl: FakeGhl, sender: Any) -> FakeGhl:
    return ghl


def test_the_door_acts_on_events_that_nobody_judged(ready: FakeGhl) -> None:
    message = factories.cleared_email()
    for _ in range(2):
        came_back("complained")
    assert send.send_due() == 0
    assert (ready.requests(), now_in()) == ([], ("assisted", True))
    message.refresh_from_db()
    assert (message.status, SendIntent.objects.count(), DailySlots.objects.count()) == (
        "cleared",
        0,
        0,
    )


@pytest.mark.parametrize(
    "leaves",
    [send.send_due, lambda: send_slots.claim_slot(Message.objects.get())],
    ids=["sweep", "claim"],
)
def test_where_counting_fails_nothing_leaves(ready: FakeGhl, leaves: Any) -> None:
    factories.cleared_email()
    with pytest.raises(DatabaseError, match="outreach_emailevent"), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE outreach_emailevent RENAME TO out_of_reach")
        leaves()
    assert (ready.requests(), SendIntent.objects.count(), DailySlots.objects.count()) == ([], 0, 0)
    assert Message.objects.get().status == "cleared"
