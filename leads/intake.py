"""Stored or not acknowledged: a body goes into the database within three seconds, else into the spool.

The spool is drained by the process that wrote it, for web and worker may run on different machines, and by the worker
where they share one. Draining twice is harmless: an event is unique by its body.
"""

import fcntl
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection

from caio_project.lib import deadline
from leads import ingest, spool
from leads.models import Kind

log = logging.getLogger(__name__)

BUDGET_SECONDS = 3.0  # connecting, locks and statement together; RB2B gives up after 15
AWAY_SECONDS = 5.0  # after a failure the database is not waited for again for so long
DRAIN_EVERY = 2.0


@dataclass(frozen=True)
class Accepted:
    public_id: str  # of the event, or the name of the file in the spool
    is_new: bool
    is_spooled: bool = False


def accept(
    source: str, body: bytes, sha256: str, *, cut: bool = False, parked: str = "", kind: str = Kind.LIVE
) -> Accepted:
    """Keep one body in the database or, where that cannot be done in time, in the spool.

    Raises OSError where neither can keep it; then it must not be acknowledged.
    """
    if time.monotonic() >= _state.away_until:
        try:
            with deadline.within(BUDGET_SECONDS):
                stored = ingest.store(source, body, sha256, cut=cut, parked=parked, kind=kind)
            return Accepted(stored.public_id, stored.is_new)
        except DatabaseError as error:
            log.error("the database cannot store a body: %s; it goes into the spool", type(error).__name__)
            _state.away_until = time.monotonic() + AWAY_SECONDS
            connection.close_if_unusable_or_obsolete()
    name = spool.keep(source, body, sha256, cut=cut, parked=parked, kind=str(kind))
    drain_in_background()
    return Accepted(name, True, is_spooled=True)


def drain(most: int = 1000) -> int:
    """Move what waits in the spool into the database, oldest first; stops where the database is away again."""
    done = 0
    with _alone() as alone:
        for path in spool.waiting()[:most] if alone else []:
            waiting = spool.read(path)
            if waiting is None:
                continue
            try:
                ingest.store(
                    waiting.source, waiting.body, waiting.sha256,
                    cut=waiting.cut, parked=waiting.parked, kind=waiting.kind, received_at=waiting.received_at,
                )  # fmt: skip
            except DatabaseError:
                break
            spool.forget(waiting)
            done += 1
    if done:
        log.warning("%s bodies went from the spool into the database", done)
    return done


def drain_in_background() -> None:
    """Start this process's drainer, if something waits and none runs. It is asked after every body that goes into the
    spool, so while one runs the folder, which may be long by then, is not read."""
    with _state.lock:
        if not _state.is_draining and spool.waiting():
            _state.is_draining = True
            threading.Thread(target=_drain_until_empty, name="spool", daemon=True).start()


def _drain_until_empty() -> None:
    while True:
        with _state.lock:  # so that a body kept at this moment finds the drainer either running or gone
            if not spool.waiting():
                _state.is_draining = False
                return
        time.sleep(DRAIN_EVERY)
        try:
            drain()
        except Exception as error:  # the thread must outlive whatever the database or the disk does
            log.error("the spool could not be drained: %s", type(error).__name__)
        finally:
            connection.close()


@contextmanager
def _alone() -> Iterator[bool]:
    """Whether this process may drain now; another one on this machine may be at it."""
    folder = Path(settings.SPOOL_DIR)
    if not folder.is_dir():
        yield False
        return
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True


class _State:
    """What one process remembers."""

    def __init__(self) -> None:
        self.away_until = 0.0
        self.is_draining = False
        self.lock = threading.Lock()


_state = _State()
