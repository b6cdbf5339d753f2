"""Visitors stored per second by the webhook, against a view that inserts one row."""

import contextlib
import json
import statistics
from typing import Any
from urllib.parse import quote

import psycopg

from bench import floor_urls, load, world

CONNECTIONS = 50
ROUND = 1.0  # seconds; short ones, for whatever else the machine does then falls on all sides alike


def measure_webhook(seconds: float) -> dict[str, Any]:
    """Alternating rounds of product, floor and bare Django; each side's median is what counts."""
    env = world.fresh_postgres()
    with psycopg.connect(world.POSTGRES, autocommit=True) as db:
        db.execute(floor_urls.TABLE)
    sides: dict[str, list[load.LoadResult]] = {"webhook": [], "floor": [], "bare": []}
    with contextlib.ExitStack() as stack:
        product = stack.enter_context(world.run_web(env, "/webhooks/rb2b/health"))
        floor = stack.enter_context(
            world.run_web(env, "/nothing", DJANGO_SETTINGS_MODULE="bench.floor_settings")
        )
        bare = stack.enter_context(
            world.run_web(
                env, "/nothing", app="bench.bare_wsgi", DJANGO_SETTINGS_MODULE="bench.bare_settings"
            )
        )
        urls = {
            "webhook": f"{product}/webhooks/rb2b?token={quote(world.TOKEN)}",
            "floor": f"{floor}/insert",
            "bare": f"{bare}/insert",
        }
        for url in urls.values():
            run_load(env, url, ROUND)  # warm up
        for _ in range(max(3, round(seconds / ROUND))):
            for name, url in urls.items():
                sides[name].append(run_load(env, url, ROUND))
    rates = {
        name: statistics.median(r.per_second for r in results) for name, results in sides.items()
    }
    mine = sides["webhook"]
    return {
        "per_second": rates["webhook"],
        "floor_per_second": rates["floor"],
        "bare_per_second": rates["bare"],
        "ratio": rates["webhook"] / rates["floor"],
        "ratio_to_bare": rates["webhook"] / rates["bare"],
        "p50_ms": statistics.median(r.p50_ms for r in mine),
        "p99_ms": statistics.median(r.p99_ms for r in mine),
        "floor_p99_ms": statistics.median(r.p99_ms for r in sides["floor"]),
        "client_ms": statistics.median(r.client_ms for r in mine),
        "requests": sum(r.requests for results in sides.values() for r in results),
        "errors": sum(r.errors for results in sides.values() for r in results),
    }


def run_load(env: dict[str, str], url: str, seconds: float) -> load.LoadResult:
    """Post to `url` over CONNECTIONS connections, from a process of its own."""
    output = world.run_manage(env, "-m", "bench.load", url, str(CONNECTIONS), str(seconds))
    return load.LoadResult(**json.loads(output))
