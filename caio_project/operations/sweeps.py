"""Sends the sweeps whose time has come, and tells whether each was seen in time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Max, QuerySet

from caio_project.lib.db.kept_queries import kept_query
from caio_project.lib.models import HEARTBEAT_INTERVAL, Heartbeat
from caio_project.lib.nudge import wake_worker
from caio_project.lib.words.clock_words import stamp_words
from caio_project.schedule import BUSY_SECONDS, DEFAULT_QUEUE, QUEUE_OF, ROUND, SWEEPS, TICK_SECONDS

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


@kept_query
def _all_heartbeats() -> QuerySet[Heartbeat]:
    return Heartbeat.objects.all()


def read_heartbeats() -> dict[str, Heartbeat]:
    return {beat.name: beat for beat in _all_heartbeats()}


def note_tick(now: datetime, known: Mapping[str, Heartbeat]) -> None:
    """Record that beat sends and a worker works, and, after a pause, that they have started."""
    seen_at = known[BEAT].seen_at if BEAT in known else None
    if seen_at is None or seen_at <= now - PAUSE:
        Heartbeat.beat(STARTED, worked=True, now=now)
    if seen_at is None or seen_at < now - HEARTBEAT_INTERVAL:
        Heartbeat.beat(BEAT, now=now)


def send_due_sweeps(now: datetime, known: Mapping[str, Heartbeat]) -> list[str]:
    """Send the sweeps whose time has come to workers, and return their names.

    Each that worked lately is a task of its own; the others run together (ADR 61). When they were
    sent is noted first, so that a sweep that takes long, or waits for a worker, is not sent with
    every tick.
    """
    due = [name for name, every in SWEEPS.items() if _is_due(known.get(name), every, now)]
    if due:
        missing = [Heartbeat(name=name) for name in due if name not in known]
        Heartbeat.objects.bulk_create(missing, ignore_conflicts=True)
        Heartbeat.objects.filter(name__in=due).update(sent_at=now)
    rounds: dict[str, list[str]] = {}
    for name in due:
        if _is_busy(known.get(name), now):
            wake_worker(name)
        else:
            rounds.setdefault(_queue_of(name), []).append(name)
    for queue, names in rounds.items():
        wake_worker(ROUND, args=[names], queue=queue)
    return due


def _queue_of(name: str) -> str:
    return DEFAULT_QUEUE if settings.EMBEDDED else QUEUE_OF.get(name, DEFAULT_QUEUE)


def _is_due(beat: Heartbeat | None, every: float, now: datetime) -> bool:
    if beat is None or beat.sent_at is None or beat.sent_at > now:  # the clock was set back
        return True
    # Half a tick less: ticks come a little late, and the next would be a whole one later.
    wait = TICK_SECONDS if _is_busy(beat, now) else every
    return beat.sent_at <= now - timedelta(seconds=wait - TICK_SECONDS / 2)


def _is_busy(beat: Heartbeat | None, now: datetime) -> bool:
    worked_at = beat.worked_at if beat else None
    return worked_at is not None and worked_at > now - timedelta(seconds=BUSY_SECONDS)


def sweep_states(now: datetime) -> list[SweepState]:
    seen = {name: beat.seen_at for name, beat in read_heartbeats().items()}
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
