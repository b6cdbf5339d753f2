"""Work is begun again where others came in between, but not for ever."""

import pytest

from leads import locks
from leads.models import Alarm, Lead

pytestmark = pytest.mark.django_db


def test_work_that_others_came_in_between_of_is_begun_again_from_nothing() -> None:
    tries: list[int] = []

    def work() -> int:
        tries.append(Alarm.objects.count())
        Alarm.objects.create(key=f"try:{len(tries)}", text="")
        if len(tries) < 3:
            raise locks.LeadsChanged
        return len(tries)

    assert locks.retry_until_unchanged(work) == 3
    assert tries == [0, 0, 0]
    assert list(Alarm.objects.values_list("key", flat=True)) == ["try:3"]


def test_work_that_meets_the_same_fault_each_time_ends_and_leaves_nothing() -> None:
    tries: list[int] = []

    def work() -> None:
        tries.append(1)
        Alarm.objects.create(key=f"try:{len(tries)}", text="")
        raise locks.LeadsChanged

    with pytest.raises(locks.LeadsChanged):
        locks.retry_until_unchanged(work)
    assert len(tries) == locks.MOST_TRIES
    assert not Alarm.objects.exists()


def test_lead_that_is_gone_cannot_be_locked() -> None:
    with pytest.raises(Lead.DoesNotExist):
        locks.lock_lead(1)
