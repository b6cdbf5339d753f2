"""A total deadline for work on the database: connecting, waiting for locks and statements together.

A server that hangs (stopped, overloaded, behind a dead network) answers nothing, so no timeout of its own ends the
wait. Here the connection's socket is shut at the deadline, as for HTTP; the statement
then fails like on a broken connection.
"""

import contextlib
import os
import socket
import threading
from collections.abc import Iterator

from django.db import DEFAULT_DB_ALIAS, connection, connections


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    """Let database work inside fail with django.db.Error after `seconds`; the connection is closed where it did.

    Establishing a connection is bounded by `connect_timeout` (settings), which libpq rounds up to two seconds.
    """
    if connection.vendor == "sqlite":
        with _busy_timeout(seconds):
            yield
        return
    watch = threading.Timer(seconds, _shut)
    # This thread's own connection: `django.db.connection` would mean the timer's thread's there.
    watch.args = (connections[DEFAULT_DB_ALIAS], watch)  # type: ignore[attr-defined]
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        watch.cancel()
        if getattr(watch, "fired", False) and not connection.in_atomic_block:
            connection.close()


def _shut(wrapper: object, watch: threading.Timer) -> None:
    watch.fired = True  # type: ignore[attr-defined]
    inner = getattr(wrapper, "connection", None)
    if inner is None or inner.closed:
        return
    # A duplicate, so that closing it here leaves libpq's own descriptor alone.
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(inner.pgconn.socket)) as twin:
        twin.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def _busy_timeout(seconds: float) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        before = cursor.fetchone()[0]
        cursor.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA busy_timeout = {int(before)}")
