"""Run every measurement, print a table and write var/bench.json.

BENCH_SECONDS (10) is how long each side of the comparison is under load. Exit code 1 only for
errors; a missed aim is shown and not failed, for what a shared machine measures varies. Ratios are
to a floor measured in the same run and hold on any machine.
"""

import json
import os
import sys
import time

from rich.console import Console

from bench import (
    idle,
    import_pace,
    latency,
    many_messages,
    pages,
    queue_cost,
    visit_pace,
    webhook,
    world,
)
from bench.results_table import results_table

SECONDS = float(os.environ.get("BENCH_SECONDS") or 10)
AT_A_GLANCE = 5.0  # a run this short leaves out what takes half a minute whatever the time
AT_LEISURE = ("embedded", "idle", "imports", "door", "share", "many")


def main() -> int:
    world.check_services()
    console, found, failed = Console(highlight=False), {}, []
    for name, measure in (
        ("webhook", lambda: webhook.measure_webhook(SECONDS)),
        ("redis", latency.on_redis),
        ("embedded", latency.on_sqlite),
        ("idle", lambda: idle.measure(SECONDS < 10)),
        ("imports", lambda: import_pace.measure(SECONDS < 10)),
        ("visit", lambda: visit_pace.measure(SECONDS < 10)),
        (
            "cost",
            lambda: json.loads(
                world.run_manage(world.fresh_postgres(), "-m", "bench.cost", f"{SECONDS:g}")
            ),
        ),
        (
            "door",
            lambda: [
                json.loads(
                    world.run_manage(world.fresh_postgres(), "-m", "bench.queue_cost", f"{n}")
                )
                for n in (queue_cost.SHORT if SECONDS < 10 else queue_cost.SIZES)
            ],
        ),
        (
            "leaving",
            lambda: json.loads(
                world.run_manage(world.fresh_postgres(), "-m", "bench.send_cost", f"{SECONDS:g}")
            ),
        ),
        (
            "share",
            lambda: json.loads(
                world.run_manage(world.fresh_postgres(), "-m", "bench.ghl_share", f"{SECONDS:g}")
            ),
        ),
        (
            "pages",
            lambda: json.loads(
                world.run_manage(
                    world.fresh_postgres(),
                    *("-m", "bench.pages"),
                    *map(str, pages.SHORT if SECONDS < 10 else pages.HELD),
                )
            ),
        ),
        (
            "many",
            lambda: json.loads(
                world.run_manage(
                    world.fresh_postgres(),
                    *("-m", "bench.many_messages"),
                    *map(str, many_messages.SHORT if SECONDS < 10 else many_messages.SIZES),
                )
            ),
        ),
    ):
        if SECONDS < AT_A_GLANCE and name in AT_LEISURE:
            continue
        console.print(f"measuring {name} …")
        try:
            found[name] = measure()
        except (RuntimeError, AssertionError, OSError) as error:
            failed.append(f"{name}: {error}")
    if errors := found.get("webhook", {}).get("errors"):
        failed.append(f"webhook: {errors} answers were not 200")
    console.print(results_table(found, SECONDS))
    file = world.ROOT / "var" / "bench.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(
        json.dumps(
            {"at": time.strftime("%FT%TZ", time.gmtime()), "seconds": SECONDS, **found}, indent=2
        )
    )
    for text in failed:
        console.print(f"FAILED {text}", style="red", markup=False)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
