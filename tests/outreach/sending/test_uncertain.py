"""An uncertain email is searched for and raises one alarm; only a person can resend it."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from approvals.escalation import escalation
from approvals.models import Notice
from leads.models import Alarm
from outreach.models import Message
from outreach.sending import send, uncertain
from tests import factories
from tests.fakes.ghl import FakeGhl

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender", "loose")]

SEND = "POST /conversations/messages"


def doubtful(ghl: FakeGhl, accepted: bool) -> Message:
    message = factories.cleared_email()
    script = ghl.on(SEND)
    script.act_then_close(times=1) if accepted else script.close_before(times=1)
    assert send.send_due() == 1
    message.refresh_from_db()
    assert message.status == "uncertain"
    return message


def open_alarms() -> list[str]:
    return sorted(
        Alarm.objects.filter(closed_at=None, key__startswith="uncertain:").values_list(
            "key", flat=True
        )
    )


def test_alarm_is_raised_once_after_15_minutes(ghl: FakeGhl, clock: Any) -> None:
    first, second = doubtful(ghl, accepted=False), doubtful(ghl, accepted=False)
    clock.shift(timedelta(minutes=14, seconds=50))
    uncertain.settle_due()
    assert open_alarms() == []
    clock.shift(timedelta(seconds=15))
    for _ in range(3):
        uncertain.settle_due()
        escalation.create_alarm_notices()
        clock.shift(timedelta(minutes=10))
    assert open_alarms() == sorted(f"uncertain:{one.pk}" for one in (first, second))
    texts = set(Notice.objects.filter(key__startswith="alarm:").values_list("text", flat=True))
    assert texts == {
        "We don't know whether the email of 10:00\u00a0AM\u00a0ET was sent. "
        "Look for it at GoHighLevel and say so under Sent & replies."
    }
    assert Notice.objects.filter(key__startswith="alarm:").count() == 2


def test_email_uncertain_for_long_can_still_be_found(ghl: FakeGhl, clock: Any) -> None:
    message = doubtful(ghl, accepted=True)
    shown_at, ghl._visible_at = (
        dict(ghl._visible_at),
        {one: float("inf") for one in ghl._visible_at},
    )
    for _ in range(6):
        clock.shift(timedelta(minutes=9))
        uncertain.settle_due()
    assert open_alarms() == [f"uncertain:{message.pk}"]
    ghl._visible_at = shown_at
    clock.shift(timedelta(minutes=31))
    uncertain.settle_due()
    message.refresh_from_db()
    assert (message.status, open_alarms(), len(ghl.sent_emails())) == ("sent", [], 1)


@pytest.mark.parametrize(("was_sent", "status"), [(True, "sent"), (False, "held")])
def test_settlement_closes_the_alarm(
    ghl: FakeGhl, clock: Any, reviewer: User, was_sent: bool, status: str
) -> None:
    message = doubtful(ghl, accepted=False)
    clock.shift(timedelta(minutes=16))
    uncertain.settle_due()
    message.refresh_from_db()
    uncertain.settle_by_person(message, was_sent=was_sent, by=reviewer, reason="I looked.")
    uncertain.settle_due()
    message.refresh_from_db()
    assert (message.status, open_alarms(), len(ghl.requests(SEND))) == (status, [], 1)
