from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone

# A heartbeat is written at most this often, so that idle sweeps cost no writes.
HEARTBEAT_INTERVAL = timedelta(seconds=30)


class Heartbeat(models.Model):
    STARTED = "started"  # the name of when background work began, after a pause

    name = models.CharField(max_length=80, primary_key=True)
    seen_at = models.DateTimeField(null=True, help_text="When it last ended well.")
    worked_at = models.DateTimeField(
        null=True, help_text="When it last had something to do and did it."
    )
    sent_at = models.DateTimeField(
        null=True, help_text="When the schedule last sent it to a worker."
    )

    def __str__(self) -> str:
        return self.name

    @classmethod
    def beat(cls, name: str, *, worked: bool = False, now: datetime | None = None) -> None:
        if not worked and (idle := _collected.get()) is not None:
            idle.append(name)
            return
        now = now or timezone.now()
        changes = {"seen_at": now, **({"worked_at": now} if worked else {})}
        stale = cls.objects.filter(Q() if worked else _is_stale(now), name=name)
        if not stale.update(**changes):
            cls.objects.get_or_create(name=name, defaults=changes)

    @classmethod
    @contextmanager
    def collected(cls) -> Iterator[list[str]]:
        """In this block the names of idle ones are collected, for `beat_idle`."""
        names: list[str] = []
        token = _collected.set(names)
        try:
            yield names
        finally:
            _collected.reset(token)

    @classmethod
    def beat_idle(cls, names: Sequence[str], *, now: datetime | None = None) -> None:
        """`beat` for those among the rows there are, with one statement."""
        if names:
            now = now or timezone.now()
            cls.objects.filter(_is_stale(now), name__in=list(names)).update(seen_at=now)


_collected: ContextVar[list[str] | None] = ContextVar("idle_heartbeats", default=None)


def _is_stale(now: datetime) -> Q:
    return Q(seen_at=None) | Q(seen_at__lt=now - HEARTBEAT_INTERVAL)
