"""Emails to test visitors leave the queue once the run that sent the visitor is over."""

from datetime import timedelta

from django.utils import timezone

from leads.models import Kind, Lead
from outreach.choices import MoveCode, Status
from outreach.lifecycle.moves import move_message
from outreach.lifecycle.transitions import NOT_SENT_YET, StaleMessage
from outreach.models import Message

LONGEST_TEST = timedelta(minutes=15)
MAX_TESTS = 100  # withdrawn in one sweep


def withdraw_old_tests() -> int:
    """Withdraw what is older than any run, also of one that was cut off; returns how many."""
    old = Message.objects.filter(
        kind=Kind.TEST, status__in=NOT_SENT_YET, created_at__lte=timezone.now() - LONGEST_TEST
    )
    count = 0
    for message in old[:MAX_TESTS]:
        count += _withdraw_test(message)
    return count


def withdraw_test_emails(lead: Lead) -> int:
    """Withdraw what one test visitor has left in the queue; returns how many emails."""
    open_ones = lead.messages.filter(kind=Kind.TEST, status__in=NOT_SENT_YET)
    return sum(_withdraw_test(message) for message in open_ones)


def _withdraw_test(message: Message) -> bool:
    try:
        move_message(message, Status.WITHDRAWN, MoveCode.TEST_OVER)
    except StaleMessage:
        return False  # it is being written or sent; the next sweep asks again
    return True
