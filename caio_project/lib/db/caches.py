"""What processes share for a while, such as counted failures to sign in, and what each keeps alone.

Redis where there is one, else the database; a Redis that is away costs nobody the sign-in.
Redis' client is imported where it is used: 6 MB of a process that has no Redis.
"""

import logging
from typing import Any

from django.core.cache import caches
from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.cache.backends.db import DatabaseCache
from django.core.cache.backends.redis import RedisCache
from django.utils.connection import ConnectionProxy

log = logging.getLogger(__name__)

REDIS_SECONDS = 1

process_cache: Any = ConnectionProxy(caches, "process")


class SharedCache(BaseCache):
    """LOCATION is the table; OPTIONS["redis"] the URL of a Redis, or empty."""

    def __init__(self, table: str, params: dict[str, Any]):
        options = dict(params.get("OPTIONS") or {})
        url = options.pop("redis", "")
        params = {**params, "OPTIONS": options}
        super().__init__(params)
        self._database = DatabaseCache(table, params)
        waits = {"socket_timeout": REDIS_SECONDS, "socket_connect_timeout": REDIS_SECONDS}
        self._redis = RedisCache(url, {**params, "OPTIONS": waits}) if url else None

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        return self._ask("get", key, default, version=version)

    def add(
        self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> bool:
        return bool(self._ask("add", key, value, timeout, version=version))

    def set(
        self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> None:
        self._ask("set", key, value, timeout, version=version)

    def delete(self, key: str, version: int | None = None) -> bool:
        return bool(self._ask("delete", key, version=version))

    def _ask(self, what: str, *arguments: Any, **named: Any) -> Any:
        if self._redis is not None:
            from redis import RedisError

            try:
                return getattr(self._redis, what)(*arguments, **named)
            except (RedisError, OSError) as error:
                log.warning(
                    "Redis is away (%s): counters are in the database", type(error).__name__
                )
        return getattr(self._database, what)(*arguments, **named)
