"""Sends the sweeps whose time has come, and tells whether each was seen in time."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Max
from django.utils import timezone

from caio_project.lib.models import Heartbeat
from caio_project.lib.nudge import wake_worker
from caio_project.lib.words.clock_words import stamp_words
from caio_project.schedule import BUSY_SECONDS, SWEEPS, TICK_SECONDS

ALIVE_WITHIN = timedelta(minutes=5)
BEAT, STARTED = "beat", Heartbeat.STARTED
# Shorter than ALIVE_WITHIN by more than the longest interval of a sweep: after a shorter pause
# every sweep is seen again in time.
PAUSE = timedelta(minutes=2, seconds=30)


@dataclass(frozen=True)
class SweepState:
    """When a sweep was last seen; `is_starting` while it has not had its time since the start."""

    name: str
    seen_at: datetime | None
    is_alive: bool
    is_starting: bool

    @property
    def sentence(self) -> str:
        if self.is_starting:
            return f"{self.name} is starting: it has not had its time yet."
        if self.seen_at is None:
            return f"{self.name} was never seen."
        return f"{self.name} was last seen at {stamp_words(self.seen_at)}."


def note_tick(now: datetime | None = None) -> None:
    """Record that beat sends and a worker works, and, after a pause, that they have started."""
    now = now or timezone.now()
    if not Heartbeat.objects.filter(name=BEAT, seen_at__gt=now - PAUSE).exists():
        Heartbeat.beat(STARTED, worked=True, now=now)
    Heartbeat.beat(BEAT, now=now)


def send_due_sweeps(now: datetime | None = None) -> list[str]:
    """Send each sweep whose time has come to a worker, as a task of its own; returns their names.

    When it was sent is noted first, so that a sweep that takes long, or waits for a worker, is not
    sent with every tick.
    """
    now = now or timezone.now()
    known = {beat.name: beat for beat in Heartbeat.objects.all()}
    due = [name for name, every in SWEEPS.items() if _is_due(known.get(name), every, now)]
    if due:
        missing = [Heartbeat(name=name) for name in due if name not in known]
        Heartbeat.objects.bulk_create(missing, ignore_conflicts=True)
        Heartbeat.objects.filter(name__in=due).update(sent_at=now)
    for name in due:
        wake_worker(name)
    return due


def _is_due(beat: Heartbeat | None, every: float, now: datetime) -> bool:
    if beat is None or beat.sent_at is None or beat.sent_at > now:  # the clock was set back
        return True
    is_busy = beat.worked_at is not None and beat.worked_at > now - timedelta(seconds=BUSY_SECONDS)
    # Half a tick less: ticks come a little late, and the next would be a whole one later.
    wait = TICK_SECONDS if is_busy else every
    return beat.sent_at <= now - timedelta(seconds=wait - TICK_SECONDS / 2)


def sweep_states(now: datetime) -> list[SweepState]:
    seen = dict(Heartbeat.objects.values_list("name", "seen_at"))
    names = (BEAT, *SWEEPS)
    late_ones = [name for name in names if not _is_alive(seen.get(name), now)]
    starts = bool(late_ones) and _has_just_started(seen.get(STARTED), now)
    return [
        SweepState(name, seen.get(name), name not in late_ones, name in late_ones and starts)
        for name in names
    ]


def newest_sign(now: datetime) -> tuple[datetime | None, bool]:
    """When anything of the background work was last seen, and whether that is alive."""
    newest = Heartbeat.objects.exclude(name=STARTED).aggregate(at=Max("seen_at"))["at"]
    return newest, _is_alive(newest, now)


def _is_alive(at: datetime | None, now: datetime) -> bool:
    return at is not None and at > now - ALIVE_WITHIN


def _has_just_started(started_at: datetime | None, now: datetime) -> bool:
    """Since the first tick; before it, since the database was last migrated: with each deploy."""
    migrated = MigrationRecorder.Migration.objects.filter(applied__lte=now)
    starts = (started_at, migrated.aggregate(at=Max("applied"))["at"])
    return any(_is_alive(at, now) for at in starts)
