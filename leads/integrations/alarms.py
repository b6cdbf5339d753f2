"""Opens and closes alarms: rows that say that something needs a person."""

from django.db import IntegrityError, transaction
from django.utils import timezone

from caio_project.lib.db.caches import process_cache as cache
from caio_project.lib.nudge import nudge
from leads.models import Alarm

ASKED_AGAIN_AFTER = 5.0  # seconds
WATCH_TASK = "caio_project.watch_incidents"  # makes an incident of it, and tells of that


def raise_alarm(key: str, text: str) -> bool:
    cache.delete(_cache_key(key))
    try:
        with transaction.atomic():
            _, made = Alarm.objects.get_or_create(
                key=key, closed_at=None, defaults={"text": text[:300]}
            )
    except IntegrityError:
        return False  # another worker opened it
    if made:
        nudge(WATCH_TASK)
    return made


def clear_alarm(key: str) -> bool:
    return Alarm.objects.filter(key=key, closed_at=None).update(closed_at=timezone.now()) > 0


def open_keys(prefix: str) -> set[str]:
    return set(
        Alarm.objects.filter(key__startswith=prefix, closed_at=None).values_list("key", flat=True)
    )


def open_texts(prefix: str) -> list[str]:
    opened = Alarm.objects.filter(key__startswith=prefix, closed_at=None).order_by("opened_at")
    return list(opened.values_list("text", flat=True))


def clear_open(*keys: str) -> None:
    """As `clear_alarm`, for frequent calls: it writes only where one of them is open."""
    for key in Alarm.objects.filter(key__in=keys, closed_at=None).values_list("key", flat=True):
        clear_alarm(key)


def clear_when_due(*keys: str) -> None:
    """As `clear_open`, for calls many times a second: asks for a key every five seconds at most.

    An alarm that this process raised since is asked for at once.
    """
    due = [key for key in keys if cache.add(_cache_key(key), True, ASKED_AGAIN_AFTER)]
    if due:
        clear_open(*due)


def _cache_key(key: str) -> str:
    return f"alarm:{key.replace(' ', '_')}"
