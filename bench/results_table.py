"""The table that `make bench` prints: what was measured, and whether it meets its aim."""

import os
from collections.abc import Callable
from typing import Any

from rich.table import Table

from bench import cost, ghl_share, idle, import_pace, many_messages, send_cost, webhook

# Aims for one visit: statements, processor time in look-ups, visits a second.
STATEMENTS, MULTIPLE, PER_SECOND = 60, 120, 15


class ResultsTable:
    def __init__(self, seconds: float):
        self.table = Table(
            title=f"{os.cpu_count()} processors, {seconds:g} s of load on each side",
            title_justify="left",
        )
        self.table.add_column("")
        self.table.add_column("measured", justify="right")
        self.table.add_column("aim", justify="right")
        self.table.add_column("")

    def add(self, text: str, value: float, unit: str, aim: float | None = None) -> None:
        """One figure; with an aim it should stay below that."""
        if aim is None:
            figure = f"{value:,.2f} x" if unit == "x" else f"{value:,.1f} {unit}"
            self.table.add_row(text, figure, "", "")
            return
        verdict = "met" if value < aim else "missed"
        self.table.add_row(text, f"{value:,.1f} {unit}", f"< {aim:g} {unit}", verdict)

    def add_ratio(self, text: str, value: float, aim: float) -> None:
        """One ratio that should reach its aim."""
        verdict = "met" if value >= aim else "missed"
        self.table.add_row(text, f"{value:.2f}", f"≥ {aim:g}", verdict)


def results_table(found: dict[str, Any], seconds: float) -> Table:
    results = ResultsTable(seconds)
    sections: dict[str, Callable[[ResultsTable, Any], None]] = {
        "webhook": add_webhook,
        "redis": lambda table, one: add_latency(table, one, "Redis, worker, beat", 5),
        "embedded": lambda table, one: add_latency(table, one, "embedded, SQLite", 15),
        "idle": add_idle,
        "imports": add_imports,
        "visit": add_visit,
        "cost": add_cost,
        "door": add_door,
        "leaving": add_leaving,
        "share": add_share,
        "pages": add_pages,
        "many": add_many,
    }
    for name, add_section in sections.items():
        if measured := found.get(name):
            add_section(results, measured)
    return results.table


def add_webhook(table: ResultsTable, w: dict[str, float]) -> None:
    table.add(f"POST /webhooks/rb2b, {webhook.CONNECTIONS} connections", w["per_second"], "/s")
    table.add("  floor: a view that inserts one row", w["floor_per_second"], "/s")
    table.add("  the same without middleware", w["bare_per_second"], "/s")
    table.add_ratio("  ratio to the floor", w["ratio"], 0.75)
    table.add("  ratio to the one without middleware", w["ratio_to_bare"], "x")
    table.add("  p50", w["p50_ms"], "ms")
    table.add("  p99", w["p99_ms"], "ms", 100)
    table.add("  p99 of the floor", w["floor_p99_ms"], "ms")
    table.add("  the load generator itself, a request", w["client_ms"], "ms")


def add_latency(table: ResultsTable, one: dict[str, float], where: str, aim: float) -> None:
    table.add(f"visit to held, {where}: median", one["median_s"], "s", aim)
    table.add("  longest", one["longest_s"], "s", aim)


def add_idle(table: ResultsTable, one: dict[str, dict[str, float]]) -> None:
    run, production = one["embedded"], one["production"]
    text = f"idle, embedded on SQLite: {run['processes']:.0f} processes"
    table.add(text, run["cpu_percent"], "% of a core", idle.CPU_AIM)
    table.add("  memory, what is shared counted twice", run["memory_mb"], "MB", idle.MEMORY_AIM)
    table.add("  what is shared counted once", run["own_memory_mb"], "MB")
    text = "idle, PostgreSQL and Redis: the worker"
    table.add(text, production["worker_percent"], "% of a core", idle.PART_AIM)
    table.add("  PostgreSQL", production["postgres_percent"], "% of a core", idle.PART_AIM)
    for name in ("beat", "web", "redis"):
        table.add(f"  {name}", production[f"{name}_percent"], "% of a core")


def add_imports(table: ResultsTable, one: dict[str, float]) -> None:
    text = f"import_visitors, {one['rows']:,} rows"
    table.add_ratio(f"{text}: rows a second", one["per_second"], import_pace.PER_SECOND_AIM)
    table.add("  the same file again", one["known_per_second"], "/s")
    table.add("  worked off beside live visitors", one["worked_off_per_second"], "/s")
    text = f"a live visitor while {one['waiting']:,} imported wait: to lead, median"
    table.add(text, one["processed_median_s"], "s")
    table.add("  longest", one["processed_longest_s"], "s", import_pace.DELAY_AIM)
    table.add("  to held, median", one["held_median_s"], "s")
    table.add("  longest", one["held_longest_s"], "s")


def add_visit(table: ResultsTable, found: dict[str, dict[str, float]]) -> None:
    for which, one in found.items():
        table.add(f"stored to held, {which}: statements", one["statements"], "", STATEMENTS + 1)
        table.add("  in a batch", one["statements_in_batch"], "")
        table.add("  processor time, in look-ups of a row", one["multiple"], "x", MULTIPLE)
        table.add("  a visit", one["cpu_ms"], "ms")
        table.add_ratio("  visits a second of one worker process", one["per_second"], PER_SECOND)


def add_cost(table: ResultsTable, c: dict[str, Any]) -> None:
    for one in c["sizes"]:
        text = f"stored to assessed, {one['visits']:,} visits in the table"
        table.add(text, one["ms"], "ms a visit")
    table.add("  queries a visit, the same at every size", c["queries"], "")
    table.add(f"  times the cost at {c['sizes'][0]['visits']:,}", c["ratio"], "x", cost.AIM)


def add_door(table: ResultsTable, sizes: list[dict[str, Any]]) -> None:
    for one in sizes:
        text = f"whose turn it is, {one['waiting']:,} approved, half of them passed over"
        table.add(text, one["turn_ms"], "ms", 50)
        table.add("  for whom the day's last slots are kept", one["kept_ms"], "ms")
        table.add("  why the last of them has not left", one["why_last_ms"], "ms")
        table.add("  when all of them have left", one["forecast_ms"], "ms")


def add_leaving(table: ResultsTable, d: dict[str, Any]) -> None:
    slow = f"{send_cost.SLOW:g} s for each call"
    for text, one in (("no latency", d["fast"]), (slow, d["slow"])):
        text = f"sending, one process, GoHighLevel with {text}"
        table.add(text, one["per_second"], "emails/s")
        table.add(
            f"  floor: the same {d['calls']} calls alone", one["floor_per_second"], "emails/s"
        )
        table.add("  ratio to the floor", one["ratio"], "x")
    for one in d["sizes"]:
        text = f"sending, {one['waiting']:,} approved emails wait"
        table.add(text, one["ms"], "ms an email")
    table.add("  queries an email, the same at every size", d["queries"], "")
    table.add(f"  times the cost at {d['sizes'][0]['waiting']:,}", d["ratio"], "x", send_cost.AIM)


def add_share(table: ResultsTable, s: dict[str, float]) -> None:
    text = f"{ghl_share.WORKERS} sending processes, of GoHighLevel's own ceiling"
    table.add_ratio(text, s["share"], ghl_share.AIM)
    table.add("  most calls in any ten seconds", s["most"], "calls", ghl_share.CEILING + 1)
    table.add("  calls that it refused", s["refused"], "calls", 1)


def add_pages(table: ResultsTable, sizes: list[dict[str, float]]) -> None:
    for one in sizes:
        table.add(f"queue page, {one['held']:,} held, p95", one["queue_ms"], "ms", 300)
        table.add("  opening the next email, p95", one["next_ms"], "ms", 200)
        table.add("  escalation with nothing due, p95", one["escalation_ms"], "ms")
    first, p = sizes[0], sizes[-1]
    for name, text in (("queue", "queue page"), ("next", "next email"), ("escalation", "idle")):
        most, least = p[f"{name}_statements"], first[f"{name}_statements"]
        text = f"  statements, {text}, {first['held']:,} to {p['held']:,} held"
        table.add(text, most, "", least + 1)
    text = f"GET /api/queue-status, {p['held']:,} held, uncached"
    table.add(text, p["queue_status_ms"], "ms", 20)
    table.add("  times a view that does nothing", p["queue_status_ms"] / p["bare_ms"], "x")
    table.add("GET /api/pending-emails, first page", p["pending_emails_ms"], "ms", 60)
    table.add("  times a view that does nothing", p["pending_emails_ms"] / p["bare_ms"], "x")


def add_many(table: ResultsTable, sizes: list[dict[str, float]]) -> None:
    aims = {"gates": many_messages.GATES_AIM, "overview": many_messages.OVERVIEW_AIM}
    for one in sizes:
        table.add(
            f"both gate tables, {one['messages']:,} messages", one["gates_ms"], "ms", aims["gates"]
        )
        table.add("  of the processors", one["gates_cpu_ms"], "ms")
        table.add("  the overview", one["overview_ms"], "ms", aims["overview"])
        table.add("  of the processors", one["overview_cpu_ms"], "ms")
        table.add("  the overview with nothing kept", one["overview_first_ms"], "ms")
    # What gates look back on is a year and the phase: the smallest size does not fill it.
    last, pairs = sizes[-1], (("overview", sizes[0]), ("gates", sizes[-2]))
    for name, first in pairs:
        ratio = last[f"{name}_cpu_ms"] / first[f"{name}_cpu_ms"]
        text = f"  processors, times those at {first['messages']:,}, {name}"
        table.add(text, ratio, "x", many_messages.FLAT_AIM)
