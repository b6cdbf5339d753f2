"""The second and third email of a thread.

On their day, in thread, and not one after anything ended it.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from leads.models import Lead, Switch
from leads.suppression import suppression
from outreach.drafting import drafts, follow_ups
from outreach.models import (
    DailySlots,
    EmailEvent,
    EmailTemplate,
    Meeting,
    Message,
    Reply,
    ReplyKind,
    SandboxEmail,
)
from outreach.review import review_actions
from outreach.sending import send
from tests import factories
from tests.fakes.ghl import FakeGhl

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender")]

HOURS = timedelta(hours=1)
DAYS = timedelta(days=1)


@pytest.fixture(autouse=True)
def on(db: None) -> None:
    Switch.objects.filter(name=follow_ups.SWITCH_NAME).update(on=True)


@pytest.fixture
def first(db: None) -> Message:
    """A first email that left just now, into the sandbox."""
    message = factories.cleared_email()
    assert send.send_due() == 1
    message.refresh_from_db()
    assert message.status == "sent"
    return message


def open_and_write() -> list[Message]:
    follow_ups.open_due_follow_ups()
    drafts.write_drafts()
    return list(Message.objects.filter(step__gt=1).order_by("step"))


def approve_and_send(message: Message, clock: Any) -> Message:
    review_actions.approve_email(message, message.version, by=None)
    clock.shift(timedelta(minutes=2))
    assert send.send_due() == 1
    message.refresh_from_db()
    return message


def reply(lead: Lead, kind: str = ReplyKind.QUESTION, **more: Any) -> Reply:
    return Reply.objects.create(
        ghl_message_id=f"r{Reply.objects.count()}",
        lead=lead,
        received_at=timezone.now(),
        source="test",
        sorted_as=kind,
        **more,
    )


def event(message: Message, kind: str) -> EmailEvent:
    return EmailEvent.objects.create(
        key=f"{kind}{message.pk}", message=message, kind=kind, source="test", at=timezone.now()
    )


def meeting(lead: Lead, status: str = "confirmed") -> Meeting:
    now = timezone.now()
    return Meeting.objects.create(
        ghl_id="m1", lead=lead, status=status, booked_at=now, starts_at=now + DAYS, changed_at=now
    )


def test_on_the_third_and_the_seventh_day_and_then_no_more(first: Message, clock: Any) -> None:
    clock.shift(3 * DAYS - HOURS)
    assert open_and_write() == []
    clock.shift(HOURS)
    (second,) = open_and_write()
    assert (second.status, second.step, second.follows, second.lead) == (
        "held",
        2,
        first,
        first.lead,
    )
    assert second.text.subject == f"Re: {first.text.subject}"
    assert second.template.angle == "follow_up"
    approve_and_send(second, clock)
    clock.shift(4 * DAYS - HOURS)
    assert len(open_and_write()) == 1
    clock.shift(HOURS)
    _, third = open_and_write()
    assert (third.status, third.step, third.follows) == ("held", 3, first)
    assert third.text.subject == second.text.subject
    approve_and_send(third, clock)
    clock.shift(10 * DAYS)
    assert len(open_and_write()) == 2
    assert SandboxEmail.objects.count() == 3


def test_they_are_off_until_somebody_turns_them_on(first: Message, clock: Any) -> None:
    Switch.objects.filter(name=follow_ups.SWITCH_NAME).update(on=False)
    clock.shift(4 * DAYS)
    assert open_and_write() == []


def test_turning_them_on_takes_up_no_old_thread(first: Message, clock: Any) -> None:
    clock.shift(22 * DAYS)
    assert open_and_write() == []


def test_two_sweeps_open_one(first: Message, clock: Any) -> None:
    clock.shift(3 * DAYS)
    assert (follow_ups.open_due_follow_ups(), follow_ups.open_due_follow_ups()) == (1, 0)


def test_a_thread_that_ended_does_not_hide_the_one_behind_it(first: Message, clock: Any) -> None:
    clock.shift(timedelta(minutes=2))
    other = factories.cleared_email()
    clock.shift(timedelta(minutes=2))
    assert send.send_due() == 1
    suppression.suppress(first.to_address, "manual", "test", first.lead)
    clock.shift(3 * DAYS)
    assert follow_ups.open_due_follow_ups(batch=1) == 1
    assert Message.objects.get(step=2).follows == other


def test_a_third_waits_for_three_days_after_a_late_second(first: Message, clock: Any) -> None:
    clock.shift(6 * DAYS)
    (second,) = open_and_write()
    approve_and_send(second, clock)
    clock.shift(2 * DAYS)
    assert len(open_and_write()) == 1
    clock.shift(DAYS)
    assert len(open_and_write()) == 2


@pytest.mark.parametrize("end", ["rejected", "expired", "withdrawn"])
def test_a_second_that_never_left_is_followed_by_no_third(
    first: Message, clock: Any, end: str
) -> None:
    clock.shift(3 * DAYS)
    (second,) = open_and_write()
    if end == "rejected":
        review_actions.reject_email(
            second, second.version, by=None, tag="other", reason="Enough has been said to them."
        )
    elif end == "withdrawn":
        review_actions.withdraw_email(second, by=None)
    else:
        clock.shift(11 * DAYS)
        review_actions.expire_due()
    second.refresh_from_db()
    assert second.status == end
    clock.shift(5 * DAYS)
    assert len(open_and_write()) == 1


ENDS: dict[str, Callable[[Message], Any]] = {
    "answered": lambda first: reply(first.lead),
    "answered_elsewhere": lambda first: reply(first.lead, ReplyKind.NEGATIVE, channel="sms"),
    "bounced": lambda first: event(first, "bounced"),
    "complained": lambda first: event(first, "complained"),
    "unsubscribed": lambda first: event(first, "unsubscribed"),
    "meeting": lambda first: meeting(first.lead),
    "suppressed": lambda first: suppression.suppress(
        first.to_address, "manual", "test", first.lead
    ),
    "other_address": lambda first: Lead.objects.filter(pk=first.lead_id).update(
        email="new@example.com"
    ),
    "company_answered": lambda first: reply(
        factories.LeadFactory(company=first.lead.company), ReplyKind.POSITIVE
    ),
}
every_end = pytest.mark.parametrize("end", ENDS.values(), ids=list(ENDS))


@every_end
def test_what_ends_a_thread_before_its_day_opens_nothing(
    first: Message, clock: Any, end: Callable[[Message], Any]
) -> None:
    end(first)
    clock.shift(3 * DAYS)
    assert open_and_write() == []


@every_end
def test_what_ends_a_thread_withdraws_what_waits(
    first: Message, clock: Any, end: Callable[[Message], Any]
) -> None:
    clock.shift(3 * DAYS)
    (second,) = open_and_write()
    end(first)
    assert follow_ups.withdraw_ended() == 1
    second.refresh_from_db()
    assert second.status == "withdrawn"
    assert second.error


@every_end
def test_thread_end_stops_approved_follow_up_before_sending(
    first: Message, clock: Any, end: Callable[[Message], Any]
) -> None:
    clock.shift(3 * DAYS)
    (second,) = open_and_write()
    review_actions.approve_email(second, second.version, by=None)
    clock.shift(timedelta(minutes=2))
    end(first)
    assert send.send_due() == 0
    second.refresh_from_db()
    assert second.status == "withdrawn"
    assert SandboxEmail.objects.count() == 1


GOES_ON: dict[str, Callable[[Message], Any]] = {
    "out of office": lambda first: reply(first.lead, ReplyKind.OUT_OF_OFFICE),
    "corrected to an automatic answer": lambda first: reply(
        first.lead, corrected_to=ReplyKind.OUT_OF_OFFICE
    ),
    "opened": lambda first: event(first, "opened"),
    "a meeting that was cancelled": lambda first: meeting(first.lead, "cancelled"),
    "a question of a colleague": lambda first: reply(
        factories.LeadFactory(company=first.lead.company)
    ),
    "a yes at another company": lambda first: reply(factories.LeadFactory(), ReplyKind.POSITIVE),
}


@pytest.mark.parametrize("happened", GOES_ON.values(), ids=list(GOES_ON))
def test_what_does_not_end_a_thread(
    first: Message, clock: Any, happened: Callable[[Message], Any]
) -> None:
    happened(first)
    clock.shift(3 * DAYS)
    (second,) = open_and_write()
    assert follow_ups.withdraw_ended() == 0
    assert second.status == "held"


def test_only_what_left_is_followed(clock: Any) -> None:
    factories.held_email()
    message = factories.cleared_email()
    Message.objects.filter(pk=message.pk).update(
        status="sent", sent_at=timezone.now(), transport=""
    )
    clock.shift(3 * DAYS)
    assert open_and_write() == []


def test_without_a_template_in_use_none_is_opened(first: Message, clock: Any) -> None:
    EmailTemplate.objects.filter(angle="follow_up").update(active=False)
    clock.shift(3 * DAYS)
    assert open_and_write() == []


def test_another_tiers_template_serves_where_the_own_is_missing(first: Message, clock: Any) -> None:
    EmailTemplate.objects.filter(key="tier_1.follow_up").update(active=False)
    clock.shift(3 * DAYS)
    (second,) = open_and_write()
    assert second.template.key == "tier_2.follow_up"


def test_a_first_email_is_never_made_from_a_follow_ups_template() -> None:
    EmailTemplate.objects.exclude(angle__in=["follow_up", "last_follow_up"]).update(active=False)
    message = factories.draft_email()
    with pytest.raises(LookupError, match="There is no active email template."):
        drafts.write_draft(message)


def test_edit_may_keep_only_the_threads_reply_subject(first: Message, clock: Any) -> None:
    clock.shift(3 * DAYS)
    (second,) = open_and_write()
    body = second.text.body.replace("One thing", "A thing")
    edited = review_actions.edit_text(
        second, second.version, subject=second.text.subject, body=body, by=None
    )
    assert edited.status == "held"
    edited = review_actions.edit_text(
        edited, edited.version, subject="Re: our call", body=body, by=None
    )
    assert (edited.status, edited.blocked_by) == ("blocked", "subject")


def test_a_copy_of_the_first_email_is_blocked(first: Message, clock: Any) -> None:
    clock.shift(3 * DAYS)
    (second,) = open_and_write()
    edited = review_actions.edit_text(
        second, second.version, subject=second.text.subject, body=first.text.body, by=None
    )
    assert (edited.status, edited.blocked_by) == ("blocked", "near_copy")


def test_follow_up_counts_against_every_limit(first: Message, clock: Any) -> None:
    clock.shift(3 * DAYS)
    (second,) = open_and_write()
    review_actions.approve_email(second, second.version, by=None)
    clock.shift(timedelta(minutes=2))
    DailySlots.objects.create(day=timezone.now().date(), used=25)
    assert send.send_due() == 0
    second.refresh_from_db()
    assert second.status == "cleared"
    assert SandboxEmail.objects.count() == 1


@pytest.mark.usefixtures("loose")
class TestAtGhl:
    """The `ghl` fixture connects a GoHighLevel that behaves like the vendor's."""

    def test_each_continues_the_thread_of_the_first(self, ghl: FakeGhl, clock: Any) -> None:
        factories.cleared_email()
        send.send_due()
        for days in (3, 4):
            clock.shift(days * DAYS)
            approve_and_send(open_and_write()[-1], clock)
        one, two, three = ghl.sent_emails()
        assert "threadId" not in one["body"]
        assert two["threadId"] == three["threadId"] == one["messageId"]
        assert (two["replyMessageId"], three["replyMessageId"]) == (
            one["messageId"],
            two["messageId"],
        )
        assert two["subject"] == three["subject"] == f"Re: {one['subject']}"

    def test_own_first_email_does_not_block_follow_up(self, ghl: FakeGhl, clock: Any) -> None:
        factories.cleared_email()
        send.send_due()
        clock.shift(3 * DAYS)
        (second,) = open_and_write()
        assert approve_and_send(second, clock).critical_reason == ""

    def test_answer_known_only_to_ghl_stops_follow_up(self, ghl: FakeGhl, clock: Any) -> None:
        message = factories.cleared_email()
        send.send_due()
        clock.shift(3 * DAYS)
        (second,) = open_and_write()
        review_actions.approve_email(second, second.version, by=None)
        clock.shift(timedelta(minutes=2))
        message.refresh_from_db()
        ghl.receive_reply(message.ghl_contact_id, "Let us talk.")
        assert send.send_due() == 0
        second.refresh_from_db()
        assert (second.status, second.priority) == ("held", "critical")
        assert len(ghl.sent_emails()) == 1


def test_an_answer_to_nothing_never_leaves(first: Message, clock: Any, settings: Any) -> None:
    """The first one was kept in the sandbox; they have never seen it."""
    clock.shift(3 * DAYS)
    (second,) = open_and_write()
    settings.SANDBOXED = frozenset(settings.SANDBOXED) - {"ghl"}
    review_actions.approve_email(second, second.version, by=None)
    clock.shift(timedelta(minutes=2))
    assert send.send_due() == 0
    second.refresh_from_db()
    assert second.status == "withdrawn"
    assert (
        second.error
        == "The first email of this thread was kept in the sandbox and never reached them."
    )
