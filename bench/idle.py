"""What an idle installation costs: processor time and memory, in both ways to run.

Processor time is utime and stime from /proc, over a window that begins once everything has started
and swept; it depends little on what else the machine does. Memory is the resident set of each
process, added up: pages that two processes share are counted twice.
"""

import contextlib
import os
import tempfile
import time
from pathlib import Path

from bench import servers, world

SECONDS, SHORT_SECONDS = 60.0, 10.0
SETTLE_SECONDS = 45.0  # the first minute sweeps and writes more than any later one
SHORT_SETTLE_SECONDS = 15.0
START_SECONDS = 300.0
CPU_AIM, MEMORY_AIM, PART_AIM = 3.0, 300.0, 2.0  # % of a core, MB, % of a core
WORKER = (
    *("--loglevel=WARNING", "--concurrency=4"),
    *("--without-gossip", "--without-mingle", "--without-heartbeat"),
)
TICKS = os.sysconf("SC_CLK_TCK")


def measure(is_short: bool) -> dict[str, dict[str, float]]:
    return {"embedded": embedded(is_short), "production": production(is_short)}


def embedded(is_short: bool) -> dict[str, float]:
    """`manage.py run` as `make run` starts it, on SQLite and without Redis."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        port = servers.free_port()
        env = world.product_environment(
            DEBUG="true",
            DATABASE_URL=f"sqlite:///{folder}/bench.sqlite3",
            REDIS_URL="",
            SPOOL_DIR=folder,
            SITE_URL=f"http://127.0.0.1:{port}",
        )
        arguments = ("manage.py", "run", "--port", str(port), "--no-examples")
        process = stack.enter_context(world.Process(env, *arguments))
        _wait_until_answering(process, f"http://127.0.0.1:{port}/api/health/live")
        _settle(is_short)
        pids = family(process.pid)
        return {
            "cpu_percent": _cpu_percent({"all": process.pid}, is_short)["all"],
            "memory_mb": sum(memory_mb(pid, "Rss") for pid in pids),
            "own_memory_mb": sum(memory_mb(pid, "Pss") for pid in pids),
            "processes": len(pids),
        }


def production(is_short: bool) -> dict[str, float]:
    """Web, worker and beat as the Procfile starts them, on a PostgreSQL and a Redis of their own,
    so that all of either is what this installation costs.
    """
    with contextlib.ExitStack() as stack:
        postgres = stack.enter_context(servers.Postgres())
        redis = stack.enter_context(servers.Redis())
        env = world.product_environment(DATABASE_URL=postgres.url, REDIS_URL=redis.url)
        worker = world.Process(env, *world.CELERY, "worker", *WORKER)
        beat = world.Process(env, *world.CELERY, *world.BEAT)
        for process in (worker, beat):
            stack.enter_context(process)
        _, web = stack.enter_context(world.web_process(env, "/webhooks/rb2b/health"))
        _settle(is_short)
        roots = {
            "worker": worker.pid,
            "beat": beat.pid,
            "web": web.pid,
            "postgres": postgres.pid,
            "redis": redis.pid,
        }
        return {f"{name}_percent": used for name, used in _cpu_percent(roots, is_short).items()}


def family(pid: int) -> list[int]:
    """A process with all that it has started, directly or not."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in family(int(child)))]


def cpu_seconds(root: int) -> float:
    """Processor time of a process and of all that it has started, also of what has ended."""
    return sum(own_cpu_seconds(pid) for pid in family(root))


def own_cpu_seconds(pid: int) -> float:
    """With that of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15]) / TICKS  # utime, stime, cutime, cstime


def memory_mb(pid: int, what: str) -> float:
    """`what` is Rss, or Pss: what is shared is then divided among those who share it."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith(f"{what}:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"/proc tells no {what} of {pid}")


def _cpu_percent(roots: dict[str, int], is_short: bool) -> dict[str, float]:
    before = {name: cpu_seconds(root) for name, root in roots.items()}
    began = time.monotonic()
    time.sleep(SHORT_SECONDS if is_short else SECONDS)
    took = time.monotonic() - began
    return {name: 100 * (cpu_seconds(root) - before[name]) / took for name, root in roots.items()}


def _settle(is_short: bool) -> None:
    time.sleep(SHORT_SETTLE_SECONDS if is_short else SETTLE_SECONDS)


def _wait_until_answering(process: world.Process, url: str) -> None:
    until = time.monotonic() + START_SECONDS
    while not world.is_answering(url):
        process.check()
        if time.monotonic() > until:
            raise RuntimeError(f"{url} did not answer within {START_SECONDS:.0f} s")
