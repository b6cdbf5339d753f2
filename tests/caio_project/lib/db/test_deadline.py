"""Database work ends at its deadline, whatever the server is busy with, and the next work finds a
connection.
"""

import time

import pytest
from django.db import Error, connection

from caio_project.lib.db import deadline

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("committed")]


def asleep(seconds: float) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(%s)", [seconds])


def test_a_statement_that_takes_longer_fails_at_the_deadline() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [abandoned] = cursor.fetchone()
    started = time.monotonic()
    with pytest.raises(Error), deadline.database_deadline(0.5):
        asleep(20)
    assert 0.45 < time.monotonic() - started < 10
    with (
        connection.cursor() as cursor
    ):  # the server itself goes on until it looks at its socket again
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [abandoned])
        assert cursor.fetchone() == (True,)


def test_what_ends_in_time_is_left_alone() -> None:
    with deadline.database_deadline(2):
        asleep(0.05)
    inner = connection.connection
    asleep(2.2)
    assert connection.connection is inner
