"""Which commit each process runs, so that a part that was not deployed is seen."""

import os
import secrets
import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import DatabaseError
from django.utils import timezone

from caio_project.lib.db.caches import process_cache
from caio_project.lib.models import Release, RunningProcess
from caio_project.lib.running_commit import running_commit

Part = RunningProcess.Part
NOTED_EVERY = 60.0  # seconds between two notes of one process
RUNNING_WITHIN = timedelta(minutes=5)  # a process that was not seen for so long has ended
PAGE_SECONDS = 30  # what the foot of a page says may be so old
DEPLOY_TAKES = timedelta(minutes=10)  # while a deploy replaces processes, both releases run


class _Noted:
    """When this process last noted each part; a fork of it is a process of its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pid, self._tokens, self._at = 0, dict[str, str](), dict[str, float]()

    def due(self, part: str) -> str:
        """The token to note now; "" where it was noted within the minute."""
        with self._lock:
            if self._pid != os.getpid():
                self._pid, self._tokens, self._at = os.getpid(), {}, {}
            now = time.monotonic()
            if now - self._at.get(part, -NOTED_EVERY) < NOTED_EVERY:
                return ""
            self._at[part] = now
            return self._tokens.setdefault(part, secrets.token_hex(16))


noted = _Noted()


def note_process(part: str, commit: str = "") -> None:
    """Store, at most once a minute, that a process of `part` runs `commit` (default: this one's).

    Raises nothing: a request and a task go on without it.
    """
    if not (token := noted.due(part)):
        return
    try:
        _store(token, part, commit or running_commit(), timezone.now())
    except DatabaseError:
        return


def _store(token: str, part: str, commit: str, now: datetime) -> None:
    seen = {"part": part, "commit": commit, "seen_at": now}
    if not RunningProcess.objects.filter(token=token).update(**seen):
        RunningProcess.objects.bulk_create(
            [RunningProcess(token=token, **seen)], ignore_conflicts=True
        )
        Release.objects.bulk_create(
            [Release(commit=commit, first_seen_at=now)], ignore_conflicts=True
        )
        RunningProcess.objects.filter(seen_at__lt=now - RUNNING_WITHIN).delete()


@dataclass(frozen=True)
class RunningRelease:
    commit: str
    first_seen_at: datetime
    parts: tuple[str, ...]  # of web, worker, beat

    @property
    def short(self) -> str:
        return self.commit[:7]


def running_releases(now: datetime) -> list[RunningRelease]:
    parts: dict[str, set[str]] = {}
    for part, commit in RunningProcess.objects.filter(
        seen_at__gte=now - RUNNING_WITHIN
    ).values_list("part", "commit"):
        parts.setdefault(commit, set()).add(part)
    known = Release.objects.filter(commit__in=parts).order_by("-first_seen_at")
    return [
        RunningRelease(
            one.commit,
            one.first_seen_at,
            tuple(part for part in Part.values if part in parts[one.commit]),
        )
        for one in known
    ]


def left_behind(now: datetime) -> str:
    """Which part still runs an older release, as a sentence; "" where none does."""
    running = running_releases(now)
    if len(running) < 2 or running[0].first_seen_at > now - DEPLOY_TAKES:
        return ""
    newest, *older = running
    return " ".join(
        f"{' and '.join(one.parts).capitalize()} still run{'s' if len(one.parts) == 1 else ''} "
        f"release {one.short}; {' and '.join(newest.parts)} "
        f"run{'s' if len(newest.parts) == 1 else ''} the newer {newest.short}. "
        "Deploy it there, too."
        for one in older
    )


@dataclass(frozen=True)
class PageRelease:
    """What the foot of each page says: this process's commit, and who runs an older one."""

    commit: str
    first_seen_at: datetime | None
    left_behind: str

    @property
    def short(self) -> str:
        return self.commit[:7]


def release_of_page() -> PageRelease:
    found = process_cache.get("release-of-page")
    if found is None:
        commit = running_commit()
        own = Release.objects.filter(commit=commit).first()
        since = own.first_seen_at if own else None
        found = PageRelease(commit, since, left_behind(timezone.now()))
        process_cache.set("release-of-page", found, PAGE_SECONDS)
    return found
