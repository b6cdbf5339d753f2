"""Keeps each body before it is acknowledged: in the database within three seconds, else in the
spool.

The process that wrote the spool drains it, because web and worker may run on different machines;
the worker drains it too where they share one. Draining twice is harmless: an event is unique by its
body.
"""

import fcntl
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import DataError, IntegrityError, connection
from django.db import Error as DatabaseError

from caio_project.lib import private_files
from caio_project.lib.db import deadline
from caio_project.lib.logs.requests import note_event
from leads.inbound import events, spool, stuck_files
from leads.inbound.parked import NO_REASON, StoredReason
from leads.models import Kind

log = logging.getLogger(__name__)

BUDGET_SECONDS = 3.0  # connecting, locks and statement together; RB2B gives up after 15
AWAY_SECONDS = 5.0  # after a failure the database is not waited for again for so long
DRAIN_EVERY = 2.0
REST_EVERY = 30.0  # while only what was refused, or what a killed process has left, is there
THREAD = "spool"
# What is wrong with one body, or with it and the version that runs: it is never a reason to wait
# for the database.
REFUSAL_ERRORS = (DataError, IntegrityError, ValueError, OverflowError)


@dataclass(frozen=True)
class AcceptedBody:
    public_id: str  # of the event, or the name of the file in the spool
    is_new: bool
    is_spooled: bool = False


def accept_body(
    source: str,
    body: bytes,
    sha256: str,
    *,
    parked: StoredReason = NO_REASON,
    kind: str = Kind.LIVE,
) -> AcceptedBody:
    """Keep one body in the database or, where that takes too long, in the spool.

    Raises OSError where neither can keep it; then it must not be acknowledged.
    """

    def store() -> AcceptedBody | None:
        return _store_in_time(source, body, sha256, parked=parked, kind=kind)

    is_asked = time.monotonic() >= _process_state.away_until
    if is_asked and (accepted := store()):
        return accepted
    try:
        name = spool.keep_body(source, body, sha256, parked=parked, kind=str(kind))
    except OSError as error:
        log.error("the spool cannot keep a body: %s", error.strerror)
        if not is_asked and (accepted := store()):  # the database may be back already
            return accepted
        raise
    drain_in_background()
    return AcceptedBody(name, True, is_spooled=True)


def _store_in_time(source: str, body: bytes, sha256: str, **more: Any) -> AcceptedBody | None:
    try:
        with deadline.database_deadline(BUDGET_SECONDS):
            stored = events.store_event(source, body, sha256, **more)
        note_event(stored.public_id)
        log.info("event of %s stored%s", source, "" if stored.is_new else ", again")
        return AcceptedBody(stored.public_id, stored.is_new)
    except REFUSAL_ERRORS as error:
        log.error("the database refuses a body: %s; it goes into the spool", type(error).__name__)
    except DatabaseError as error:
        log.error(
            "the database cannot store a body: %s; it goes into the spool", type(error).__name__
        )
        _process_state.away_until = time.monotonic() + AWAY_SECONDS
    connection.close_if_unusable_or_obsolete()
    return None


def drain_spool(most: int = 1000) -> int:
    """Move waiting files into the database, oldest first, until it is away; returns how many.

    Files that cannot be opened are left, unreadable and refused ones are set aside: neither holds
    up the files behind it, and an alarm reports both.
    """
    with _drain_lock() as alone:
        if not alone:
            return 0
        spool.tidy_folder()
        done, unopened, away = _drain_files(most)
        if done:
            log.warning("%s bodies went from the spool into the database", done)
        if not away:
            stuck_files.update_alarms(unopened)
        return done


def _drain_files(most: int) -> tuple[int, int, bool]:
    done = unopened = 0
    for path in spool.waiting_files():
        if done >= most:
            break
        try:
            done += _store_file(path)
        except FileNotFoundError:
            continue  # another process had it
        except OSError as error:
            unopened += 1
            log.error("%s in the spool cannot be opened: %s", path.name, error.strerror)
        except DatabaseError as error:
            log.error("the spool waits for the database: %s", type(error).__name__)
            return done, unopened, True
    return done, unopened, False


def _store_file(path: Path) -> bool:
    """Store one file and delete it; False where it was set aside.

    Raises OSError and DatabaseError.
    """
    waiting = spool.read_file(path)
    if waiting is None:
        return False
    try:
        events.store_event(
            waiting.source,
            waiting.body,
            waiting.sha256,
            parked=waiting.parked,
            kind=waiting.kind,
            received_at=waiting.received_at,
        )
    except REFUSAL_ERRORS as error:
        log.error(
            "%s in the spool is refused by the database: %s; it is set aside",
            path.name,
            type(error).__name__,
        )
        spool.set_aside(path, spool.REFUSED)
        return False
    spool.forget_file(waiting)
    return True


def drain_in_background() -> None:
    """Start this process's drainer thread, if there is work and none runs.

    While one runs, the folder is not read: it may be long by then.
    """
    with _process_state.lock:
        if not _process_state.is_draining and spool.has_work():
            _process_state.is_draining = True
            threading.Thread(target=_drain_until_empty, name=THREAD, daemon=True).start()


def _drain_until_empty() -> None:
    while _has_work():
        _process_state.hurry.wait(DRAIN_EVERY if spool.waiting_files() else REST_EVERY)
        _process_state.hurry.clear()
        try:
            drain_spool()
        except Exception as error:  # the thread must outlive whatever the database or the disk does
            log.error("the spool could not be drained: %s", type(error).__name__)
        finally:
            connection.close()


def _has_work() -> bool:
    # Asked under the lock, so that a body kept now finds the drainer either running or gone.
    with _process_state.lock:
        _process_state.is_draining = spool.has_work()
        return _process_state.is_draining


@contextmanager
def _drain_lock() -> Iterator[bool]:
    if not spool.spool_folder().is_dir():
        yield False
        return
    lock_path = spool.spool_folder() / ".lock"
    with open(lock_path, "w", opener=private_files.open_private) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True


class _ProcessState:
    def __init__(self) -> None:
        self.away_until = 0.0
        self.is_draining = False
        self.lock = threading.Lock()
        self.hurry = threading.Event()  # the drainer is not to wait for its next turn


_process_state = _ProcessState()
