"""A total deadline for database work: connecting, waiting for locks, and statements together.

A server that hangs answers nothing, so no timeout of its own ends the wait. Here the connection's
socket is shut at the deadline, as for HTTP; the statement then fails like on a broken connection.
"""

import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections


@contextlib.contextmanager
def database_deadline(seconds: float) -> Iterator[None]:
    """Fail database work with django.db.Error after `seconds`, and close the connection then.

    Establishing a connection is bounded by `connect_timeout` (settings), which libpq rounds up to
    two seconds.
    """
    if connection.vendor == "sqlite":
        with _busy_timeout(seconds):
            yield
        return
    watched = _WatchedConnection(connections[DEFAULT_DB_ALIAS], time.monotonic() + seconds)
    _start_watching(watched)
    try:
        yield
    finally:
        _watched_connections.discard(watched)
        if watched.fired and not connection.in_atomic_block:
            connection.close()


class _WatchedConnection:
    """One piece of work under way, on the connection of the thread that does it."""

    def __init__(self, wrapper: Any, until: float):
        self.wrapper, self.until, self.fired = wrapper, until, False

    def shut(self) -> None:
        """Shut the socket; a connection still being made is shut once it is established."""
        inner = self.wrapper.connection
        if inner is None or inner.closed:
            return
        self.fired = True
        # A duplicate, so that closing it here leaves libpq's own descriptor alone.
        with (
            contextlib.suppress(OSError),
            socket.socket(fileno=os.dup(inner.pgconn.socket)) as duplicate,
        ):
            duplicate.shutdown(socket.SHUT_RDWR)


# One thread for the whole process: starting one for each request took as long as everything else in
# the request.
_watched_connections: set[_WatchedConnection] = set()
_watcher: threading.Thread | None = None
_starting = threading.Lock()
CHECK_INTERVAL = 0.1


def _start_watching(watched: _WatchedConnection) -> None:
    global _watcher
    _watched_connections.add(watched)
    if _watcher is None or not _watcher.is_alive():  # the first time, and in a forked child
        with _starting:
            if _watcher is None or not _watcher.is_alive():
                _watcher = threading.Thread(target=_watch_deadlines, name="deadline", daemon=True)
                _watcher.start()


def _watch_deadlines() -> None:
    while True:
        time.sleep(CHECK_INTERVAL)
        now = time.monotonic()
        for watched in _watched_connections.copy():
            if now >= watched.until and not watched.fired:
                watched.shut()


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
