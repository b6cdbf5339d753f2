"""Spooled bodies that cannot get into the database: raised as alarms, counted for the health
checks.

Each machine may have a spool on a disk of its own. So each spool has its own mark in its alarm
keys, or one whose files are in order would clear the alarm of another.
"""

import time
import uuid
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from caio_project.lib import private_files, times
from caio_project.lib.words.clock_words import stamp_words
from leads.inbound import spool
from leads.integrations import alarms

PREFIX = "spool:"
ALARM_TEXTS = {
    spool.BAD: "cannot be read and are set aside (*.bad). Nothing tries them again.",
    spool.REFUSED: "are refused by the database and tried again every ten minutes (*.refused).",
    "unopened": "cannot be opened, and wait (*.event). Let the web process read and delete them.",
}
WHAT_TO_DO = "What to do is in docs/operations.md, “When a body is stuck in the spool”."
LATE_AFTER = 300.0  # seconds; the drainer runs every two


@dataclass(frozen=True)
class SpoolStatus:
    waiting: int
    since: datetime | None  # when the oldest of them came
    bad: int
    refused: int
    is_writable: bool

    @property
    def is_in_order(self) -> bool:
        # Nothing needs a person. Waiting for a database that is away is no disorder.
        return self.is_writable and not self.bad and not self.refused and not self.is_late

    @property
    def is_late(self) -> bool:
        return self.since is not None and time.time() - self.since.timestamp() > LATE_AFTER

    @property
    def text(self) -> str:
        since = f" since {stamp_words(self.since)}" if self.since else ""
        parts = [f"{self.waiting} wait for the database{since}"] if self.waiting else []
        parts += [f"{self.bad} cannot be read"] if self.bad else []
        parts += [f"{self.refused} are refused by the database"] if self.refused else []
        parts += [] if self.is_writable else [f"nothing more can be kept in {spool.spool_folder()}"]
        return (
            f"{', '.join(parts)}. {'' if self.is_in_order else WHAT_TO_DO}".strip()
            if parts
            else "empty"
        )


def spool_status() -> SpoolStatus:
    """Read from the folder alone: it is asked while the database is away, too."""
    waiting, aside = spool.waiting_files(), spool.set_aside_counts()
    since = _arrival_time(waiting[0]) if waiting else None
    return SpoolStatus(
        len(waiting), since, aside[spool.BAD], aside[spool.REFUSED], spool.is_writable()
    )


def update_alarms(unopened: int) -> None:
    """`unopened`: files of the last drain that could not be opened."""
    counts = spool.set_aside_counts() | {"unopened": unopened}
    for what, count in counts.items():
        if count:
            alarms.raise_alarm(
                _alarm_key(what),
                f"Visits or answers kept in {spool.spool_folder()} {ALARM_TEXTS[what]} "
                f"{WHAT_TO_DO}",
            )
    alarms.clear_open(*(_alarm_key(what) for what, count in counts.items() if not count))


def _arrival_time(path: Path) -> datetime | None:
    nanoseconds = path.name.partition("-")[0]
    if not (nanoseconds.isdecimal() and len(nanoseconds) <= 20):
        return None  # not a name of ours
    return times.parse_time(int(nanoseconds) / 1e9)


def _alarm_key(what: str) -> str:
    return f"{PREFIX}{_spool_mark()}:{what.lstrip('.')}"


def _spool_mark() -> str:
    # Eight characters that stay with the folder.
    file = spool.spool_folder() / ".mark"
    try:
        if not file.exists():
            private_files.make_private_file(file)
            file.write_text(uuid.uuid4().hex[:8])
        return file.read_text()[:8]
    except OSError:  # such as a full disk
        return ""
