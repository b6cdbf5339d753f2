"""Earlier emails hold a new one: copies, colleagues at a company, and rejections' lessons."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from leads.models import Kind, Lead
from outreach.choices import Status
from outreach.contact_history import previous_emails
from outreach.contact_history.recipients import load_recipient
from outreach.drafting import drafts, recheck
from outreach.models import EmailTemplate, Message, Move
from outreach.review import review_actions
from tests import factories

DAY = timedelta(days=1)
NAMES = [("Ann", "Lee"), ("Bob", "Moss")]


@pytest.fixture
def colleagues(db: None) -> tuple[Lead, Lead]:
    company = factories.CompanyFactory(name="Northline")
    return tuple(
        factories.LeadFactory(company=company, first_name=one, last_name=two) for one, two in NAMES
    )


def sent(lead: Lead, ago: timedelta) -> Message:
    message = factories.cleared_email(lead)
    Message.objects.filter(pk=message.pk).update(
        status="sent", transport="ghl", sent_at=timezone.now() - ago
    )
    return message


def write(lead: Lead) -> Message:
    return drafts.write_draft(factories.draft_email(lead))


def why(message: Message) -> str:
    return next(row["text"] for row in message.guards if not row["passed"])


def test_second_colleague_waits_for_first_decision(colleagues: tuple[Lead, Lead]) -> None:
    first, second = factories.held_email(colleagues[0]), write(colleagues[1])
    assert (second.status, second.blocked_by) == ("blocked", "colleague_first")
    assert (
        why(second) == "On hold: Ann Lee at Northline is being emailed first "
        "(one person per company in 7 days)."
    )
    assert recheck.free_blocked() == 0
    review_actions.reject_email(first, first.version, by=None, tag="other", reason="r" * 20)
    Message.objects.filter(pk=second.pk).update(not_before=timezone.now())
    assert recheck.free_blocked() == 1
    second.refresh_from_db()
    assert (second.status, second.blocked_by, second.error) == ("held", "", "")
    assert all(row["passed"] for row in second.guards)


def test_colleague_may_be_emailed_after_seven_days(colleagues: tuple[Lead, Lead]) -> None:
    sent(colleagues[0], 7 * DAY - timedelta(minutes=1))
    second = write(colleagues[1])
    assert (second.status, second.blocked_by) == ("blocked", "one_per_company")
    assert (
        "On hold: Ann Lee at Northline was emailed and has not answered; nobody else there until"
        in why(second)
    )
    recheck.free_blocked()
    Message.objects.filter(status="sent").update(sent_at=timezone.now() - 7 * DAY)
    Message.objects.filter(pk=second.pk).update(not_before=timezone.now())
    assert recheck.free_blocked() == 1


def test_who_waits_for_a_colleague_does_not_expire_before_their_turn(
    colleagues: tuple[Lead, Lead],
) -> None:
    until = sent(colleagues[0], DAY).sent_at
    second = write(colleagues[1])
    recheck.free_blocked()
    second.refresh_from_db()
    assert second.expires_at > timezone.now() + 6 * DAY
    assert until is None or second.not_before > timezone.now() + 5 * DAY


def test_an_answer_lets_colleagues_be_written_to_at_once(colleagues: tuple[Lead, Lead]) -> None:
    answered(sent(colleagues[0], DAY))
    assert write(colleagues[1]).status == Status.HELD


def answered(message: Message) -> None:
    Move.objects.create(
        message=message, from_status="sending", to_status="held", why="answered", version=1
    )


@pytest.mark.parametrize("status", ["rejected", "withdrawn", "expired", "failed"])
def test_what_never_left_is_in_nobodys_way(colleagues: tuple[Lead, Lead], status: str) -> None:
    Message.objects.filter(pk=factories.held_email(colleagues[0]).pk).update(status=status)
    assert previous_emails.find_blocking_email(load_recipient(colleagues[1])) is None


def test_made_up_people_are_not_in_the_way_of_live_ones(colleagues: tuple[Lead, Lead]) -> None:
    Lead.objects.filter(pk=colleagues[0].pk).update(kind=Kind.EXAMPLE)
    colleagues[0].refresh_from_db()
    factories.held_email(colleagues[0])
    assert write(colleagues[1]).status == Status.HELD


def test_two_held_at_one_company_cannot_both_be_approved(colleagues: tuple[Lead, Lead]) -> None:
    """Two workers wrote at once, each before the other's was in the queue."""
    first, second = factories.held_email(colleagues[0]), write(colleagues[1])
    Message.objects.filter(pk=second.pk).update(status="held", guards=[])
    second.refresh_from_db()
    review_actions.approve_email(first, first.version, by=None)
    Message.objects.filter(pk=first.pk).update(transport="ghl")
    with pytest.raises(
        review_actions.ApprovalForbidden, match="Ann Lee at Northline is being emailed first"
    ):
        review_actions.approve_email(second, second.version, by=None)
    second.refresh_from_db()
    assert (second.status, second.cleared_at) == ("held", None)


def test_a_colleagues_email_of_the_month_is_not_repeated(colleagues: tuple[Lead, Lead]) -> None:
    first = sent(colleagues[0], 8 * DAY)
    second = write(colleagues[1])
    assert second.status == Status.HELD
    assert second.template != first.template
    assert second.template_why.endswith("but that one: Nearly the same as the one to Ann Lee.")


def test_where_every_template_would_repeat_it_says_so_and_is_blocked(
    colleagues: tuple[Lead, Lead],
) -> None:
    EmailTemplate.objects.exclude(key="tier_1.high_intent").update(active=False)
    sent(colleagues[0], 8 * DAY)
    second = write(colleagues[1])
    assert (second.status, second.blocked_by) == ("blocked", "near_copy")
    assert why(second) == "Nearly the same as the one to Ann Lee."


def test_after_a_month_it_may_be_repeated_to_a_colleague(colleagues: tuple[Lead, Lead]) -> None:
    first = sent(colleagues[0], 8 * DAY)
    Message.objects.filter(pk=first.pk).update(held_at=timezone.now() - 31 * DAY)
    assert write(colleagues[1]).template == first.template


def test_a_rejected_draft_is_not_written_again(colleagues: tuple[Lead, Lead]) -> None:
    first = factories.held_email(colleagues[0])
    review_actions.reject_email(
        first, first.version, by=None, tag="tone_style", reason="Too stiff for her, I think."
    )
    again = write(colleagues[0])
    assert again.status == Status.HELD
    assert again.template != first.template
    assert "but that one: Nearly the same as the one rejected on" in again.template_why


def test_a_persons_edit_that_copies_a_rejected_text_is_blocked(
    colleagues: tuple[Lead, Lead], reviewer: Any
) -> None:
    first = factories.held_email(colleagues[0])
    rejected = first.text
    review_actions.reject_email(
        first, first.version, by=None, tag="tone_style", reason="Too stiff for her, I think."
    )
    again = write(colleagues[0])
    again = review_actions.edit_text(
        again, again.version, subject=rejected.subject, body=rejected.body, by=reviewer
    )
    assert (again.status, again.blocked_by) == ("blocked", "near_copy")


def test_a_lesson_names_what_was_said_and_when(colleagues: tuple[Lead, Lead]) -> None:
    first = factories.held_email(colleagues[0])
    review_actions.reject_email(
        first,
        first.version,
        by=None,
        tag="icp_mismatch",
        reason="She buys nothing, she is an intern.",
    )
    again = write(colleagues[0])
    assert (again.status, again.blocked_by) == ("blocked", "learned")
    assert (
        "(icp mismatch): “She buys nothing, she is an intern.” The tier is still the same."
        in why(again)
    )


def test_a_lead_without_a_company_has_no_colleagues(db: None) -> None:
    lead, other = (
        factories.LeadFactory(company=None, email="dana@alone.test"),
        factories.held_email(),
    )
    Lead.objects.filter(pk=other.lead_id).update(company=None)
    assert previous_emails.find_blocking_email(load_recipient(lead)) is None
