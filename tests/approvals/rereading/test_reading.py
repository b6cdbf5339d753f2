"""Who re-reads which email, what is stored, and what is refused."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.utils import timezone

from approvals.decisions import claims
from approvals.models import Rereading, RereadingItem, RereadingReason
from approvals.rereading import reading
from approvals.rereading.reading import RereadingRefused, Typed
from leads.suppression import suppression
from outreach.auto_approval import template_runs
from outreach.models import Message, MessageText, TemplateRun
from outreach.review import review_actions
from tests.approvals.rereading.reread_steps import (
    REASON,
    approved,
    chance_items,
    give,
    judge,
    next_morning,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("assisted")]


@pytest.fixture
def items(settings: Any, clock: Any) -> list[RereadingItem]:
    settings.REREADING_ONE_IN = 1
    approved(6)
    next_morning(clock)
    return chance_items()


@pytest.fixture
def colleague(db: None) -> User:
    user = User.objects.create_user("cora")
    user.groups.add(Group.objects.get(name="Reviewer"))
    return user


def test_the_next_email_is_kept_until_judged(items: list[Any], reviewer: User) -> None:
    first = reading.take_next(reviewer)
    assert first == reading.take_next(reviewer) == reading.current_item(reviewer)
    judge(first, reviewer)
    assert reading.current_item(reviewer) is None
    assert reading.take_next(reviewer) != first


def test_two_people_have_different_emails(
    items: list[Any], reviewer: User, colleague: User
) -> None:
    assert reading.take_next(reviewer) != reading.take_next(colleague)


def test_an_email_left_alone_goes_to_a_colleague(
    items: list[Any], reviewer: User, colleague: User
) -> None:
    RereadingItem.objects.exclude(pk=items[0].pk).delete()
    assert reading.take_next(reviewer) == items[0]
    assert reading.take_next(colleague) is None
    give(items[0], reviewer)
    RereadingItem.objects.update(shown_at=timezone.now() - timedelta(minutes=11))
    assert reading.take_next(colleague) == items[0]
    with pytest.raises(RereadingRefused, match=f"{colleague.username} has this email now"):
        reading.store_judgement(items[0], reviewer, Typed("approve"))


def test_what_was_read_does_not_come_back(
    items: list[Any], reviewer: User, colleague: User
) -> None:
    for item in items:
        judge(item, reviewer)
    RereadingItem.objects.exclude(pk__in=[one.pk for one in items]).delete()
    assert reading.take_next(reviewer, more=True) is None
    assert reading.take_next(colleague) is None


def test_three_a_day_unless_more_is_asked_for(items: list[Any], reviewer: User, clock: Any) -> None:
    for _ in range(reading.A_DAY):
        judge(reading.take_next(reviewer), reviewer)
    with pytest.raises(RereadingRefused, match="re-read 3 today"):
        reading.take_next(reviewer)
    assert reading.current_item(reviewer) is None
    assert reading.take_next(reviewer, more=True) is not None
    RereadingItem.objects.update(reader=None)
    clock.shift(timedelta(days=1))
    assert reading.take_next(reviewer) is not None


def read_it(message: Message, user: User) -> None:
    claims.record_reading(message, user)


def wrote_it(message: Message, user: User) -> None:
    MessageText.objects.create(
        message=message, version=9, subject="s", body="b", footer="f", sha256="x", author=user
    )


def was_returned(message: Message, user: User) -> None:
    review_actions.return_machine_approved()


def erased_it(message: Message, user: User) -> None:
    MessageText.objects.update(body="")


def grew_old(message: Message, user: User) -> None:
    RereadingItem.objects.update(created_at=timezone.now() - timedelta(days=31))


@pytest.mark.parametrize("happened", [read_it, wrote_it, was_returned, erased_it, grew_old])
def test_some_emails_are_not_shown(happened: Any, items: list[Any], reviewer: User) -> None:
    RereadingItem.objects.exclude(pk=items[0].pk).delete()
    happened(items[0].message, reviewer)
    assert reading.take_next(reviewer) is None


def test_a_test_of_an_email_that_was_read_is_not_shown(items: list[Any], reviewer: User) -> None:
    judge(items[0], reviewer)
    RereadingItem.objects.filter(rereading=None).delete()
    RereadingItem.objects.create(
        message=items[0].message, version=1, machine=True, fault="wrong_name"
    )
    assert reading.take_next(reviewer) is None


@pytest.mark.parametrize("judgement", ["edit", "reject"])
def test_a_no_has_a_tag_and_a_reason(judgement: str, items: list[Any], reviewer: User) -> None:
    made = judge(items[0], reviewer, judgement)
    assert (made.judgement, made.tag, made.by, made.by_name) == (
        judgement, "tone_style", reviewer, "rita",
    )  # fmt: skip
    assert made.reason.text == REASON


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        (Typed("maybe"), "judgement"),
        (Typed(""), "judgement"),
        (Typed("reject"), "tag"),
        (Typed("reject", "no_tag", REASON), "tag"),
        (Typed("edit", "other", "too short"), "reason"),
        (Typed("reject", "other", "   "), "reason"),
    ],
)
def test_wrong_input_stores_nothing(
    typed: Typed, field: str, items: list[Any], reviewer: User
) -> None:
    with pytest.raises(RereadingRefused) as refused:
        reading.store_judgement(give(items[0], reviewer), reviewer, typed)
    assert refused.value.field == field
    assert not Rereading.objects.exists() and not RereadingReason.objects.exists()


def test_it_must_have_been_read(items: list[Any], reviewer: User) -> None:
    item = reading.take_next(reviewer)
    with pytest.raises(RereadingRefused, match="Read it to the end first: [0-9]+ more seconds"):
        reading.store_judgement(RereadingItem.objects.get(pk=item.pk), reviewer, Typed("approve"))
    assert not Rereading.objects.exists()


def test_a_judgement_is_stored_once(items: list[Any], reviewer: User) -> None:
    judge(items[0], reviewer)
    with pytest.raises(RereadingRefused):
        judge(items[0], reviewer, "reject")
    assert Rereading.objects.get().judgement == "approve"


def test_judgements_are_append_only(items: list[Any], reviewer: User) -> None:
    made = judge(items[0], reviewer)
    with pytest.raises(TypeError, match="append-only"):
        made.delete()
    with pytest.raises(TypeError, match="append-only"):
        made.save()


def test_a_reading_ends_a_run_of_the_template(items: list[Any], reviewer: User) -> None:
    TemplateRun.objects.update(approved=template_runs.MOST_IN_A_ROW)
    judge(items[0], reviewer)
    assert template_runs.full_runs() == []


def test_a_test_ends_no_run(items: list[Any], reviewer: User) -> None:
    TemplateRun.objects.update(approved=template_runs.MOST_IN_A_ROW)
    RereadingItem.objects.filter(pk=items[0].pk).update(fault="no_footer")
    judge(RereadingItem.objects.get(pk=items[0].pk), reviewer, "reject")
    assert len(template_runs.full_runs()) == 1


@pytest.mark.parametrize(("judgement", "status"), [("reject", "held"), ("approve", "cleared")])
def test_a_rejected_email_that_has_not_left_waits_for_a_person(
    judgement: str, status: str, items: list[Any], reviewer: User
) -> None:
    judge(items[0], reviewer, judgement)
    assert Message.objects.get(pk=items[0].message_id).status == status


def test_a_reading_changes_no_email_that_was_stopped(items: list[Any], reviewer: User) -> None:
    message = items[0].message
    suppression.suppress(message.to_address, "unsubscribed", "test", message.lead)
    review_actions.withdraw_open_emails(message.lead, "unsubscribed")
    judge(RereadingItem.objects.get(pk=items[0].pk), reviewer, "reject")
    assert Message.objects.get(pk=message.pk).status == "withdrawn"
