"""How often an API key may be used in a minute, with RateLimit headers on every answer.

Counted by Redis for all processes; where there is none, or it is away, by a row of the database.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Case, F, Value, When
from django.http import HttpRequest, HttpResponse
from rest_framework.exceptions import Throttled

from caio_project.lib.api.models import ApiKeyMinute

if TYPE_CHECKING:
    import redis

log = logging.getLogger(__name__)

WINDOW = 60  # seconds
REDIS_SECONDS = 0.5
REDIS_RESTS = 10.0  # after a failure the database counts for so long


@dataclass(frozen=True)
class RateState:
    limit: int
    used: int
    reset: int  # seconds

    @property
    def headers(self) -> dict[str, str]:
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(max(0, self.limit - self.used)),
            "RateLimit-Reset": str(self.reset),
        }


class RateLimitHeaders:
    """Middleware: what was counted for the request, onto its answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        state: RateState | None = getattr(request, "rate_state", None)
        for name, value in (state.headers if state else {}).items():
            response.headers[name] = value
        return response


def count_use(request: HttpRequest, key: str) -> None:
    """Count one use of the key with this id. Raises Throttled over the limit."""
    now = time.time()
    minute = int(now // WINDOW)
    used = _counter.count(key, minute)
    state = RateState(settings.API_RATE_PER_MINUTE, used, WINDOW - int(now % WINDOW))
    request.rate_state = state  # type: ignore[attr-defined]
    if used > state.limit:
        raise Throttled(wait=state.reset, detail=f"This key may ask {state.limit} times a minute.")


class _Counter:
    def __init__(self) -> None:
        self._redis_rests_until = 0.0

    def count(self, key: str, minute: int) -> int:
        if settings.REDIS_URL and time.monotonic() >= self._redis_rests_until:
            from redis import RedisError

            try:
                return _count_in_redis(key, minute)
            except (RedisError, OSError) as error:
                self._redis_rests_until = time.monotonic() + REDIS_RESTS
                log.warning(
                    "Redis is away (%s): the database counts uses of API keys", type(error).__name__
                )
        return _count_in_database(key, minute)


_counter = _Counter()


def _count_in_redis(key: str, minute: int) -> int:
    name = f"caio:rate:{key}:{minute}"
    with _redis(settings.REDIS_URL).pipeline() as pipe:
        pipe.incr(name)
        pipe.expire(name, 2 * WINDOW)
        return int(pipe.execute()[0])


@cache
def _redis(url: str) -> "redis.Redis":
    import redis

    return redis.Redis.from_url(
        url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS
    )


def _count_in_database(key: str, minute: int) -> int:
    rows = ApiKeyMinute.objects.filter(key_id=key)
    one_more = Case(When(minute=minute, then=F("used") + 1), default=Value(1))
    if not rows.update(used=one_more, minute=minute):
        ApiKeyMinute.objects.get_or_create(key_id=key, defaults={"minute": minute})
        rows.update(used=one_more, minute=minute)
    return rows.values_list("used", flat=True).get()
