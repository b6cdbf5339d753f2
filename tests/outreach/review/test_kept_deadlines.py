"""Which deadlines an email has after its decision was taken back."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from outreach.choices import Band, MoveCode
from outreach.drafting import drafts
from outreach.models import Message
from outreach.review import review_actions, snooze, undo_actions
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender")]
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
TIMES = ("held_at", "waits_since", "due_at", "expires_at")


@pytest.fixture(autouse=True)
def half_a_minute(settings: Any) -> None:
    settings.UNDO_SECONDS = 30


def approved_email(user: User, message: Message | None = None) -> Message:
    message = message or factories.held_email()
    return review_actions.approve_email(message, message.version, by=user)


def rejected_email(user: User, message: Message) -> Message:
    return review_actions.reject_email(
        message, message.version, by=user, tag="other", reason="It says nothing of them."
    )


def times_of(message: Message) -> tuple[Any, ...]:
    return Message.objects.filter(pk=message.pk).values_list(*TIMES).get()


def is_expired(message: Message) -> bool:
    review_actions.expire_due()
    return Message.objects.get(pk=message.pk).status == "expired"


def test_a_quick_undo_keeps_its_place(clock: Any, reviewer: User) -> None:
    message = approved_email(reviewer)
    before = times_of(message)
    clock.shift(20 * SECOND)

    review_actions.undo_approval(message, by=reviewer)

    assert times_of(message) == before


def test_a_quick_undo_of_an_overdue_email_keeps_it_overdue(clock: Any, reviewer: User) -> None:
    message = factories.held_email()
    clock.shift(5 * HOUR)
    before = times_of(approved_email(reviewer, message))

    review_actions.undo_approval(Message.objects.get(pk=message.pk), by=reviewer)

    assert times_of(message) == before


def test_after_the_time_to_undo_the_deadlines_are_new(clock: Any, reviewer: User) -> None:
    message = approved_email(reviewer)
    clock.shift(timedelta(days=7))
    now = timezone.now()

    held = review_actions.undo_approval(message, by=reviewer)

    assert held.held_at >= now
    assert held.due_at >= now + 2 * HOUR
    assert held.expires_at > now + timedelta(days=2)
    assert not is_expired(held)


def test_a_quick_undo_shortly_before_it_expires_gives_time(clock: Any, reviewer: User) -> None:
    message = factories.held_email()
    clock.move_to(message.expires_at - 10 * SECOND)
    message = approved_email(reviewer, message)
    clock.shift(20 * SECOND)

    held = review_actions.undo_approval(message, by=reviewer)

    assert held.due_at > timezone.now()
    assert not is_expired(held)


def test_an_undone_approval_says_no_older_error(reviewer: User) -> None:
    message = approved_email(reviewer)
    Message.objects.filter(pk=message.pk).update(error="GoHighLevel answered 429.")
    message.refresh_from_db()

    held = review_actions.undo_approval(message, by=reviewer)

    assert (held.error, Message.objects.get(pk=held.pk).error) == ("", "")


@pytest.mark.parametrize("status", ["held", "blocked"])
def test_an_undone_rejection_does_not_expire_at_once(
    clock: Any, reviewer: User, status: str
) -> None:
    message = factories.held_email()
    Message.objects.filter(pk=message.pk).update(status=status)
    message.refresh_from_db()
    clock.move_to(message.expires_at - 10 * SECOND)
    message = rejected_email(reviewer, message)
    clock.shift(20 * SECOND)

    restored = undo_actions.restore_ended(message, by=reviewer)

    assert restored.status == status
    assert restored.due_at > timezone.now()
    assert not is_expired(restored)


def test_an_edit_that_frees_a_blocked_email_gives_time(clock: Any, reviewer: User) -> None:
    message = factories.held_email()
    text = message.text
    assert text is not None
    message = review_actions.edit_text(message, 1, subject="Re: hello", body=text.body, by=reviewer)
    clock.move_to(message.expires_at - 10 * SECOND)

    held = review_actions.edit_text(message, 2, subject="Hello", body=text.body, by=reviewer)
    clock.shift(20 * SECOND)

    assert held.status == "held"
    assert not is_expired(held)


# A snooze ends with it


def snoozed_email(days: int = 30) -> Message:
    message = factories.held_email()
    return snooze.snooze_email(message, 1, until=timezone.now() + timedelta(days=days))


def starts_waiting_now(message: Message) -> bool:
    row = Message.objects.get(pk=message.pk)
    is_new = row.expires_at is not None and row.expires_at < timezone.now() + timedelta(days=8)
    return row.snoozed_until is None and is_new


def test_a_snoozed_email_that_comes_back_is_in_the_queue(reviewer: User) -> None:
    message = approved_email(reviewer, snoozed_email())
    assert Message.objects.get(pk=message.pk).snoozed_until is None

    held = drafts.hold_for_review(message, MoveCode.MORE_KNOWN, error="There is an open deal.")

    assert starts_waiting_now(held)


def test_a_quick_undo_of_a_snoozed_email_starts_its_wait(reviewer: User) -> None:
    held = review_actions.undo_approval(approved_email(reviewer, snoozed_email()), by=reviewer)

    assert starts_waiting_now(held)


@pytest.mark.parametrize("is_reopened", [True, False])
def test_a_rejected_snoozed_email_comes_back_into_the_queue(
    reviewer: User, is_reopened: bool
) -> None:
    message = rejected_email(reviewer, snoozed_email())

    if is_reopened:
        back = undo_actions.reopen_email(message, by=reviewer, reason="They asked for it.")
    else:
        back = undo_actions.restore_ended(message, by=reviewer)

    assert starts_waiting_now(back)


def test_an_edit_that_blocks_and_frees_ends_the_snooze(reviewer: User) -> None:
    message = snoozed_email()
    text = message.text
    assert text is not None
    blocked = review_actions.edit_text(message, 1, subject="Re: hello", body=text.body, by=reviewer)

    held = review_actions.edit_text(blocked, 2, subject="Hello", body=text.body, by=reviewer)

    assert held.status == "held"
    assert starts_waiting_now(held)


def test_a_low_email_put_off_comes_back_when_it_becomes_hot() -> None:
    message = factories.held_email(intent=20, tier="tier_3")
    Message.objects.filter(pk=message.pk).update(band=Band.LOW)
    assert snooze.put_off_low(timezone.now() + timedelta(days=1)) == 1
    message.refresh_from_db()

    drafts.rewrite_draft(message, factories.AssessmentFactory(lead=message.lead, intent=85))

    message.refresh_from_db()
    assert message.band == Band.HOT
    assert starts_waiting_now(message)
