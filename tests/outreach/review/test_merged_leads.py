"""Emails follow merged leads and come back; nobody is written to twice for having been two."""

from typing import Any

import pytest
from django.utils import timezone

from leads.identity import merge_undo, merging
from leads.models import Lead, Merge
from leads.suppression import suppression
from outreach.choices import Status
from outreach.contact_history import previous_emails
from outreach.contact_history.recipients import load_recipient
from outreach.drafting import critical_reasons, no_draft, open_drafts
from outreach.feedback import unsubscribes
from outreach.lifecycle.moves import move_message
from outreach.models import Message, SendIntent
from outreach.review import merged_leads, review_actions
from outreach.sending import send
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender")]


def two() -> tuple[Lead, Lead]:
    return factories.LeadFactory(), factories.LeadFactory()


def merged(one: Lead, other: Lead) -> Merge:
    return merging.merge_leads(one, other, source="person")


def now_is(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)


def sent(lead: Lead) -> Message:
    message = factories.cleared_email(lead)
    Message.objects.filter(pk=message.pk).update(status=Status.SENT, transport="ghl")
    SendIntent.objects.create(
        message=message,
        transport="sandbox",
        phase="parallel",
        day="2026-03-03",
        domain=message.domain,
        claimed_at=message.cleared_at,
        outcome="sent",
    )
    return now_is(message)


def answered(lead: Lead) -> Message:
    message = factories.cleared_email(lead)
    move_message(message, Status.SENDING, "door")
    return move_message(move_message(message, Status.HELD, "answered"), Status.REJECTED, "rejected")


def test_sent_email_of_merged_lead_counts_before_sweep() -> None:
    one, other = two()
    sent(other)
    factories.VisitFactory(lead=one)
    assert no_draft.why_no_draft_now(one) is None
    merged(one, other)
    assert (
        str(no_draft.why_no_draft_now(one))
        == "A first email to this person was already sent or refused."
    )
    assert (
        set(previous_emails.emails_of(one))
        == set(previous_emails.emails_of(other))
        == set(Message.objects.all())
    )


def test_open_email_of_merged_lead_counts_before_sweep() -> None:
    one, other = two()
    factories.held_email(other)
    merged(one, other)
    assert str(no_draft.why_no_draft_now(one)) == "An email to this person is open already."


def test_who_answered_as_either_has_answered() -> None:
    one, other = two()
    answered(other)
    merged(one, other)
    assert (
        critical_reasons.critical_reason(load_recipient(one), Message())
        == critical_reasons.HAS_ANSWERED
    )


def test_emails_move_to_survivor_and_back() -> None:
    one, other = two()
    mine, theirs = sent(one), sent(other)
    row = merged(one, other)
    assert merged_leads.follow_merges() == 1
    assert merged_leads.follow_merges() == 0
    assert (now_is(theirs).lead, now_is(theirs).written_for) == (one, other)
    assert set(one.messages.all()) == {mine, theirs}
    merge_undo.undo_merge(row, by=None, reason="They are two.")
    assert merged_leads.follow_merges() == 1
    assert merged_leads.follow_merges() == 0
    assert (now_is(theirs).lead, now_is(theirs).written_for, now_is(mine).lead) == (
        other,
        None,
        one,
    )


def test_undoing_several_merges_returns_each_email() -> None:
    one, (middle, last) = factories.LeadFactory(), two()
    message = sent(last)
    first = merged(middle, last)
    merged_leads.follow_merges()
    second = merged(one, middle)
    merged_leads.follow_merges()
    assert (now_is(message).lead, now_is(message).written_for) == (one, last)
    merge_undo.undo_merge(second, by=None, reason="They are two.")
    merged_leads.follow_merges()
    assert (now_is(message).lead, now_is(message).written_for) == (middle, last)
    merge_undo.undo_merge(first, by=None, reason="They are two.")
    merged_leads.follow_merges()
    assert (now_is(message).lead, now_is(message).written_for) == (last, None)


@pytest.mark.parametrize("swap", [False, True])
@pytest.mark.parametrize(
    ("further", "less"),
    [
        (factories.cleared_email, factories.held_email),
        (factories.held_email, factories.draft_email),
        (factories.cleared_email, factories.draft_email),
    ],
)
def test_of_two_open_emails_the_one_that_came_further_stays(
    further: Any, less: Any, swap: bool
) -> None:
    leads = two()
    kept, gone = further(leads[swap]), less(leads[not swap])
    status = kept.status
    merged(*leads)
    merged_leads.follow_merges()
    assert (now_is(kept).status, now_is(kept).lead) == (status, leads[0])
    gone = now_is(gone)
    assert (gone.status, gone.error, gone.moves.last().why) == (
        "withdrawn",
        merged_leads.OTHER_IS_OPEN,
        "other_is_open",
    )


@pytest.mark.parametrize("opened", [0, 1])
def test_opened_email_stays_of_two_held(opened: int) -> None:
    leads = two()
    emails = [factories.held_email(lead) for lead in leads]
    review_actions.mark_opened(emails[opened])
    merged(*leads)
    merged_leads.follow_merges()
    assert [now_is(email).status for email in emails].index("held") == opened


@pytest.mark.parametrize(
    "make", [factories.draft_email, factories.held_email, factories.cleared_email]
)
@pytest.mark.parametrize("swap", [False, True])
def test_open_email_is_withdrawn_if_other_lead_got_one(make: Any, swap: bool) -> None:
    leads = two()
    before, open_ = sent(leads[swap]), make(leads[not swap])
    merged(*leads)
    merged_leads.follow_merges()
    assert (now_is(open_).status, now_is(open_).error) == (
        "withdrawn",
        merged_leads.WRITTEN_AS_OTHER,
    )
    assert (now_is(before).status, Message.objects.filter(lead=leads[0]).count()) == ("sent", 2)


def test_two_possibly_leaving_emails_wait_until_one_settles() -> None:
    one, other = two()
    mine, theirs = factories.cleared_email(one), factories.cleared_email(other)
    for email in (mine, theirs):
        move_message(email, Status.SENDING, "door")
        move_message(email, Status.UNCERTAIN, "uncertain")
    merged(one, other)
    merged_leads.follow_merges()
    assert [(now_is(email).lead, now_is(email).status) for email in (mine, theirs)] == [
        (one, "uncertain"),
        (other, "uncertain"),
    ]
    move_message(mine, Status.SENT, "found_at_ghl")
    merged_leads.follow_merges()
    assert now_is(theirs).lead == one


def test_reply_of_merged_lead_needs_a_persons_decision() -> None:
    one, other = two()
    answered(other)
    approved = factories.cleared_email(one)
    merged(one, other)
    merged_leads.follow_merges()
    approved = now_is(approved)
    assert (approved.status, approved.priority, approved.critical_reason) == (
        "held",
        "critical",
        critical_reasons.HAS_ANSWERED,
    )
    assert approved.moves.last().why == "more_known"


@pytest.mark.usefixtures("loose")
def test_the_door_sees_a_merge_that_no_sweep_has_followed(settings: Any) -> None:
    one, other = two()
    sent(other)
    approved = factories.cleared_email(one)
    merged(one, other)
    assert send.send_due() == 0
    approved = now_is(approved)
    assert (approved.status, approved.moves.last().why) == ("withdrawn", "written_as_other")
    assert SendIntent.objects.filter(message=approved).count() == 0


@pytest.mark.usefixtures("loose")
def test_final_check_sees_reply_of_merged_lead() -> None:
    one, other = two()
    suppression.suppress(other.email, "unsubscribed", "test", other)
    approved = factories.cleared_email(one)
    merged(one, other)
    assert send.send_due() == 0
    assert (now_is(approved).status, now_is(approved).moves.last().why) == (
        "withdrawn",
        "suppressed",
    )
    assert not SendIntent.objects.exists()


def test_unsubscribe_covers_both_merged_leads_and_survives_undo() -> None:
    one, other = two()
    first, open_ = sent(other), factories.held_email(one)
    row = merged(one, other)
    assert unsubscribes.unsubscribe_by_token(first.unsubscribe_token)
    assert now_is(open_).status == "withdrawn"
    merge_undo.undo_merge(row, by=None, reason="They are two.")
    merged_leads.follow_merges()
    for lead in two_again(one, other):
        assert suppression.find_stop(lead.email, lead).reason == "unsubscribed"
        assert str(no_draft.why_no_draft_now(lead)).startswith("Do not contact")


def two_again(*leads: Lead) -> list[Lead]:
    found = list(Lead.objects.filter(pk__in=[lead.pk for lead in leads]).order_by("pk"))
    assert len(found) == len(leads)
    return found


def test_assessment_of_merged_lead_opens_no_second_email() -> None:
    one, other = two()
    factories.held_email(one)
    factories.AssessmentFactory(lead=other)
    merged(one, other)
    Lead.rows.filter(pk=other.pk).update(draft_due_at=timezone.now())
    assert open_drafts.open_new_drafts() > 0
    assert Message.objects.count() == 1
    assert not Lead.rows.filter(draft_due_at__isnull=False).exists()
