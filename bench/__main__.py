"""Run every measurement, print a table and write var/bench.json.

BENCH_SECONDS (10) is how long each side of the comparison is under load. Exit code 1 only for errors; a missed aim is
shown and not failed, for what a shared machine measures varies. Ratios are to a floor measured in the same run and
hold on any machine.
"""

import json
import os
import sys
import time
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import cost, latency, pages, queue_cost, send_cost, webhook, world

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
                json.loads(
                    world.run_manage(world.fresh_postgres(), "-m", "bench.queue_cost", f"{n}")
                )
                for n in queue_cost.SIZES
            ],
        ),
        (
            "leaving",
            lambda: json.loads(
                world.run_manage(world.fresh_postgres(), "-m", "bench.send_cost", f"{SECONDS:g}")
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


def results_table(found: dict[str, Any]) -> Table:
    shown = Table(
        title=f"{os.cpu_count()} processors, {SECONDS:g} s of load on each side",
        title_justify="left",
    )
    for column, justify in (("", "left"), ("measured", "right"), ("aim", "right"), ("", "left")):
        shown.add_column(column, justify=justify)  # type: ignore[arg-type]

    def row(
        text: str, value: float, unit: str, aim: float | None = None, at_least: bool = False
    ) -> None:
        if aim is None:
            shown.add_row(
                text, f"{value:,.2f} x" if unit == "x" else f"{value:,.1f} {unit}", "", ""
            )
            return
        met = value >= aim if at_least else value < aim
        figure = f"{value:.2f}" if at_least else f"{value:,.1f} {unit}"
        shown.add_row(
            text,
            figure,
            f"{'≥' if at_least else '<'} {aim:g} {unit}".rstrip(),
            "met" if met else "missed",
        )

    if w := found.get("webhook"):
        row(f"POST /webhooks/rb2b, {webhook.CONNECTIONS} connections", w["per_second"], "/s")
        row("  floor: a view that inserts one row", w["floor_per_second"], "/s")
        row("  the same without middleware", w["bare_per_second"], "/s")
        row("  ratio to the floor", w["ratio"], "", 0.7, at_least=True)
        row("  ratio to the one without middleware", w["ratio_to_bare"], "x")
        row("  p50", w["p50_ms"], "ms")
        row("  p99", w["p99_ms"], "ms", 100)
        row("  p99 of the floor", w["floor_p99_ms"], "ms")
        row("  the load generator itself, a request", w["client_ms"], "ms")
    for name, text, aim in (
        ("redis", "Redis, worker, beat", 5),
        ("embedded", "embedded, SQLite", 15),
    ):
        if one := found.get(name):
            row(f"visit to held, {text}: median", one["median_s"], "s", aim)
            row("  longest", one["longest_s"], "s", aim)
    if c := found.get("cost"):
        for one in c["sizes"]:
            row(
                f"stored to assessed, {one['visits']:,} visits in the table",
                one["ms"],
                "ms a visit",
            )
        row("  queries a visit, the same at every size", c["queries"], "")
        row(f"  times the cost at {c['sizes'][0]['visits']:,}", c["ratio"], "x", cost.AIM)
    for one in found.get("door", []):
        row(
            f"whose turn it is, {one['waiting']:,} approved, half of them passed over",
            one["turn_ms"],
            "ms",
            50,
        )
        row("  for whom the day's last slots are kept", one["kept_ms"], "ms")
        row("  why the last of them has not left", one["why_last_ms"], "ms")
        row("  when all of them have left", one["forecast_ms"], "ms")
    if d := found.get("leaving"):
        for text, one in (
            ("no latency", d["fast"]),
            (f"{send_cost.SLOW:g} s for each call", d["slow"]),
        ):
            row(f"sending, one process, GoHighLevel with {text}", one["per_second"], "emails/s")
            row(f"  floor: the same {d['calls']} calls alone", one["floor_per_second"], "emails/s")
            row("  ratio to the floor", one["ratio"], "x")
        for one in d["sizes"]:
            row(f"sending, {one['waiting']:,} approved emails wait", one["ms"], "ms an email")
        row("  queries an email, the same at every size", d["queries"], "")
        row(f"  times the cost at {d['sizes'][0]['waiting']:,}", d["ratio"], "x", send_cost.AIM)
    if p := found.get("pages"):
        row(f"GET /api/queue-status, {p['held']:,} held, uncached", p["queue_status_ms"], "ms", 20)
        row("  times a view that does nothing", p["queue_status_ms"] / p["bare_ms"], "x")
        row("GET /api/pending-emails, first page", p["pending_emails_ms"], "ms", 60)
        row("  times a view that does nothing", p["pending_emails_ms"] / p["bare_ms"], "x")
    return shown


if __name__ == "__main__":
    sys.exit(main())
