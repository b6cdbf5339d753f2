"""What the guardrails count: events within their window, by when we learned of them."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from leads.models import Kind
from outreach.choices import Phase
from outreach.control import phase
from outreach.guardrails import guardrails
from outreach.models import SendIntent
from tests.outreach.conftest import WORKING
from tests.outreach.guardrails.guardrail_steps import (
    DOMAIN,
    came_back,
    email,
    healthy,
    moved,
    now_in,
    sent,
    stands,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loose")]

DAY, WEEK, HOUR, SECOND = (
    timedelta(hours=24),
    timedelta(days=7),
    timedelta(hours=1),
    timedelta(seconds=1),
)


@pytest.fixture(autouse=True)
def still(clock: Any, settings: Any) -> None:
    """A clock that stands, so that the edge of a window is exact; a sending domain."""
    clock.move_to(WORKING, tick=False)
    settings.GHL_FROM_EMAIL = f"alex@{DOMAIN}"
    phase.current_control()
    phase.change_phase(Phase.AUTONOMOUS, by=None, reason="test")
    healthy()


@pytest.mark.parametrize(
    ("kind", "name", "window", "for_alert", "for_halt"),
    [("complained", "complaints", WEEK, 1, 3), ("bounced", "hard_bounces", DAY, 2, 3)],
)
def test_events_count_within_their_window(
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


def test_bounce_rate_uses_the_weeks_sends() -> None:
    sent(99)
    for hours in (30, 60, 90):
        came_back("bounced", timedelta(hours=hours))
    assert stands() == {}
    sent(1, WEEK)
    assert stands() == {}
    sent(1, WEEK - SECOND)
    assert stands() == {"hard_bounces": "halt"}


def test_unsent_claims_are_not_sends() -> None:
    sent(99)
    for hours in (30, 60, 90):
        came_back("bounced", timedelta(hours=hours))
    SendIntent.objects.filter(pk__lte=SendIntent.objects.latest("pk").pk - 90).update(
        outcome="refused"
    )
    sent(1)
    assert stands() == {}


@pytest.mark.parametrize("why", ["refused", "contact_mismatch", "config"])
def test_refusal_by_our_fault_is_send_error(why: str) -> None:
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
def test_refusal_of_the_address_is_no_error(why: str) -> None:
    for _ in range(5):
        moved("failed", why)
    assert stands() == {}


def test_uncertain_email_is_error_after_15_minutes() -> None:
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
def test_uncertainty_settled_in_time_is_no_error(settled_after: timedelta, counts: bool) -> None:
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


def test_repeated_events_of_one_email_count_once() -> None:
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


def test_late_event_counts_when_learned() -> None:
    """An outage of polling must not hide three bounces of one day."""
    for hours in (30, 31, 32):
        came_back("bounced", timedelta(hours=hours), noted_at=timezone.now())
    assert stands() == {"hard_bounces": "halt"}


def test_imported_old_events_do_not_count() -> None:
    for _ in range(3):
        came_back("complained", WEEK, noted_at=timezone.now())
        came_back("bounced", timedelta(days=90), noted_at=timezone.now())
    assert stands() == {}
