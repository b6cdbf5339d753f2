"""Emails of an erased person that are not sent, leaving, or uncertain."""

from datetime import timedelta

import pytest
from django.utils import timezone

from caio_project.privacy import erasing, subject
from caio_project.privacy.erasure_words import report_lines
from leads.models import Erasure
from outreach.choices import Status
from outreach.models import Message, SendIntent
from tests import factories

pytestmark = pytest.mark.django_db


def leaving(status: str, outcome: str) -> Message:
    message = factories.held_email()
    now = timezone.now()
    SendIntent.objects.create(
        message=message, transport="ghl", phase="parallel", day=now.date(), domain="x.test",
        claimed_at=now, outcome=outcome,
    )  # fmt: skip
    Message.objects.filter(pk=message.pk).update(
        status=status, lease_until=now + timedelta(minutes=1), transport="ghl", uncertain_at=now
    )
    message.refresh_from_db()
    return message


def erase(message: Message) -> erasing.ErasureReport:
    found = subject.subject_of(message.lead)
    return erasing.erase_subject(found, Erasure.Source.COMMAND)


def test_an_uncertain_one_counts_as_sent_and_is_searched_for_no_more() -> None:
    message = leaving("uncertain", "uncertain")
    report = erase(message)
    message.refresh_from_db()
    assert (message.status, message.to_address) == (Status.SENT, "")
    assert message.intents.get().outcome == "sent"
    assert message.moves.last().why == "erased_uncertain"
    assert not message.after.exists()  # GoHighLevel is told nothing more of them
    assert "1 email was uncertain: counted as sent" in " ".join(report_lines(report))


def test_one_that_is_leaving_is_said_and_settled_by_the_next_pass() -> None:
    message = leaving("sending", "open")
    report = erase(message)
    message.refresh_from_db()
    assert message.status == Status.SENDING  # whoever sends it moves it
    assert "being sent at this moment: it may arrive" in " ".join(report_lines(report))

    Message.objects.filter(pk=message.pk).update(status="uncertain", error="Dana did not answer")
    SendIntent.objects.update(outcome="uncertain")
    erasing.repeat_erasures()
    message.refresh_from_db()
    assert (message.status, message.error) == (Status.SENT, "")
