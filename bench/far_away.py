"""Visits, webhooks and a visit's way to held with 2 ms between the product and its servers.

    python -m bench.far_away

A proxy stands before PostgreSQL and Redis and holds back each answer and each question by half of
the way there and back, as another machine in the same region does.
"""

import asyncio
import contextlib
import json
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from bench import latency, visit_pace, webhook, world

THERE_AND_BACK = 0.002  # seconds
SECONDS = 5.0


class DelayProxy:
    """Listens on loopback and passes bytes on to `host:port`, each after half of the delay."""

    def __init__(self, host: str, port: int, there_and_back: float):
        self._target, self._delay = (host, port), there_and_back / 2

    async def serve(self) -> asyncio.Server:
        return await asyncio.start_server(self._connect, "127.0.0.1", 0)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        target_reader, target_writer = await asyncio.open_connection(*self._target)
        with contextlib.suppress(OSError):
            await asyncio.gather(
                self._pass_on(reader, target_writer), self._pass_on(target_reader, writer)
            )

    async def _pass_on(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        parts: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        writing = asyncio.create_task(self._write_late(parts, target))
        clock, part = asyncio.get_running_loop().time, b"first"
        try:
            while part:
                part = await source.read(65536)
                parts.put_nowait((clock() + self._delay, part))
            await writing
        finally:
            writing.cancel()
            target.close()

    async def _write_late(
        self, parts: asyncio.Queue[tuple[float, bytes]], target: asyncio.StreamWriter
    ) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            due, part = await parts.get()
            await asyncio.sleep(max(0.0, due - clock()))
            if not part:
                return
            target.write(part)
            await target.drain()


@contextlib.contextmanager
def delayed(url: str, there_and_back: float = THERE_AND_BACK) -> Iterator[str]:
    """The same URL through a proxy, which runs in a thread for the length of the block."""
    parts = urlsplit(url)
    proxy = DelayProxy(parts.hostname or "", parts.port or 0, there_and_back)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(proxy.serve(), loop).result()
    try:
        host, port = server.sockets[0].getsockname()[:2]
        login = f"{parts.username}{':' if parts.password else ''}{parts.password or ''}@"
        place = f"{login if parts.username else ''}{host}:{port}"
        yield urlunsplit(parts._replace(netloc=place))
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


def measure(is_short: bool) -> dict[str, Any]:
    near = _measure(world.fresh_postgres(), is_short)
    env = world.fresh_postgres()
    with delayed(env["DATABASE_URL"]) as database, delayed(env["REDIS_URL"]) as redis:
        far = _measure(env | {"DATABASE_URL": database, "REDIS_URL": redis}, is_short)
    return {"near": near, "far": far}


def _measure(env: dict[str, str], is_short: bool) -> dict[str, float]:
    visits = visit_pace.measure_here(env, is_short)
    with world.run_web(env, "/webhooks/rb2b/health") as product:
        url = f"{product}/webhooks/rb2b?token={quote(world.TOKEN)}"
        posts = webhook.run_load(env, url, SECONDS)
    world.fresh_postgres()  # else its first visitors are known already
    held = latency.on_redis(latency.VISITS, env)
    return {
        "visits_per_second": visits["per_second"],
        "webhooks_per_second": posts.per_second,
        "webhook_errors": posts.errors,
        "webhook_p99_ms": posts.p99_ms,
        "held_median_s": held["median_s"],
        "held_longest_s": held["longest_s"],
    }


if __name__ == "__main__":
    print(json.dumps(measure(is_short=False), indent=2))
