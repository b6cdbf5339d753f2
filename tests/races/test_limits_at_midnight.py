"""Many workers at the edges of the team's day, on days of 23 and 25 hours, on other clocks."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db.models import Count
from django.utils import timezone

from outreach.limits import sending_domains
from outreach.models import DailySlots, Message, SendIntent
from outreach.sending import send
from tests import factories
from tests.fakes.ghl import FakeGhl
from tests.races.conftest import Worker, at_once
from tests.races.test_limits_under_load import WORKERS, all_at_final_check, exactly_one_left, states

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("sender", "loose"),
]

EDGES = {  # the team is in New York: moment, and the day that it is there
    "before midnight, tomorrow in UTC": ("2026-03-04T04:59:59+00:00", date(2026, 3, 3)),
    "after midnight": ("2026-03-04T05:00:00+00:00", date(2026, 3, 4)),
    "the end of the day of 23 hours": ("2026-03-09T03:59:59+00:00", date(2026, 3, 8)),
    "the hour that is there twice": ("2026-11-01T06:30:00+00:00", date(2026, 11, 1)),
    "the end of the day of 25 hours": ("2026-11-02T04:59:59+00:00", date(2026, 11, 1)),
}
at_each_edge = pytest.mark.parametrize(("moment", "day"), EDGES.values(), ids=EDGES)


def left(count: int, at: datetime, day: date) -> None:
    """So many of other emails, claimed at one moment."""
    for _ in range(count):
        lead = factories.LeadFactory()
        done = Message.objects.create(
            lead=lead, status="sent", domain="elsewhere.test", to_address=lead.email
        )
        SendIntent.objects.create(
            message=done,
            transport="ghl",
            phase="parallel",
            day=day,
            domain="elsewhere.test",
            claimed_at=at,
            from_domain="mail.ours.example.com",
            outcome="sent",
        )


def approved(count: int) -> None:
    for _ in range(count):
        factories.cleared_email()


@at_each_edge
def test_the_last_slot_of_the_day_goes_to_one(
    ghl: FakeGhl, clock: Any, moment: str, day: date
) -> None:
    clock.move_to(datetime.fromisoformat(moment), tick=False)
    DailySlots.objects.create(day=day, used=24)
    DailySlots.objects.create(day=day - timedelta(days=1), used=25)
    approved(WORKERS)
    exactly_one_left(ghl, clock, all_at_final_check(ghl))
    assert DailySlots.objects.get(day=day).used == 25
    assert DailySlots.objects.count() == 2


@at_each_edge
def test_the_last_of_the_days_warm_up_goes_to_one(
    ghl: FakeGhl, clock: Any, moment: str, day: date
) -> None:
    clock.move_to(datetime.fromisoformat(moment), tick=False)
    left(19, timezone.now() - timedelta(hours=2), day)
    left(20, timezone.now() - timedelta(hours=30), day - timedelta(days=1))
    approved(WORKERS)
    all_at_final_check(ghl)
    assert len(ghl.sent_emails()) == 1
    assert SendIntent.objects.filter(day=day, from_domain="mail.ours.example.com").count() == 20


def test_the_hourly_window_slides_through_the_repeated_hour(
    ghl: FakeGhl, settings: Any, clock: Any
) -> None:
    """Claimed at 01:40 by summer time; it is 01:20 by winter time, forty minutes later and not
    twenty before.
    """
    settings.HOURLY_LIMIT = 3
    clock.move_to(datetime.fromisoformat("2026-11-01T06:20:00+00:00"), tick=False)
    left(2, datetime.fromisoformat("2026-11-01T05:40:00+00:00"), date(2026, 11, 1))
    approved(WORKERS)
    assert sum(all_at_final_check(ghl)) == len(ghl.sent_emails()) == 1
    assert states() == {"sent": 1, "cleared": WORKERS - 1}


def test_sending_over_midnight_keeps_both_daily_caps(ghl: FakeGhl, clock: Any) -> None:
    """The clock runs on: some claim before midnight, some after, and each counts for the day it was
    claimed on.
    """
    sending_domains.mark_established(sending_domains.our_domain(), by=None, reason="test")
    DailySlots.objects.create(day=date(2026, 3, 3), used=23)
    DailySlots.objects.create(day=date(2026, 3, 4), used=22)
    approved(3 * WORKERS)
    clock.move_to(datetime.fromisoformat("2026-03-04T04:59:59.500+00:00"), tick=True)
    at_once(*[lambda: send.send_due(most=3)] * WORKERS)
    clock.shift(11)  # a window of our own rate
    at_once(*[lambda: send.send_due(most=3)] * WORKERS)
    used = dict(DailySlots.objects.values_list("day", "used"))
    claimed = dict(
        SendIntent.objects.filter(outcome="sent").values_list("day").annotate(n=Count("pk"))
    )
    assert used[date(2026, 3, 3)] == 23 + claimed.get(date(2026, 3, 3), 0) <= 25
    assert used[date(2026, 3, 4)] == 22 + claimed.get(date(2026, 3, 4), 0) == 25
    assert len(ghl.sent_emails()) == sum(claimed.values())


def test_processes_on_other_clocks_share_the_teams_day(ghl: FakeGhl, clock: Any) -> None:
    """Half past eleven at night with the team; tomorrow, or the afternoon, where the processes
    think they are.
    """
    sending_domains.mark_established(sending_domains.our_domain(), by=None, reason="test")
    clock.move_to(datetime.fromisoformat("2026-03-04T04:30:00+00:00"), tick=True)
    DailySlots.objects.create(day=date(2026, 3, 3), used=22)
    approved(WORKERS)
    workers = [
        Worker(ghl, TZ=zone)
        for zone in ("Pacific/Kiritimati", "America/Los_Angeles", "Asia/Kolkata", "UTC")
    ]
    try:
        processes = [worker.start(seconds=2) for worker in workers]
        said = [process.communicate(timeout=120)[0] for process in processes]
    finally:
        for worker in workers:
            worker.stop()
    assert sum(int(text.strip().splitlines()[-1]) for text in said) == len(ghl.sent_emails()) == 3
    assert dict(DailySlots.objects.values_list("day", "used")) == {date(2026, 3, 3): 25}
