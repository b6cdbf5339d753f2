"""The best placed person of a company holds the slot until somebody has seen the email."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from leads.models import Company, Kind, Lead
from outreach.choices import Status
from outreach.drafting import drafts, open_drafts, recheck
from outreach.models import Message, MessageText
from outreach.review import review_actions
from tests import factories

pytestmark = pytest.mark.django_db
REASON = "r" * 20


@pytest.fixture
def company() -> Company:
    return factories.CompanyFactory(name="Northline", employees_from=11)


def person(company: Company, score: int, **more: Any) -> Lead:
    return factories.LeadFactory(company=company, score=score, tier="tier_3", **more)


def ask(lead: Lead) -> Message | None:
    """The email of a lead after a visit and a new assessment with the score it has."""
    factories.VisitFactory(lead=lead)
    factories.AssessmentFactory(lead=lead, intent=lead.score, tier=lead.tier)
    open_drafts.open_new_drafts()
    return Message.objects.filter(lead=lead).order_by("-pk").first()


def now_is(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)


def recheck_all() -> None:
    Message.objects.filter(status=Status.BLOCKED).update(not_before=timezone.now())
    recheck.free_blocked()


def held_of(company: Company) -> list[Message]:
    return list(Message.objects.filter(lead__company=company, status=Status.HELD))


def test_better_colleague_replaces_unread_draft(company: Company) -> None:
    first = ask(person(company, 40, first_name="Sam", last_name="Lee"))
    better = ask(person(company, 77, first_name="Dana", last_name="Voss"))
    first = now_is(first)
    assert better.status == Status.HELD
    assert (first.status, first.blocked_by) == (Status.BLOCKED, "colleague_first")
    assert "Dana Voss at Northline is being emailed first" in first.error
    assert [row["guard"] for row in first.guards if not row["passed"]] == ["colleague_first"]
    move = first.moves.last()
    assert (move.to_status, move.why, move.by) == (Status.BLOCKED, "colleague_first", None)


def test_worse_colleague_waits(company: Company) -> None:
    first, second = ask(person(company, 77)), ask(person(company, 40))
    assert (first.status, second.status) == (Status.HELD, Status.BLOCKED)
    assert second.blocked_by == "colleague_first"


def test_equal_colleague_waits(company: Company) -> None:
    first, second = (ask(person(company, 50, title="CEO")) for _ in range(2))
    assert (first.status, second.status) == (Status.HELD, Status.BLOCKED)


def read(message: Message, user: User) -> None:
    review_actions.mark_opened(message)


def edit(message: Message, user: User) -> None:
    text = message.text
    body = f"{text.body}\n\nOne more line."
    review_actions.edit_text(message, message.version, subject=text.subject, body=body, by=user)


def choose(message: Message, user: User) -> None:
    Message.objects.filter(pk=message.pk).update(chosen_at=timezone.now())


def approve(message: Message, user: User) -> None:
    review_actions.approve_email(message, message.version, by=user)
    Message.objects.filter(pk=message.pk).update(transport="ghl")


def import_text(message: Message, user: User) -> None:
    Message.objects.filter(pk=message.pk).update(template=None)


@pytest.mark.parametrize("touch", [read, edit, choose, approve, import_text])
def test_draft_that_somebody_touched_is_not_replaced(
    company: Company, reviewer: User, touch: Callable[[Message, User], None]
) -> None:
    first = ask(person(company, 40))
    touch(first, reviewer)
    before = Message.objects.filter(pk=first.pk).values().get()
    better = ask(person(company, 77))
    assert (better.status, better.blocked_by) == (Status.BLOCKED, "colleague_first")
    assert Message.objects.filter(pk=first.pk).values().get() == before
    recheck_all()
    assert Message.objects.filter(pk=first.pk).values().get() == before


def test_colleague_that_cannot_be_written_to_replaces_nobody(company: Company) -> None:
    first = ask(person(company, 40))
    better = ask(person(company, 77, country="DE"))
    assert (better.status, better.blocked_by) == (Status.BLOCKED, "country")
    assert now_is(first).status == Status.HELD


def reject(message: Message) -> None:
    review_actions.reject_email(message, message.version, by=None, tag="other", reason=REASON)


def withdraw(message: Message) -> None:
    review_actions.withdraw_email(message, by=None)


def expire(message: Message) -> None:
    Message.objects.filter(pk=message.pk).update(expires_at=timezone.now())
    assert review_actions.expire_due() == 1


@pytest.mark.parametrize("end", [reject, withdraw, expire])
def test_waiting_colleague_comes_back_at_once(
    company: Company, end: Callable[[Message], None]
) -> None:
    waits, holder = ask(person(company, 40)), ask(person(company, 77))
    recheck.free_blocked()
    assert now_is(waits).not_before > timezone.now()
    end(now_is(holder))
    assert recheck.free_blocked() == 1
    back = now_is(waits)
    assert (back.status, back.blocked_by, back.error) == (Status.HELD, "", "")
    assert all(row["passed"] for row in back.guards)


def test_best_of_those_on_hold_comes_back_first(company: Company) -> None:
    worse, holder = ask(person(company, 40)), ask(person(company, 90))
    better = ask(person(company, 60))
    recheck.free_blocked()
    Message.objects.filter(pk=holder.pk).update(status=Status.REJECTED)
    soon = timezone.now()
    Message.objects.filter(pk=worse.pk).update(not_before=soon)  # the better one is due later
    Message.objects.filter(pk=better.pk).update(not_before=soon + timedelta(days=5))
    recheck.free_blocked()
    assert held_of(company) == [better]
    assert now_is(worse).blocked_by == "colleague_first"


def test_colleague_whose_score_rose_replaces_the_first(company: Company) -> None:
    lead = person(company, 40)
    first, second = ask(person(company, 50)), ask(lead)
    Lead.objects.filter(pk=lead.pk).update(score=80)
    factories.AssessmentFactory(lead=lead, intent=80, tier="tier_3")
    open_drafts.open_new_drafts()
    recheck.free_blocked()
    assert held_of(company) == [second]
    assert now_is(first).blocked_by == "colleague_first"


def test_replaced_draft_does_not_count_as_a_near_copy(company: Company) -> None:
    first, better = ask(person(company, 40)), ask(person(company, 77))
    assert now_is(first).template_id == better.template_id
    assert recheck.free_blocked() == 0
    assert now_is(better).status == Status.HELD


def test_other_kinds_and_companies_are_left_alone(company: Company) -> None:
    example = ask(person(company, 40, kind=Kind.EXAMPLE))
    elsewhere = ask(person(factories.CompanyFactory(), 40))
    ask(person(company, 77))
    assert now_is(example).status == now_is(elsewhere).status == Status.HELD


def test_follow_up_is_not_replaced(company: Company) -> None:
    lead = person(company, 40)
    first = factories.cleared_email(lead)
    Message.objects.filter(pk=first.pk).update(
        status="sent", transport="ghl", sent_at=timezone.now() - timedelta(days=8)
    )
    follow_up = Message.objects.create(
        lead=lead, assessment=lead.assessments.first(), to_address=lead.email or "",
        step=2, follows=now_is(first),
    )  # fmt: skip
    assert drafts.write_draft(follow_up).status == Status.HELD
    assert ask(person(company, 77)).blocked_by == "colleague_first"
    assert now_is(follow_up).status == Status.HELD


def test_draft_that_could_not_be_written_takes_the_slot_later(company: Company) -> None:
    first = ask(person(company, 40))
    better = factories.draft_email(person(company, 77), intent=77, tier="tier_3")
    assert drafts.write_drafts() == 1
    assert now_is(better).status == Status.HELD
    assert now_is(first).blocked_by == "colleague_first"


def test_typed_draft_on_hold_takes_the_slot_with_its_text(company: Company, reviewer: User) -> None:
    holder, lead = ask(person(company, 77)), person(company, 60)
    waits = ask(lead)
    edit(now_is(waits), reviewer)
    typed = now_is(waits).text.body
    Lead.objects.filter(pk=lead.pk).update(score=90)
    recheck_all()
    assert held_of(company) == [waits]
    assert now_is(waits).text.body == typed
    assert now_is(holder).blocked_by == "colleague_first"
    assert MessageText.objects.filter(message=waits, author=reviewer).exists()


def test_person_without_colleagues_is_asked_nothing_more(
    company: Company, django_assert_num_queries: Any
) -> None:
    alone = person(company, 50)
    drafts.write_draft(factories.draft_email(alone))
    from outreach.drafting import drafting_facts

    batch = drafting_facts.load_batch()
    with django_assert_num_queries(5):
        drafting_facts.load_facts(alone, batch)
    with django_assert_num_queries(5):
        drafting_facts.load_facts_for_slot(alone, batch)


def test_on_hold_names_who_holds_the_slot(company: Company) -> None:
    ask(person(company, 90, first_name="Dana", last_name="Voss"))
    ask(person(company, 60))
    third = ask(person(company, 40))
    recheck_all()
    assert "Dana Voss at Northline is being emailed first" in now_is(third).error
