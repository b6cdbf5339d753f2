"""What only the composition root can see: sweeps that are late, and Redis."""

from datetime import datetime, timedelta

from django.conf import settings

from caio_project.operations import sweeps
from metrics.incident_codes import Cause
from metrics.incidents.detectors import access, work
from metrics.incidents.findings import Finding
from metrics.incidents.readings import Reading

REDIS_SECONDS = 1.0


def read_sweeps(now: datetime) -> list[Finding]:
    """Late by the rule of the diagnosis; what is starting has its time yet."""
    states = sweeps.sweep_states(now)
    late = {one.name: one.seen_at for one in states if not one.is_alive and not one.is_starting}
    return work.stopped_sweeps(late)


def read_redis(now: datetime) -> list[Finding]:
    return access.redis_down(redis_trouble())


def redis_trouble() -> str:
    """The kind of the failure; "" where Redis answers or is not used."""
    if not settings.REDIS_URL:
        return ""
    import redis

    try:
        with redis.Redis.from_url(
            settings.REDIS_URL, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS
        ) as client:
            client.ping()
    except (redis.RedisError, OSError) as error:
        return type(error).__name__
    return ""


READINGS = {
    "sweeps": Reading(timedelta(minutes=1), read_sweeps, frozenset({Cause.SWEEPS_STOPPED})),
    "redis": Reading(timedelta(minutes=1), read_redis, frozenset({Cause.REDIS_DOWN})),
}
