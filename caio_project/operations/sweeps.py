"""Whether beat and every sweep were seen in time, or have not had their time since the start."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Max
from django.utils import timezone

from caio_project.lib.models import Heartbeat
from caio_project.schedule import SWEEPS

ALIVE_WITHIN = timedelta(minutes=5)
BEAT, STARTED, TICK = "beat", "started", "caio_project.tick"
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
        return f"{self.name} was last seen at {self.seen_at:%Y-%m-%d %H:%M} UTC."


def note_tick(now: datetime | None = None) -> None:
    """Record that beat sends and a worker works, and, after a pause, that they have started."""
    now = now or timezone.now()
    if not Heartbeat.objects.filter(name=BEAT, seen_at__gt=now - PAUSE).exists():
        Heartbeat.beat(STARTED, worked=True, now=now)
    Heartbeat.beat(BEAT, worked=True, now=now)


def sweep_states(now: datetime) -> list[SweepState]:
    seen = dict(Heartbeat.objects.values_list("name", "seen_at"))
    names = (BEAT, *(sweep for sweep in SWEEPS if sweep != TICK))
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
