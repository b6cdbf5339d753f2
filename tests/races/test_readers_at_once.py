"""Two people at one drawn email, and at one email for practice: one answer, the other told who."""

import random
from datetime import timedelta

import pytest
from django.utils import timezone

from approvals.decisions import decisions
from approvals.decisions.decisions import Decider, DecisionRefused
from approvals.models import Decision, Rereading, RereadingItem, RereadingReason
from approvals.rereading import reading
from approvals.rereading.reading import RereadingRefused, Typed
from approvals.training import results, seeding
from outreach.models import Message
from tests import factories
from tests.conftest import person
from tests.races.conftest import at_once, now_is

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("sender", "loose"),
]
ROUNDS = 12
REASON = "The first line is about us, not about them."
REJECT = Typed("reject", "tone_style", REASON)


def drawn() -> RereadingItem:
    message = factories.cleared_email()
    long_ago = timezone.now() - timedelta(minutes=11)
    return RereadingItem.objects.create(
        message=message, version=1, machine=True, approved_at=long_ago, shown_at=long_ago
    )


def test_of_two_readers_one_judges_and_the_other_is_told_who(committed: None) -> None:
    rita, sam = person("rita", "Reviewer"), person("sam", "Reviewer")
    winners = set()
    for _ in range(ROUNDS):
        item = drawn()

        def read(user: object, typed: Typed, item: RereadingItem = item) -> object:
            mine = reading.take_next(user, more=True)
            if mine is None:
                return None
            long_ago = timezone.now() - timedelta(minutes=11)
            RereadingItem.objects.filter(pk=item.pk).update(shown_at=long_ago)
            mine.shown_at = long_ago
            return reading.store_judgement(mine, user, typed)

        found = at_once(lambda: read(rita, Typed("approve")), lambda: read(sam, REJECT))  # noqa: B023
        made = Rereading.objects.get(item=item)
        winners.add(made.by_name)
        (late,) = [one for one in found if not isinstance(one, Rereading)]
        assert late is None or isinstance(late, RereadingRefused), late
        if late is not None:
            assert made.by_name in late.text and "Your answer was not stored." in late.text
        is_rejected = made.judgement == "reject"
        assert RereadingReason.objects.filter(rereading=made).count() == is_rejected
        assert (now_is(item.message).status, made.by) == (
            "cleared",
            rita if not is_rejected else sam,
        )


def test_both_have_it_on_the_screen_and_send_at_once(committed: None) -> None:
    rita, sam = person("rita", "Reviewer"), person("sam", "Reviewer")
    for _ in range(ROUNDS):
        item = drawn()
        assert reading.take_next(rita, more=True) == item
        long_ago = timezone.now() - timedelta(minutes=11)
        RereadingItem.objects.filter(pk=item.pk).update(shown_at=long_ago)
        ritas = RereadingItem.objects.get(pk=item.pk)
        assert reading.take_next(sam, more=True) == item
        RereadingItem.objects.filter(pk=item.pk).update(shown_at=long_ago)
        sams = RereadingItem.objects.get(pk=item.pk)
        first, second, again = at_once(
            lambda: reading.store_judgement(ritas, rita, Typed("approve")),  # noqa: B023
            lambda: reading.store_judgement(sams, sam, REJECT),  # noqa: B023
            lambda: reading.store_judgement(sams, sam, Typed("approve")),  # noqa: B023
        )
        made = Rereading.objects.get(item=item)
        assert made.by == sam and isinstance(first, RereadingRefused)
        assert "sam has" in first.text
        assert sum(isinstance(one, RereadingRefused) for one in (second, again)) == 1


def test_two_at_one_email_for_practice(committed: None) -> None:
    rita, sam = person("rita", "Reviewer"), person("sam", "Reviewer")
    trainings = seeding.seed_training_emails(ROUNDS, chance=random.Random(7))
    for training in trainings:
        messages = [Message.objects.get(pk=training.message_id) for _ in range(3)]
        found = at_once(
            lambda: decisions.approve(messages[0], 1, Decider(rita, "desk")),  # noqa: B023
            lambda: decisions.reject(  # noqa: B023
                messages[1],
                1,
                Decider(sam, "slack"),
                tag="other",
                reason=REASON,  # noqa: B023
            ),
            lambda: decisions.reject(  # noqa: B023
                messages[2],
                1,
                Decider(sam, "desk"),
                tag="other",
                reason=REASON,  # noqa: B023
            ),
        )
        made = Decision.objects.get(message=training.message)
        late = [one for one in found if isinstance(one, Exception)]
        assert len(late) == 2 and all(isinstance(one, DecisionRefused) for one in late)
        assert all(made.by_name in str(one) for one in late)
    over = timezone.now() + timedelta(hours=1)
    counted = [one.message for row in results.training_state(over).results for one in row.answers]
    assert len(counted) == len(set(counted)) == ROUNDS
