"""Emails that offer times: never one that is over."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User

from outreach.drafting import drafts, recheck
from outreach.models import Message
from outreach.review import review_actions
from outreach.sending import send
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender")]
TIMES = "Tuesday at 2 PM or Wednesday at 10 AM ET"
OVER = datetime(2026, 3, 3, 18, 1, tzinfo=UTC)  # 59 minutes before the first


@pytest.fixture(autouse=True)
def ten_to_ten(clock: Any) -> None:
    clock.move_to(datetime(2026, 3, 3, 14, 50, tzinfo=UTC))


def as_it_is(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)


@pytest.mark.parametrize(
    "topic", ["our demo", "how a first call works", "working with us", "pricing"]
)
def test_who_looked_for_a_call_is_offered_times(topic: str) -> None:
    message = factories.held_email(topic=topic)
    assert message.text.body.endswith(f"Would {TIMES} suit you?")
    assert message.offer_ends_at == datetime(2026, 3, 3, 19, 0, tzinfo=UTC)


def test_others_are_offered_none() -> None:
    message = factories.held_email(topic="what we build")
    assert "PM" not in message.text.body and message.offer_ends_at is None


def test_a_draft_nobody_opened_gets_new_times(clock: Any) -> None:
    message = factories.held_email(topic="pricing")
    assert recheck.renew_offers() == 0
    clock.move_to(OVER)
    assert recheck.renew_offers() == 1
    renewed = as_it_is(message)
    assert "Wednesday at 10 AM or Thursday at 2 PM ET" in renewed.text.body
    assert (renewed.version, recheck.renew_offers()) == (2, 0)


def test_an_opened_draft_keeps_its_times_and_is_not_approved(clock: Any, reviewer: User) -> None:
    message = factories.held_email(topic="pricing")
    review_actions.mark_opened(message)
    clock.move_to(OVER)
    assert recheck.renew_offers() == 0
    with pytest.raises(review_actions.ApprovalForbidden, match="first time that it offers is over"):
        review_actions.approve_email(as_it_is(message), 1, by=reviewer)
    found = as_it_is(message)
    assert (found.status, found.version, found.transport) == ("held", 1, "")


def test_an_edit_that_takes_the_times_out_frees_it(clock: Any, reviewer: User) -> None:
    message = factories.held_email(topic="pricing")
    kept = review_actions.edit_text(
        message, 1, subject="Another", body=message.text.body, by=reviewer
    )
    assert kept.offer_ends_at is not None
    body = message.text.body.replace(TIMES, "Friday at noon")
    edited = review_actions.edit_text(
        as_it_is(message), 2, subject="Another", body=body, by=reviewer
    )
    assert edited.offer_ends_at is None
    clock.move_to(OVER)
    assert review_actions.approve_email(as_it_is(message), 3, by=reviewer).status == "cleared"


def test_typed_text_is_not_written_anew(clock: Any, reviewer: User) -> None:
    message = factories.held_email(topic="pricing")
    body = message.text.body + "\n\nAlex"
    review_actions.edit_text(message, 1, subject="Mine", body=body, by=reviewer)
    clock.move_to(OVER)
    assert recheck.renew_offers() == 0
    assert as_it_is(message).text.subject == "Mine"


@pytest.mark.usefixtures("loose")
def test_what_was_approved_in_time_is_held_when_late(clock: Any) -> None:
    message = factories.cleared_email(topic="pricing")
    clock.move_to(OVER)
    assert send.send_due() == 0
    found = as_it_is(message)
    assert (found.status, found.sent_at) == ("held", None)
    assert found.error == "The first time that it offers is over, or less than an hour away."
    assert found.moves.order_by("-pk").first().why == "offer_past"


def test_a_new_score_keeps_the_times_that_hold(clock: Any) -> None:
    message = factories.held_email(topic="pricing")
    clock.shift(1800)
    newer = factories.AssessmentFactory(lead=message.lead, intent=90, topic="pricing")
    drafts.rewrite_draft(as_it_is(message), newer)
    assert (as_it_is(message).version, as_it_is(message).intent) == (1, 90)
