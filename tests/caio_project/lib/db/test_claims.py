"""Taking work: a lease that one worker holds, that a crash cannot keep, and that is asked for again
in the UPDATE.
"""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from caio_project.lib.db import claims
from leads.models import InboundEvent


def event(number: int, **fields: object) -> InboundEvent:
    return InboundEvent.objects.create(
        source="rb2b", body_sha256=f"{number:064d}", body=b"{}", **fields
    )


def due():
    return InboundEvent.objects.filter(state="waiting").order_by("pk")


@pytest.mark.django_db
def test_leasing_a_row_counts_one_attempt() -> None:
    row = event(1)
    before = timezone.now()
    [leased] = claims.lease_rows(due(), 60)
    assert leased.pk == row.pk
    assert leased.attempts == 1
    assert (
        before + timedelta(seconds=60)
        <= leased.lease_until
        <= timezone.now() + timedelta(seconds=60)
    )


@pytest.mark.django_db
def test_a_leased_row_is_skipped_until_its_lease_ends() -> None:
    row = event(1)
    assert [r.pk for r in claims.lease_rows(due(), 60)] == [row.pk]
    assert list(claims.lease_rows(due(), 60)) == []
    row.refresh_from_db()
    assert row.attempts == 1

    InboundEvent.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert [r.attempts for r in claims.lease_rows(due(), 60)] == [2]


@pytest.mark.django_db
def test_two_sweeps_never_lease_the_same_row() -> None:
    for number in range(4):
        event(number)
    one, other = claims.lease_rows(due(), 60), claims.lease_rows(due(), 60)
    taken = [next(one).pk, next(other).pk, *[r.pk for r in one], *[r.pk for r in other]]
    assert sorted(taken) == sorted(due().values_list("pk", flat=True))
    assert set(InboundEvent.objects.values_list("attempts", flat=True)) == {1}


@pytest.mark.django_db
def test_a_row_no_longer_due_is_left_alone() -> None:
    event(1)
    second = event(2)
    sweep = claims.lease_rows(due(), 60)
    next(sweep)
    InboundEvent.objects.filter(pk=second.pk).update(state="processed")
    assert list(sweep) == []
    second.refresh_from_db()
    assert (second.attempts, second.lease_until) == (0, None)


@pytest.mark.django_db
def test_a_sweep_ends_after_its_batch_in_order() -> None:
    rows = [event(number) for number in range(5)]
    assert [r.pk for r in claims.lease_rows(due(), 60, batch=3)] == [r.pk for r in rows[:3]]
    assert due().filter(attempts=0).count() == 2


@pytest.mark.django_db
def test_a_sweep_says_whenever_it_has_read_rows_again() -> None:
    rows, read = [event(number) for number in range(3)], []
    sweep = claims.lease_rows(due(), 60, on_read=lambda: read.append(len(read)))
    assert next(sweep).pk == rows[0].pk
    assert read == [0]
    InboundEvent.objects.filter(pk=rows[1].pk).update(attempts=1)  # another worker had it
    assert {r.pk: read[-1] for r in sweep} == {rows[2].pk: 1}
    assert InboundEvent.objects.get(pk=rows[1].pk).attempts == 1


@pytest.mark.django_db
def test_a_claim_changes_only_the_matching_row() -> None:
    row = event(1)
    waiting = InboundEvent.objects.filter(pk=row.pk, state="waiting")
    assert claims.claim_row(waiting, state="processed") is True
    assert claims.claim_row(waiting, state="parked") is False
    row.refresh_from_db()
    assert row.state == "processed"


@pytest.mark.postgres
@pytest.mark.usefixtures("committed")
def test_ten_workers_take_each_row_exactly_once() -> None:
    for number in range(30):
        event(number)
    taken: list[int] = []
    start = threading.Barrier(10)

    def work() -> None:
        try:
            start.wait()
            taken.extend(row.pk for row in claims.lease_rows(due(), 60))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(taken) == sorted(due().values_list("pk", flat=True))
    assert set(InboundEvent.objects.values_list("attempts", flat=True)) == {1}


@pytest.mark.parametrize(
    ("attempts", "seconds"),
    [(0, 2), (1, 2), (2, 4), (3, 8), (4, 16), (11, 2048), (12, 3600), (40, 3600), (100_000, 3600)],
)
def test_the_wait_doubles_up_to_an_hour(attempts: int, seconds: int) -> None:
    assert claims.retry_delay(attempts) == timedelta(seconds=seconds)


@given(st.integers(0, 32767), st.floats(0.1, 600), st.floats(1, 86400))
def test_waits_never_shrink_nor_pass_the_longest(
    attempts: int, base: float, longest: float
) -> None:
    waits = [claims.retry_delay(n, base, longest) for n in (attempts, attempts + 1)]
    assert timedelta(0) < waits[0] <= waits[1] <= timedelta(seconds=longest)
