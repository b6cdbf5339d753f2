"""Run every measurement, print a table and write var/bench.json.

BENCH_SECONDS (10) is how long each side of the comparison is under load. Exit code 1 only for
errors; a missed aim is shown and not failed, for what a shared machine measures varies. Ratios are
to a floor measured in the same run and hold on any machine.
"""

import json
import os
import sys
import time
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import cost, door, door_cost, latency, pages, webhook, world

SECONDS = float(os.environ.get("BENCH_SECONDS") or 10)


def main() -> int:
    world.check_services()
    console, found, failed = Console(highlight=False), {}, []
    for name, measure in (
        ("webhook", lambda: webhook.measure_webhook(SECONDS)),
        ("redis", latency.on_redis),
        ("embedded", latency.on_sqlite),
        (
            "cost",
            lambda: json.loads(
                world.run_manage(world.fresh_postgres(), "-m", "bench.cost", f"{SECONDS:g}")
            ),
        ),
        (
            "door",
            lambda: [
                json.loads(world.run_manage(world.fresh_postgres(), "-m", "bench.door", f"{n}"))
                for n in door.SIZES
            ],
        ),
        (
            "leaving",
            lambda: json.loads(
                world.run_manage(world.fresh_postgres(), "-m", "bench.door_cost", f"{SECONDS:g}")
            ),
        ),
        (
            "pages",
            lambda: json.loads(
                world.run_manage(world.fresh_postgres(), "-m", "bench.pages", str(pages.HELD))
            ),
        ),
    ):
        console.print(f"measuring {name} …")
        try:
            found[name] = measure()
        except (RuntimeError, AssertionError, OSError) as error:
            failed.append(f"{name}: {error}")
    if errors := found.get("webhook", {}).get("errors"):
        failed.append(f"webhook: {errors} answers were not 200")
    console.print(results_table(found))
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


class ResultsTable:
    """Rows of a measurement, its figure and its aim."""

    def __init__(self) -> None:
        self.table = Table(
            title=f"{os.cpu_count()} processors, {SECONDS:g} s of load on each side",
            title_justify="left",
        )
        for column, justify in (
            ("", "left"),
            ("measured", "right"),
            ("aim", "right"),
            ("", "left"),
        ):
            self.table.add_column(column, justify=justify)  # type: ignore[arg-type]

    def add(
        self, text: str, value: float, unit: str, aim: float | None = None, at_least: bool = False
    ) -> None:
        if aim is None:
            figure = f"{value:,.2f} x" if unit == "x" else f"{value:,.1f} {unit}"
            self.table.add_row(text, figure, "", "")
            return
        met = value >= aim if at_least else value < aim
        figure = f"{value:.2f}" if at_least else f"{value:,.1f} {unit}"
        wanted = f"{'≥' if at_least else '<'} {aim:g} {unit}".rstrip()
        self.table.add_row(text, figure, wanted, "met" if met else "missed")


def results_table(found: dict[str, Any]) -> Table:
    rows = ResultsTable()
    for name, add_rows in (
        ("webhook", _webhook_rows),
        ("redis", _redis_rows),
        ("embedded", _embedded_rows),
        ("cost", _cost_rows),
        ("door", _door_rows),
        ("leaving", _leaving_rows),
        ("pages", _pages_rows),
    ):
        if name in found:
            add_rows(rows, found[name])
    return rows.table


def _webhook_rows(rows: ResultsTable, w: dict[str, Any]) -> None:
    rows.add(f"POST /webhooks/rb2b, {webhook.CONNECTIONS} connections", w["per_second"], "/s")
    rows.add("  floor: a view that inserts one row", w["floor_per_second"], "/s")
    rows.add("  the same without middleware", w["bare_per_second"], "/s")
    rows.add("  ratio to the floor", w["ratio"], "", 0.7, at_least=True)
    rows.add("  ratio to the one without middleware", w["ratio_to_bare"], "x")
    rows.add("  p50", w["p50_ms"], "ms")
    rows.add("  p99", w["p99_ms"], "ms", 100)
    rows.add("  p99 of the floor", w["floor_p99_ms"], "ms")
    rows.add("  the load generator itself, a request", w["client_ms"], "ms")


def _redis_rows(rows: ResultsTable, found: dict[str, Any]) -> None:
    _latency_rows(rows, found, "Redis, worker, beat", 5)


def _embedded_rows(rows: ResultsTable, found: dict[str, Any]) -> None:
    _latency_rows(rows, found, "embedded, SQLite", 15)


def _latency_rows(rows: ResultsTable, found: dict[str, Any], where: str, aim: float) -> None:
    rows.add(f"visit to held, {where}: median", found["median_s"], "s", aim)
    rows.add("  longest", found["longest_s"], "s", aim)


def _cost_rows(rows: ResultsTable, found: dict[str, Any]) -> None:
    sizes = found["sizes"]
    for one in sizes:
        text = f"stored to assessed, {one['visits']:,} visits in the table"
        rows.add(text, one["ms"], "ms a visit")
    rows.add("  queries a visit, the same at every size", found["queries"], "")
    rows.add(f"  times the cost at {sizes[0]['visits']:,}", found["ratio"], "x", cost.AIM)


def _door_rows(rows: ResultsTable, sizes: list[dict[str, Any]]) -> None:
    for one in sizes:
        text = f"whose turn it is, {one['waiting']:,} approved, half of them passed over"
        rows.add(text, one["turn_ms"], "ms", 50)
        rows.add("  for whom the day's last slots are kept", one["kept_ms"], "ms")
        rows.add("  why the last of them has not left", one["why_last_ms"], "ms")
        rows.add("  when all of them have left", one["forecast_ms"], "ms")


def _leaving_rows(rows: ResultsTable, found: dict[str, Any]) -> None:
    for delay, one in (
        ("no latency", found["fast"]),
        (f"{door_cost.SLOW:g} s for each call", found["slow"]),
    ):
        rows.add(f"sending, one process, GoHighLevel with {delay}", one["per_second"], "emails/s")
        floor = f"  floor: the same {found['calls']} calls alone"
        rows.add(floor, one["floor_per_second"], "emails/s")
        rows.add("  ratio to the floor", one["ratio"], "x")
    sizes = found["sizes"]
    for one in sizes:
        rows.add(f"sending, {one['waiting']:,} approved emails wait", one["ms"], "ms an email")
    rows.add("  queries an email, the same at every size", found["queries"], "")
    rows.add(f"  times the cost at {sizes[0]['waiting']:,}", found["ratio"], "x", door_cost.AIM)


def _pages_rows(rows: ResultsTable, found: dict[str, Any]) -> None:
    status = f"GET /api/queue-status, {found['held']:,} held, uncached"
    rows.add(status, found["queue_status_ms"], "ms", 20)
    rows.add("  times a view that does nothing", found["queue_status_ms"] / found["bare_ms"], "x")
    rows.add("GET /api/pending-emails, first page", found["pending_emails_ms"], "ms", 60)
    rows.add("  times a view that does nothing", found["pending_emails_ms"] / found["bare_ms"], "x")


if __name__ == "__main__":
    sys.exit(main())
