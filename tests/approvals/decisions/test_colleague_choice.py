"""A person writes to a colleague instead: what it does, and who may not."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from approvals.decisions import claims, colleague_choice, decisions, undo
from approvals.decisions.decisions import Decider, DecisionConflict, DecisionRefused
from approvals.decisions.judgement import Refusal
from approvals.models import Decision
from leads.models import Lead
from outreach.choices import Status
from outreach.drafting import drafts, recheck
from outreach.models import Message, Move
from outreach.review import review_actions
from tests import factories
from tests.conftest import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def pair() -> tuple[Message, Message]:
    """A held email, and a colleague's on hold behind it."""
    company = factories.CompanyFactory(name="Northline")
    leads = [
        factories.LeadFactory(company=company, score=score, first_name=name)
        for name, score in (("Sam", 77), ("Dana", 60))
    ]
    held, on_hold = (drafts.write_draft(factories.draft_email(lead)) for lead in leads)
    assert (held.status, on_hold.blocked_by) == (Status.HELD, "colleague_first")
    return held, on_hold


def now_is(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)


def write_instead(pair: tuple[Message, Message], user: User, version: int = 1) -> Message:
    return colleague_choice.write_instead(pair[0], version, pair[1], Decider(user, "desk"))


def test_colleague_is_held_and_first_email_waits(
    pair: tuple[Message, Message], reviewer: User
) -> None:
    chosen = write_instead(pair, reviewer)
    first = now_is(pair[0])
    assert (chosen.pk, chosen.status) == (pair[1].pk, Status.HELD)
    assert (first.status, first.blocked_by) == (Status.BLOCKED, "colleague_first")
    assert (first.moves.last().why, first.moves.last().by) == ("colleague_chosen", reviewer)
    assert (chosen.moves.last().why, chosen.moves.last().by) == ("chosen", reviewer)
    assert not Decision.objects.exists()


def test_choice_stays_although_the_other_scores_more(
    pair: tuple[Message, Message], reviewer: User
) -> None:
    write_instead(pair, reviewer)
    Message.objects.filter(status=Status.BLOCKED).update(not_before=timezone.now())
    recheck.free_blocked()
    assert now_is(pair[1]).status == Status.HELD
    assert now_is(pair[0]).blocked_by == "colleague_first"


def test_choice_can_be_taken_back(pair: tuple[Message, Message], reviewer: User) -> None:
    chosen = write_instead(pair, reviewer)
    back = colleague_choice.write_instead(
        now_is(chosen), chosen.version, now_is(pair[0]), Decider(reviewer, "desk")
    )
    assert (back.pk, back.status) == (pair[0].pk, Status.HELD)
    assert (now_is(pair[1]).status, now_is(pair[1]).chosen_at) == (Status.BLOCKED, None)


def test_own_read_and_claimed_email_can_be_replaced(
    pair: tuple[Message, Message], reviewer: User
) -> None:
    claims.take_for_review(pair[0], reviewer)
    claims.record_reading(pair[0], reviewer)
    assert write_instead(pair, reviewer).status == Status.HELD


def claimed(pair: tuple[Message, Message]) -> None:
    claims.take_for_review(pair[0], person("sam", "Reviewer"))


def colleague_claimed(pair: tuple[Message, Message]) -> None:
    claims.take_for_review(pair[1], person("sam", "Reviewer"))


def approved(pair: tuple[Message, Message]) -> None:
    review_actions.approve_email(now_is(pair[0]), 1, by=None)


def rejected(pair: tuple[Message, Message]) -> None:
    review_actions.reject_email(now_is(pair[0]), 1, by=None, tag="other", reason="r" * 20)


def edited(pair: tuple[Message, Message]) -> None:
    text = pair[0].text
    review_actions.edit_text(
        now_is(pair[0]), 1, subject=text.subject, body=f"{text.body}\n\nMore.", by=None
    )


REFUSED = [
    (claimed, Refusal.CLAIMED),
    (colleague_claimed, Refusal.CLAIMED),
    (approved, Refusal.NOT_WAITING),
    (rejected, Refusal.NOT_WAITING),
    (edited, Refusal.CHANGED),
]


@pytest.mark.parametrize(("happens", "refusal"), REFUSED)
def test_refusal_changes_nothing(
    pair: tuple[Message, Message], reviewer: User, happens: Any, refusal: Refusal
) -> None:
    happens(pair)
    before, moves = list(Message.objects.order_by("pk").values()), Move.objects.count()
    with pytest.raises(DecisionConflict) as found:
        write_instead(pair, reviewer)
    assert found.value.refusal == refusal
    assert list(Message.objects.order_by("pk").values()) == before
    assert Move.objects.count() == moves


def cannot_be_written_to(pair: tuple[Message, Message]) -> None:
    Lead.objects.filter(pk=pair[1].lead_id).update(country="DE")


def not_on_hold(pair: tuple[Message, Message]) -> None:
    Message.objects.filter(pk=pair[1].pk).update(blocked_by="country")


def elsewhere(pair: tuple[Message, Message]) -> None:
    Lead.objects.filter(pk=pair[1].lead_id).update(company=factories.CompanyFactory())


@pytest.mark.parametrize("happens", [cannot_be_written_to, not_on_hold, elsewhere])
def test_colleague_who_may_not_be_emailed_is_refused(
    pair: tuple[Message, Message], reviewer: User, happens: Any
) -> None:
    happens(pair)
    before, moves = list(Message.objects.order_by("pk").values()), Move.objects.count()
    with pytest.raises(DecisionRefused, match="Nothing was changed"):
        write_instead(pair, reviewer)
    assert list(Message.objects.order_by("pk").values()) == before
    assert Move.objects.count() == moves


def test_viewer_may_not_choose(pair: tuple[Message, Message], viewer: User) -> None:
    with pytest.raises(DecisionRefused) as found:
        write_instead(pair, viewer)
    assert found.value.refusal == Refusal.NO_PERMISSION
    assert now_is(pair[0]).status == Status.HELD


def test_a_rejection_taken_back_puts_the_colleague_behind(
    pair: tuple[Message, Message], reviewer: User
) -> None:
    held, colleague = pair
    decider = Decider(reviewer, "desk")
    decisions.reject(held, 1, decider, tag="weak_subject", reason="The subject says nothing.")
    assert recheck.free_blocked() == 1 and now_is(colleague).status == Status.HELD
    undo.undo(now_is(held), 1, decider)
    assert now_is(held).status == Status.HELD
    assert (now_is(colleague).status, now_is(colleague).blocked_by) == (
        Status.BLOCKED,
        "colleague_first",
    )


def test_a_colleagues_email_that_was_opened_stays(
    pair: tuple[Message, Message], reviewer: User
) -> None:
    held, colleague = pair
    decider = Decider(reviewer, "desk")
    decisions.reject(held, 1, decider, tag="weak_subject", reason="The subject says nothing.")
    recheck.free_blocked()
    review_actions.mark_opened(now_is(colleague))
    undo.undo(now_is(held), 1, decider)
    assert now_is(held).status == now_is(colleague).status == Status.HELD
