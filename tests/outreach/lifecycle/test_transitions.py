"""Every ordered pair of states, and the three ways in which a row may have changed."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from outreach.choices import Status
from outreach.lifecycle import transitions
from outreach.lifecycle.moves import move_message
from outreach.lifecycle.transitions import IllegalMove, StaleMessage
from outreach.models import Message, Move, MoveReason
from tests import factories

pytestmark = pytest.mark.django_db

# Written out a second time, so that a change of the table has to be meant.
LEGAL = {
    "draft": {"held", "blocked", "withdrawn"},
    "blocked": {"held", "rejected", "withdrawn", "expired"},
    "held": {"cleared", "rejected", "withdrawn", "expired", "blocked"},
    "cleared": {"sending", "held", "withdrawn"},
    "sending": {"sent", "failed", "uncertain", "cleared", "held", "withdrawn"},
    "uncertain": {"sent", "held", "failed"},
    "failed": {"held", "withdrawn"},
    "sent": set(),
    "rejected": {"held", "blocked"},
    "withdrawn": {"held"},
    "expired": {"held", "blocked"},
}
PAIRS = [(a, b) for a in Status.values for b in Status.values]
LEGAL_PAIRS = [(a, b) for a, b in PAIRS if b in LEGAL[a]]
OTHER_PAIRS = [(a, b) for a, b in PAIRS if b not in LEGAL[a]]


def in_state(status: str, **changes: Any) -> Message:
    message = factories.draft_email()
    Message.objects.filter(pk=message.pk).update(**{"status": status, "version": 3, **changes})
    message.refresh_from_db()
    return message


def columns(message: Message) -> dict[str, Any]:
    return Message.objects.filter(pk=message.pk).values().get()


def test_every_pair_of_states_is_decided() -> None:
    assert len(PAIRS) == 121
    assert len(LEGAL_PAIRS) == 31
    assert set(LEGAL) == set(Status.values)


@pytest.mark.parametrize(("a", "b"), LEGAL_PAIRS)
def test_a_legal_move_happens_and_is_logged(a: str, b: str) -> None:
    message = in_state(a, lease_until=timezone.now())
    moved = move_message(message, b, "edited", attempts=7)
    assert (moved.status, moved.attempts, moved.lease_until) == (b, 7, None)
    logged = Move.objects.filter(message=message).values_list(
        "from_status", "to_status", "why", "version", "by", "tag"
    )
    assert list(logged) == [(a, b, "edited", 3, None, "")]


@pytest.mark.parametrize(("a", "b"), OTHER_PAIRS)
def test_illegal_move_raises_and_changes_nothing(a: str, b: str) -> None:
    message = in_state(a, lease_until=timezone.now())
    before = columns(message)
    with pytest.raises(IllegalMove, match=f"^{a} -> {b} is not a move$") as refused:
        move_message(message, b, "edited", attempts=7)
    assert (refused.value.from_status, refused.value.to_status) == (a, b)
    assert columns(message) == before
    assert Move.objects.count() == 0


def test_nothing_ever_leaves_a_final_state() -> None:
    finals = {status for status in Status if not transitions.LEGAL_MOVES[status]}
    assert finals == {"sent"}


def test_only_sending_leads_to_sent() -> None:
    assert {a for a, b in LEGAL_PAIRS if b == "sending"} == {"cleared"}
    assert {a for a, b in LEGAL_PAIRS if b == "sent"} == {"sending", "uncertain"}
    assert {a for a, b in LEGAL_PAIRS if b == "cleared"} == {"held", "sending"}


def test_a_stale_version_is_refused_and_changes_nothing() -> None:
    message = in_state("held")
    Message.objects.filter(pk=message.pk).update(version=4)
    before = columns(message)
    with pytest.raises(StaleMessage) as stale:
        move_message(message, "cleared", "edited", transport="ghl")
    assert (stale.value.status, stale.value.version) == ("held", 4)
    assert columns(message) == before
    assert Move.objects.count() == 0


def test_a_stale_status_is_refused_and_changes_nothing() -> None:
    message = in_state("held")
    move_message(Message.objects.get(pk=message.pk), "rejected", "rejected")
    before = columns(message)
    with pytest.raises(StaleMessage) as stale:
        move_message(message, "cleared", "edited", transport="ghl")
    assert (stale.value.status, stale.value.version) == ("rejected", 3)
    assert columns(message) == before
    assert Move.objects.count() == 1


@pytest.mark.parametrize("other", [None, timedelta(seconds=1)])
def test_another_lease_is_refused_and_changes_nothing(other: timedelta | None) -> None:
    now = timezone.now()
    message = in_state("sending", lease_until=now + other if other else None)
    before = columns(message)
    with pytest.raises(StaleMessage):
        move_message(message, "sent", "edited", lease=now)
    assert columns(message) == before
    assert Move.objects.count() == 0


def test_the_holder_of_the_lease_may_move() -> None:
    now = timezone.now()
    assert (
        move_message(in_state("sending", lease_until=now), "sent", "edited", lease=now).status
        == "sent"
    )


def test_reason_has_its_own_row(reviewer: User) -> None:
    message = in_state("held")
    move_message(
        message,
        "rejected",
        "rejected",
        by=reviewer,
        tag="tone_style",
        reason="Dana would not like this tone.",
    )
    row = Move.objects.get()
    assert (row.by, row.tag, row.why) == (reviewer, "tone_style", "rejected")
    assert list(MoveReason.objects.values_list("move", "text")) == [
        (row.pk, "Dana would not like this tone.")
    ]


def test_move_without_reason_has_no_reason_row() -> None:
    move_message(in_state("held"), "expired", "expired")
    assert MoveReason.objects.count() == 0


@pytest.mark.usefixtures("standing_guards")
def test_a_move_cannot_be_changed_or_taken_back() -> None:
    move_message(in_state("held"), "expired", "expired")
    row = Move.objects.get()
    row.why = "never happened"
    with pytest.raises(TypeError, match="append-only"):
        row.save()
    with pytest.raises(TypeError, match="append-only"):
        row.delete()
    for change in (
        lambda: Move.objects.update(why="never happened"),
        lambda: Move.objects.all().delete(),
    ):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            change()
    assert Move.objects.get().why == "expired"
