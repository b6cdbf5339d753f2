"""No cap is exceeded by many workers that all read it before any of them claims."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from caio_project.lib import http
from leads.integrations import ghl as contacts
from leads.integrations import rates
from outreach.limits import current_limits, sending_domains
from outreach.models import ControlChange, DailySlots, Message, SendingDomain, SendIntent
from outreach.sending import send
from tests import factories
from tests.fakes.ghl import FakeGhl
from tests.outreach.conftest import WORKING
from tests.races.conftest import Worker, at_once, gate

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("sender", "loose"),
]

WORKERS = 8
CREATE = "POST /contacts/"  # the last call before the slot is claimed


def one() -> int:
    return send.send_due(most=1)


def all_at_final_check(ghl: FakeGhl) -> list[Any]:
    """Eight workers that have all passed every look and come to claim at the same moment."""
    gate(ghl, CREATE, WORKERS)
    return at_once(*[one] * WORKERS)


def states() -> dict[str, int]:
    found: dict[str, int] = {}
    for status in Message.objects.exclude(domain="elsewhere.test").values_list("status", flat=True):
        found[status] = found.get(status, 0) + 1
    return found


def exactly_one_left(ghl: FakeGhl, clock: Any, results: list[Any]) -> None:
    assert len(ghl.requests(CREATE)) == WORKERS, results  # all of them came to the claim
    assert sum(results) == len(ghl.sent_emails()) == 1, results
    assert states() == {"sent": 1, "cleared": 7}
    assert (
        SendIntent.objects.filter(
            outcome__in=["open", "sent", "uncertain"], claimed_at__gt=WORKING
        ).count()
        == 1
    )


def test_the_last_slot_of_the_day_goes_to_one(ghl: FakeGhl, clock: Any) -> None:
    DailySlots.objects.create(
        day=current_limits.calendar.team_day(timezone.now(), "America/New_York"), used=24
    )
    for _ in range(WORKERS):
        factories.cleared_email()
    exactly_one_left(ghl, clock, all_at_final_check(ghl))
    assert DailySlots.objects.get().used == 25
    assert set(Message.objects.filter(status="cleared").values_list("waiting_for", flat=True)) == {
        "daily"
    }


def test_the_first_slot_of_a_day_makes_one_row(ghl: FakeGhl, clock: Any) -> None:
    for _ in range(WORKERS):
        factories.cleared_email()
    results = all_at_final_check(ghl)
    assert sum(results) == len(ghl.sent_emails()) == DailySlots.objects.get().used
    del ghl.take_behaviour
    for _ in range(2):  # so many calls may use up our own rate, whose window is ten seconds
        clock.shift(11)
        send.send_due()
    assert DailySlots.objects.get().used == WORKERS
    assert len({entry["to"] for entry in ghl.sent_emails()}) == len(ghl.sent_emails()) == WORKERS


def test_the_last_place_of_the_hour_goes_to_one(ghl: FakeGhl, settings: Any, clock: Any) -> None:
    settings.HOURLY_LIMIT = 3
    earlier = timezone.now() - timedelta(minutes=20)
    for _ in range(2):
        lead = factories.LeadFactory()
        done = Message.objects.create(
            lead=lead, status="sent", domain="elsewhere.test", to_address=lead.email
        )
        SendIntent.objects.create(
            message=done,
            transport="ghl",
            phase="parallel",
            day=earlier.date(),
            domain="elsewhere.test",
            claimed_at=earlier,
            outcome="sent",
        )
    for _ in range(WORKERS):
        factories.cleared_email()
    exactly_one_left(ghl, clock, all_at_final_check(ghl))


def test_the_last_place_of_a_domain_goes_to_one(ghl: FakeGhl, settings: Any, clock: Any) -> None:
    settings.DOMAIN_HOURLY_LIMIT = 1
    for n in range(WORKERS):
        factories.cleared_email(factories.LeadFactory(email=f"dana{n}@shared.test"))
    exactly_one_left(ghl, clock, all_at_final_check(ghl))


def test_the_last_of_the_days_warm_up_goes_to_one(ghl: FakeGhl, clock: Any) -> None:
    day, earlier = (
        current_limits.calendar.team_day(timezone.now(), "America/New_York"),
        timezone.now() - timedelta(hours=2),
    )
    for _ in range(19):
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
            claimed_at=earlier,
            from_domain="mail.ours.example.com",
            outcome="sent",
        )
    for _ in range(WORKERS):
        factories.cleared_email()
    exactly_one_left(ghl, clock, all_at_final_check(ghl))
    assert SendIntent.objects.filter(from_domain="mail.ours.example.com").count() == 20
    assert set(Message.objects.filter(status="cleared").values_list("waiting_for", flat=True)) == {
        "warm_up"
    }


def test_a_new_domain_begins_its_warm_up_once(ghl: FakeGhl) -> None:
    for _ in range(WORKERS):
        factories.cleared_email()
    all_at_final_check(ghl)
    assert SendingDomain.objects.get().warm_up_since == WORKING.date()
    assert ControlChange.objects.filter(what="warm_up").count() == 1


def test_reserved_slots_are_taken_by_nobody_else(ghl: FakeGhl, settings: Any) -> None:
    """Three are left, and two HOT emails go to California, which opens in an hour: one LOW one may
    leave.
    """
    settings.WORKING_HOURS = "08:00-18:00"
    DailySlots.objects.create(day=WORKING.date(), used=22)
    for _ in range(2):
        factories.cleared_email(factories.LeadFactory(state="CA"))
    for _ in range(WORKERS):
        factories.cleared_email(factories.LeadFactory(state="OH"), intent=10, tier="tier_3")
    assert sum(all_at_final_check(ghl)) == len(ghl.sent_emails()) == 1
    assert states() == {"sent": 1, "cleared": WORKERS + 1}
    assert DailySlots.objects.get().used == 23


def test_the_gap_lets_one_through(ghl: FakeGhl, settings: Any, clock: Any) -> None:
    settings.SEND_GAP_SECONDS = 45
    for _ in range(WORKERS):
        factories.cleared_email()
    exactly_one_left(ghl, clock, all_at_final_check(ghl))


def test_one_email_and_eight_workers_is_one_email(ghl: FakeGhl) -> None:
    factories.cleared_email()
    ghl.on(CREATE).delay(0.3)
    assert sorted(at_once(*[one] * WORKERS)) == [0] * 7 + [1]
    assert len(ghl.sent_emails()) == 1
    assert len(ghl.requests(CREATE)) == 1


def test_eight_workers_send_one_sandbox_email_once(settings: Any) -> None:
    settings.SANDBOXED = ["ghl"]
    factories.cleared_email()
    assert sorted(at_once(*[one] * WORKERS)) == [0] * 7 + [1]
    assert DailySlots.objects.get().used == 1


def test_eight_workers_share_one_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contacts, "PACE", rates.Pace(33, 0.1))

    def many() -> int:
        granted = 0
        for _ in range(10):
            try:
                contacts.claim_call(1_772_550_000.0)
                granted += 1
            except http.ServiceUnavailable:
                pass
        return granted

    assert sum(at_once(*[many] * WORKERS)) == 33


def test_two_processes_send_exactly_the_daily_cap(ghl: FakeGhl, worker: Worker, clock: Any) -> None:
    """Against GoHighLevel's own rate limit, which is never hit; what our rate defers uses up no
    slot.
    """
    ghl.configure(rate_limit=100)
    sending_domains.mark_established(sending_domains.our_domain(), by=None, reason="test")
    for _ in range(200):
        factories.cleared_email()
    processes = [worker.start(seconds=120) for _ in range(2)]
    ghl.wait_for(lambda: len(ghl.sent_emails()) >= 25, timeout=110)
    time.sleep(7)  # a window of our own rate and some more, in which a 26th could leave
    for process in processes:
        process.terminate()
    said = [process.communicate(timeout=60)[0] for process in processes]
    shares = [int(text.strip().splitlines()[-1]) for text in said]
    assert sum(shares) == 25
    assert len(ghl.sent_emails()) == 25
    assert len({entry["to"] for entry in ghl.sent_emails()}) == 25
    assert DailySlots.objects.get().used == 25
    assert states() == {"sent": 25, "cleared": 175}
    assert SendIntent.objects.filter(outcome="sent").count() == 25
    assert [request for request in ghl.requests() if request.outcome == 429] == []
