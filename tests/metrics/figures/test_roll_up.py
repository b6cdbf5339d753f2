"""Counts of days against the rows they come from, whatever comes late and in whichever order."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
import time_machine
from django.db.models import Sum
from django.utils import timezone

from approvals.models import Decision, DecisionUndo, QualityScore
from leads.models import Enrichment
from metrics.figures import day_counts, month, roll_up
from metrics.figures.reading import Bucket, days_to_compute, read_figures
from metrics.gates import replies_and_deals
from metrics.models import DailyFigure, FigureDay, FigureProgress
from outreach.choices import Transport
from outreach.limits import team_calendar
from outreach.models import (
    DayOff,
    EmailEvent,
    Meeting,
    Message,
    MessageText,
    Move,
    Opportunity,
    Reply,
    ReplyText,
    TeamCalendar,
)
from tests import factories

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 6, 3, 16, tzinfo=UTC)  # a Wednesday, noon in New York


def sent_email(at: datetime, **fields: Any) -> Message:
    lead = fields.pop("lead", None) or factories.LeadFactory()
    values = {"transport": "ghl", "status": "sent", "sent_at": at, "tier": "tier_1"} | fields
    message = Message.objects.create(lead=lead, **values)
    Move.objects.create(
        message=message, from_status="sending", to_status="sent", why="sent", version=1, at=at
    )
    return message


def event_of(message: Message, kind: str, at: datetime) -> None:
    EmailEvent.objects.get_or_create(
        key=f"{message.pk}:{kind}", defaults={"message": message, "kind": kind, "at": at}
    )


def reply_to(message: Message, at: datetime, sorted_as: str = "positive") -> Reply:
    reply = Reply.objects.create(
        ghl_message_id=f"r{Reply.objects.count()}",
        lead=message.lead,
        message=message,
        received_at=at,
        sorted_as=sorted_as,
    )
    ReplyText.objects.create(reply=reply, body="Yes.", said="Yes.")
    return reply


def decided(message: Message, by: Any, at: datetime, verdict: str = "approved") -> Decision:
    return Decision.objects.create(
        message=message,
        verdict=verdict,
        version=1,
        by=by,
        by_name="Ada",
        edited=message.pk % 2 == 0,
        held_at=at - timedelta(hours=2),
        at=at,
        is_evidence=True,
    )


def sum_of(tally: str, dimension: str = "") -> tuple[int, int]:
    rows = DailyFigure.objects.filter(tally=tally, dimension=dimension)
    found = rows.aggregate(n=Sum("numerator"), of=Sum("denominator"))
    return found["n"] or 0, found["of"] or 0


def assert_stored_as_counted() -> None:
    days = set(DailyFigure.objects.values_list("day", flat=True))
    days |= {NOON.date() + timedelta(days=n) for n in range(-6, 7)}
    for day in days:
        counted = {key: day_counts._stored(one) for key, one in day_counts.count_day(day).items()}
        assert day_counts._stored_rows(day) == counted, day


class History:
    """Random late events; each is learned of long after its day."""

    def __init__(self, random: Random, reviewer: Any):
        self.random, self.reviewer, self.messages = random, reviewer, [sent_email(NOON)]

    def act(self) -> None:
        acts: list[Callable[[Message, datetime], Any]] = [
            lambda m, at: self.messages.append(sent_email(at, band=self.random.choice(BANDS))),
            lambda m, at: self.messages.append(sent_email(at, lead=m.lead)),
            lambda m, at: event_of(m, self.random.choice(["delivered", "bounced", "blocked"]), at),
            lambda m, at: reply_to(m, at, self.random.choice(["positive", "stop", "question"])),
            lambda m, at: Reply.objects.filter(message=m).update(
                corrected_to="out_of_office", corrected_at=timezone.now()
            ),
            lambda m, at: decided(m, self.reviewer, at),
            lambda m, at: [
                DecisionUndo.objects.create(decision=one, by_name="Ada")
                for one in Decision.objects.standing().filter(message=m)[:1]
            ],
            lambda m, at: self.meet(m, at),
            lambda m, at: Meeting.objects.filter(lead=m.lead).update(status="cancelled"),
            lambda m, at: self.open_deal(m, at),
            lambda m, at: Opportunity.objects.filter(lead=m.lead).update(status="won"),
            lambda m, at: self.score(m, at),
            lambda m, at: self.enrich(m, at),
        ]
        at = NOON + timedelta(hours=self.random.randrange(-100, 100))
        self.random.choice(acts)(self.random.choice(self.messages), at)

    def meet(self, message: Message, at: datetime) -> None:
        Meeting.objects.create(
            ghl_id=f"m{Meeting.objects.count()}", lead=message.lead, message=message,
            status="confirmed", booked_at=at, starts_at=at, changed_at=at,
        )  # fmt: skip

    def open_deal(self, message: Message, at: datetime) -> None:
        Opportunity.objects.create(
            ghl_id=f"o{Opportunity.objects.count()}", lead=message.lead, pipeline_id="p1",
            status="open", value=Decimal("99.95"), opened_at=at, changed_at=at,
        )  # fmt: skip

    def score(self, message: Message, at: datetime) -> None:
        marks = dict.fromkeys(
            ("personalisation", "subject_line", "value_proposition", "call_to_action"), 4
        )
        QualityScore.objects.create(
            message=message, version=1, by=self.reviewer, at=at, source="desk",
            tone=self.random.randrange(1, 6), **marks,
        )  # fmt: skip

    def enrich(self, message: Message, at: datetime) -> None:
        Enrichment.objects.create(
            lead=message.lead, state="settled", outcome="answered", created_at=at, requested_at=at,
            answered_at=timezone.now(), settled_at=at, gained=["title"],
        )  # fmt: skip


BANDS = ["hot", "warm", "low"]


@pytest.mark.parametrize("seed", range(2))
def test_counts_of_days_equal_the_rows_after_any_order_of_late_events(
    seed: int, settings, reviewer
) -> None:
    settings.GHL_PIPELINE_ID = "p1"
    with time_machine.travel(NOON + timedelta(days=10), tick=False) as clock:
        history = History(Random(seed), reviewer)
        roll_up.roll_up()
        for number in range(36):
            history.act()
            if number % 9 == 8:
                clock.shift(timedelta(minutes=1))
                roll_up.roll_up()
        clock.shift(timedelta(minutes=1))
        roll_up.roll_up()

        assert_stored_as_counted()
        assert days_to_compute(date(2026, 1, 1), date(2026, 12, 31)) == 0


@time_machine.travel(NOON + timedelta(days=10), tick=False)
def test_the_reply_rate_is_the_gates() -> None:
    emailed = [sent_email(NOON + timedelta(days=n)) for n in range(4)]
    sent_email(NOON + timedelta(days=5), lead=emailed[0].lead)
    reply_to(emailed[0], NOON + timedelta(days=8))
    reply_to(emailed[1], NOON + timedelta(days=9), "stop")
    reply_to(emailed[2], NOON - timedelta(days=9))
    roll_up.roll_up()
    gate = replies_and_deals.count_replies(NOON - timedelta(days=1), NOON + timedelta(days=6))

    [row] = read_figures(["reply_rate"], NOON.date(), date(2026, 6, 30), bucket=Bucket.WHOLE)

    assert (row.numerator, row.denominator) == (gate.answered, gate.people) == (1, 4)


@time_machine.travel(NOON + timedelta(days=10), tick=False)
def test_training_test_example_and_sandbox_emails_never_count(reviewer) -> None:
    for kind in ("training", "test", "example"):
        message = sent_email(NOON, transport="", kind=kind, lead=factories.LeadFactory(kind=kind))
        message.__class__.objects.filter(pk=message.pk).update(transport="sandbox")
        reply_to(message, NOON)
        History(Random(1), reviewer).enrich(message, NOON)
        Meeting.objects.create(
            ghl_id=kind, lead=message.lead, status="confirmed", booked_at=NOON, starts_at=NOON,
            changed_at=NOON,
        )  # fmt: skip
    sandboxed = sent_email(NOON, transport=Transport.SANDBOX)
    reply_to(sandboxed, NOON)
    Message.objects.filter(transport="ghl").update(status="held")
    roll_up.roll_up()

    assert not DailyFigure.objects.exclude(tally__in=["clay_credits", "enrichment"]).exists()
    assert sum_of("enrichment") == (0, 0)


@time_machine.travel(NOON + timedelta(days=10), tick=False)
def test_an_erased_persons_texts_are_no_part_of_the_counts(reviewer) -> None:
    message = sent_email(NOON, to_address="ada@lead.example.com")
    reply_to(message, NOON + timedelta(days=1))
    decided(message, reviewer, NOON)
    roll_up.roll_up()
    before = list(DailyFigure.objects.order_by("pk").values())

    ReplyText.objects.all().delete()
    MessageText.objects.filter(message=message).delete()
    Message.objects.update(to_address="", domain="")
    message.lead.__class__.rows.update(email=None, first_name="", last_name="", title="")

    assert not day_counts.store_day(date(2026, 6, 3))
    assert list(DailyFigure.objects.order_by("pk").values()) == before
    assert sum_of("replies") == (1, 1)


@time_machine.travel(NOON + timedelta(days=3), tick=False)
def test_a_day_is_the_teams_and_changes_with_its_zone(settings) -> None:
    sent_email(datetime(2026, 6, 4, 2, tzinfo=UTC))  # still June 3 in New York
    roll_up.roll_up()
    sent = DailyFigure.objects.filter(tally="sent")
    assert set(sent.values_list("day", flat=True)) == {date(2026, 6, 3)}

    settings.TEAM_TIME_ZONE = "Europe/Berlin"
    roll_up.roll_up()

    assert set(sent.values_list("day", flat=True)) == {date(2026, 6, 4)}


def test_what_no_row_tells_of_is_found_when_the_day_is_checked_again() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        message = sent_email(NOON)
        roll_up.roll_up()
        Message.objects.filter(pk=message.pk).update(tier="tier_3")  # without a move
        clock.shift(timedelta(minutes=5))
        for _ in range(3):
            roll_up.roll_up()
        assert DailyFigure.objects.filter(value="tier_1").exists()

        clock.shift(timedelta(hours=13))
        roll_up.roll_up()

    assert not DailyFigure.objects.filter(value="tier_1").exists()
    assert DailyFigure.objects.filter(value="tier_3").exists()


def test_while_one_worker_computes_another_does_nothing() -> None:
    sent_email(timezone.now())
    FigureProgress.objects.create(id=1, lease_until=timezone.now() + timedelta(minutes=1))

    assert not roll_up.roll_up()

    assert not DailyFigure.objects.exists()
    assert not FigureDay.objects.exists()


def test_idle_sweeps_report_no_work() -> None:
    sent_email(timezone.now() - timedelta(days=1))
    found = [roll_up.roll_up() for _ in range(4)]
    assert found[0]
    assert not found[-1]


@time_machine.travel(datetime(2026, 6, 3, 16, tzinfo=UTC), tick=False)
def test_the_targets_of_a_month_say_what_the_cap_of_25_allows() -> None:
    sent_email(datetime(2026, 6, 1, 16, tzinfo=UTC))
    roll_up.roll_up()
    sent, rate, _, pipeline = month.month_targets(timezone.now())
    assert (sent.current, sent.cap, sent.left) == (1, 25, 19)  # June 19 is a holiday
    assert sent.most == 1 + 19 * 25
    assert not sent.is_reachable
    assert (rate.current, rate.projected, pipeline.current) == (None, None, None)


@time_machine.travel(datetime(2026, 7, 1, 0, 30, tzinfo=UTC), tick=False)
def test_on_the_evening_of_the_last_day_no_more_than_todays_rest_may_leave() -> None:
    for _ in range(20):
        sent_email(datetime(2026, 6, 30, 16, tzinfo=UTC))
    roll_up.roll_up()
    sent = month.month_targets(timezone.now())[0]
    assert (sent.current, sent.cap, sent.left, sent.most) == (20, 25, 1, 25)


@time_machine.travel(datetime(2026, 6, 3, 16, tzinfo=UTC), tick=False)
def test_the_month_counts_the_working_days_of_the_teams_own_calendar() -> None:
    TeamCalendar.objects.create(hours=["08:00-18:00"] * 4 + [""] * 3, keeps_public_holidays=False)
    DayOff.objects.create(day=date(2026, 6, 8))
    team_calendar.forget_calendar()
    assert month.month_targets(timezone.now())[0].left == 15  # no Fridays, no June 8
