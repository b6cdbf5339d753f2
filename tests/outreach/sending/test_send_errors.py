"""Three refusals in a row with the same words raise an alarm: they may concern every email."""

from datetime import timedelta
from typing import Any

import pytest

from leads.models import Alarm
from outreach.control import phase
from outreach.models import Message
from outreach.sending import send
from tests import factories
from tests.fakes.ghl import FakeGhl

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender", "loose")]

CREATE, SEND = "POST /contacts/", "POST /conversations/messages"
CHANGED = {"statusCode": 422, "message": ["property emailTo should not exist"]}


def leave(clock: Any) -> Message:
    """Send one email, two hours after the one before, so that no guardrail halts."""
    clock.shift(timedelta(hours=2))
    phase.resume_sending(by=None, reason="test")
    message = factories.cleared_email()
    send.send_due()
    message.refresh_from_db()
    return message


def refused_in_a_row() -> list[str]:
    return list(
        Alarm.objects.filter(key="ghl:refusing", closed_at=None).values_list("text", flat=True)
    )


@pytest.mark.parametrize("route", [CREATE, SEND])
def test_third_refusal_in_same_words_raises_alarm(ghl: FakeGhl, clock: Any, route: str) -> None:
    ghl.on(route).status(422, CHANGED)
    for _ in range(2):
        assert leave(clock).status == "failed"
        assert refused_in_a_row() == []
    assert leave(clock).status == "failed"
    (text,) = refused_in_a_row()
    assert text.startswith("GoHighLevel refused 3 emails in a row in the same words: 127.0.0.1:")
    assert text.endswith("answered 422: property emailTo should not exist")
    ghl.clear_behaviours()
    assert leave(clock).status == "sent"
    assert refused_in_a_row() == []


def test_refusals_are_compared_without_addresses_and_ids(ghl: FakeGhl, clock: Any) -> None:
    for n in (11, 222, 3333):
        said = f"Cannot send to dana{n}@northline-{n}.test: contact cnt_{n}ab is archived"
        ghl.on(SEND).status(400, {"message": said}, times=1)
        assert leave(clock).status == "failed"
    assert len(refused_in_a_row()) == 1


def test_refusals_in_other_words_raise_no_alarm(ghl: FakeGhl, clock: Any) -> None:
    for said in ("subject is long", "subject is long", "html must be a string", "subject is long"):
        ghl.on(SEND).status(422, {"message": [said]}, times=1)
        assert leave(clock).status == "failed"
    assert refused_in_a_row() == []


def test_sent_email_ends_the_series_of_refusals(ghl: FakeGhl, clock: Any) -> None:
    for _ in range(2):
        ghl.on(SEND).status(422, CHANGED, times=2)
        leave(clock), leave(clock)
        assert leave(clock).status == "sent"
    assert refused_in_a_row() == []


def test_refused_addresses_raise_no_alarm(ghl: FakeGhl, clock: Any) -> None:
    ghl.on(SEND).status(400, {"message": "Cannot send message as DND is active for Email."})
    for _ in range(3):
        assert leave(clock).status == "failed"
    assert refused_in_a_row() == []
