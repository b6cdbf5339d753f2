"""A template that people reject too often is not approved by the machine any more."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from leads.models import Kind
from outreach.auto_approval import approval_sweep, eligibility, template_rejections
from outreach.auto_approval.template_rejections import RejectionCount
from outreach.choices import Phase
from outreach.control import phase
from outreach.models import EmailTemplate, Message
from outreach.review import review_actions, undo_actions
from outreach.sending import send
from tests import factories
from tests.outreach.auto_approval.approval_steps import (
    DOMAIN,
    last_move,
    low,
    now_is,
    reasons,
    stays_held,
    verdict,
)

FLAGGED = "people rejected more than a third of the emails of its template"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender", "loose")]


@pytest.fixture(autouse=True)
def assisted(settings: Any, lead_user: User) -> None:
    settings.GHL_FROM_EMAIL = f"alex@{DOMAIN}"
    phase.current_control()
    phase.change_phase(Phase.ASSISTED, by=None, reason="test")
    phase.set_auto_approval(True, by=lead_user, reason="Six weeks of agreement.")
    verdict()


def decide(template: EmailTemplate, by: User | None, *, approved: int, rejected: int) -> None:
    """Decisions about emails of a template, each of another company."""
    for number in range(approved + rejected):
        message = factories.held_email()
        Message.objects.filter(pk=message.pk).update(template=template)
        message.refresh_from_db()
        if number < approved:
            review_actions.approve_email(message, 1, by=by)
        else:
            review_actions.reject_email(message, 1, by=by, tag="other", reason="Not this one.")


def template_of(message: Message) -> EmailTemplate:
    assert message.template is not None
    return message.template


@pytest.mark.parametrize(
    ("decided", "rejected", "flagged"),
    [(0, 0, False), (19, 19, False), (20, 6, False), (20, 7, True), (21, 7, False), (30, 11, True)],
)
def test_more_than_a_third_of_at_least_20(decided: int, rejected: int, flagged: bool) -> None:
    assert RejectionCount(decided, rejected).is_flagged == flagged


def test_the_machine_stops_approving_and_people_still_may(reviewer: User) -> None:
    waiting = low()
    decide(template_of(waiting), reviewer, approved=13, rejected=6)
    assert FLAGGED not in reasons(waiting)
    decide(template_of(waiting), reviewer, approved=0, rejected=1)
    stays_held(waiting, FLAGGED)
    assert review_actions.approve_email(waiting, 1, by=reviewer).status == "cleared"


def test_what_it_had_approved_is_held_again_by_the_final_check(reviewer: User) -> None:
    approved = low()
    assert approval_sweep.approve_due() == 1
    decide(template_of(approved), reviewer, approved=13, rejected=7)
    lapsed = eligibility.why_approval_lapsed(approved, phase.current_control(), timezone.now())
    assert FLAGGED in lapsed
    Message.objects.filter(pk=approved.pk).update(not_before=timezone.now())
    send.send_due()
    assert (now_is(approved).status, last_move(approved)[1]) == ("held", "machine_returned")


def test_other_templates_are_not_touched(reviewer: User) -> None:
    waiting = low()
    other = EmailTemplate.objects.filter(active=True).exclude(key=template_of(waiting).key)[0]
    decide(other, reviewer, approved=0, rejected=20)
    assert reasons(waiting) == () and list(template_rejections.flagged_templates()) == [other.key]


def test_only_standing_decisions_of_people_about_live_emails_count(reviewer: User) -> None:
    template = template_of(low())
    decide(template, None, approved=0, rejected=2)  # a key without a user
    taken_back = factories.held_email()
    Message.objects.filter(pk=taken_back.pk).update(template=template)
    rejected = review_actions.reject_email(
        taken_back, 1, by=reviewer, tag="other", reason="Not this one."
    )
    undo_actions.restore_ended(rejected, by=reviewer)
    practice = factories.held_email(factories.LeadFactory(kind=Kind.EXAMPLE))
    review_actions.reject_email(practice, 1, by=reviewer, tag="other", reason="Not this one.")
    assert approval_sweep.approve_due() == 1
    assert template_rejections.rejections_of(template) == RejectionCount()


def test_a_rejection_that_a_lead_reopened_counts_no_more(reviewer: User, lead_user: User) -> None:
    message = factories.held_email()
    rejected = review_actions.reject_email(
        message, 1, by=reviewer, tag="other", reason="Not this one."
    )
    template = template_of(message)
    assert template_rejections.rejections_of(template) == RejectionCount(1, 1)

    undo_actions.reopen_email(rejected, by=lead_user, reason="They asked for it.")

    assert template_rejections.rejections_of(template) == RejectionCount()


def test_an_email_decided_twice_counts_once_by_its_last_decision(reviewer: User) -> None:
    message = factories.held_email()
    approved = review_actions.approve_email(message, 1, by=reviewer)
    held = review_actions.undo_approval(approved, by=reviewer)
    review_actions.reject_email(held, 1, by=reviewer, tag="other", reason="Not this one.")
    assert template_rejections.rejections_of(template_of(message)) == RejectionCount(1, 1)


def test_a_new_version_has_to_earn_its_way_back(reviewer: User) -> None:
    old = template_of(low())
    decide(old, reviewer, approved=10, rejected=10)
    EmailTemplate.objects.filter(pk=old.pk).update(active=False)
    new = EmailTemplate.objects.create(
        key=old.key, version=old.version + 1, tier=old.tier, angle=old.angle, name=old.name,
        subject=old.subject, body=old.body,
    )  # fmt: skip
    assert template_rejections.rejections_of(new).is_flagged
    decide(new, reviewer, approved=19, rejected=0)
    assert template_rejections.rejections_of(new) == RejectionCount(39, 10)
    assert not template_rejections.flagged_templates()
    decide(new, reviewer, approved=1, rejected=0)
    assert template_rejections.rejections_of(new) == RejectionCount(20, 0)
    assert template_rejections.rejections_of(old).is_flagged


def test_an_email_without_a_template_is_flagged_by_none() -> None:
    assert template_rejections.rejections_of(None) == RejectionCount()
    assert RejectionCount().share is None
