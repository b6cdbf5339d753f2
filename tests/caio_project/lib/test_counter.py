"""Numbers that become visible in their order, without gaps; and signs of life that cost little."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from caio_project.lib.models import Counter, Heartbeat


@pytest.mark.django_db
def test_each_name_counts_up_from_one() -> None:
    assert [Counter.next("a"), Counter.next("a"), Counter.next("b"), Counter.next("a")] == [
        1,
        2,
        1,
        3,
    ]


@pytest.mark.django_db
def test_a_rolled_back_number_is_given_again() -> None:
    Counter.next("a")
    with pytest.raises(RuntimeError), transaction.atomic():
        assert Counter.next("a") == 2
        raise RuntimeError
    assert Counter.next("a") == 2


@pytest.mark.postgres
@pytest.mark.usefixtures("committed")
def test_a_later_number_waits_for_the_earlier_commit() -> None:
    Counter.next("a")
    taken, committed, seen = threading.Event(), threading.Event(), []

    def first() -> None:
        with transaction.atomic():
            Counter.next("a")
            taken.set()
            committed.wait(0.5)
            seen.append("first")
        connection.close()

    def second() -> None:
        taken.wait(5)
        with transaction.atomic():
            seen.append(Counter.next("a"))
        connection.close()

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert seen == ["first", 3]


@pytest.mark.postgres
@pytest.mark.usefixtures("committed")
def test_twenty_concurrent_callers_get_different_numbers() -> None:
    numbers: list[int] = []
    start = threading.Barrier(20)

    def take() -> None:
        try:
            start.wait()
            with transaction.atomic():
                numbers.append(Counter.next("new"))
        finally:
            connection.close()

    threads = [threading.Thread(target=take) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(numbers) == list(range(1, 21))


@pytest.mark.django_db
def test_an_idle_heartbeat_is_written_every_half_minute() -> None:
    now = timezone.now()
    seen = []
    for seconds in (0, 15, 30, 31):
        Heartbeat.beat("sweep", now=now + timedelta(seconds=seconds))
        seen.append((Heartbeat.objects.get(name="sweep").seen_at - now).total_seconds())
    assert seen == [0, 0, 0, 31]
    assert Heartbeat.objects.get(name="sweep").worked_at is None


@pytest.mark.django_db
def test_a_working_heartbeat_is_always_written() -> None:
    now = timezone.now()
    Heartbeat.beat("sweep", now=now)
    Heartbeat.beat("sweep", worked=True, now=now + timedelta(seconds=1))
    Heartbeat.beat("sweep", now=now + timedelta(seconds=60))
    row = Heartbeat.objects.get()
    assert row.worked_at == now + timedelta(seconds=1)
    assert row.seen_at == now + timedelta(seconds=60)


@pytest.mark.django_db
def test_a_heartbeat_that_was_sent_and_never_seen_is_written() -> None:
    now = timezone.now()
    Heartbeat.objects.create(name="sweep", sent_at=now)
    Heartbeat.beat("sweep", now=now)
    row = Heartbeat.objects.get()
    assert (row.seen_at, row.worked_at, row.sent_at) == (now, None, now)
