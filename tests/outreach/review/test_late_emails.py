"""Emails that become overdue come first in their band."""

from datetime import timedelta

import pytest
from django.utils import timezone

from outreach.models import Message
from outreach.review import late_emails
from tests import factories

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def due_in(message: Message, span: timedelta) -> None:
    Message.objects.filter(pk=message.pk).update(due_at=timezone.now() + span)


def turn(message: Message) -> int:
    return Message.objects.get(pk=message.pk).queue_turn


def test_overdue_email_gets_first_turn() -> None:
    late, early = factories.held_email(intent=75), factories.held_email(intent=90)
    due_in(late, -HOUR)
    due_in(early, HOUR)
    assert late_emails.mark_overdue() == 1
    assert (turn(late), turn(early)) == (0, 11)
    assert late_emails.mark_overdue() == 0


def test_only_held_emails_are_marked() -> None:
    message = factories.held_email(intent=75)
    due_in(message, -HOUR)
    Message.objects.filter(pk=message.pk).update(status="blocked")
    assert late_emails.mark_overdue() == 0
    assert turn(message) == 26


def test_email_held_again_loses_its_turn() -> None:
    from outreach.choices import MoveCode
    from outreach.drafting import drafts

    message = factories.cleared_email(intent=75)
    Message.objects.filter(pk=message.pk).update(queue_turn=0)
    message.refresh_from_db()
    drafts.hold_for_review(message, MoveCode.STALE)
    assert turn(message) == 26


def test_more_than_a_batch_takes_several_rounds() -> None:
    factories.create_many_held(5)
    Message.objects.update(due_at=timezone.now() - HOUR)
    assert [late_emails.mark_overdue(batch=3) for _ in range(3)] == [3, 2, 0]
