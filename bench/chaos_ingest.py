"""Post visitors while servers are killed: each acknowledged body must become one event and visit.

    python -m bench.chaos_ingest --posts 100000        (or: make chaos POSTS=100000)
    python -m bench.chaos_ingest --posts 100000 --stored

On a PostgreSQL and a Redis of its own, with gunicorn, Celery's worker and beat as in production. On
the way PostgreSQL is away for some seconds, first by a crash, then in good order, and web and
Celery processes get SIGKILL at random. Bodies are posted as RB2B posts them (bench/posting.py);
some are posted twice by plan, whatever came of the first time.

Prints the figures as JSON, and how it goes and what came of it in words on stderr. Lost:
acknowledged, and not one processed event with a visit; with --stored, which ends once the spool is
empty, not one event. Double: a body with two events, or a page view with two visits. Set aside:
files of the spool that did not get into the database, or that a killed process had half written and
nobody settles once they are ten minutes old. A refusal is explained where a web process was killed
in the second before, or before the connection was used again. Exit code 0 where all of these are
none; else 1.
"""

import argparse
import contextlib
import json
import os
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import load, posting, servers, visit_outcomes, world
from bench.chaos_site import ChaosSite, Harm
from bench.ledger import count_statuses
from bench.progress import report_progress

CONNECTIONS = 50
PAGES_EACH = 4  # visits of one person
RESENT = 0.05  # of the bodies, posted a second time
MARK = "/run/"
ADD_SENDER = "from bench import visit_pace; visit_pace.add_sender()"


@dataclass(frozen=True)
class ChaosPlan:
    posts: int
    restarts: int  # of PostgreSQL
    kills: int  # of web and Celery processes
    rate: float  # posts a second at most; 0: as fast as they are taken
    seed: int
    wait_for_leases: bool
    worked_off: bool  # wait until the events have become visits


def visit_bodies(posts: int, chance: random.Random) -> Iterator[bytes]:
    """`posts` page views of now, every PAGES_EACH of one person, and some of them again a little
    later.
    """
    now = datetime.now(UTC).isoformat()
    text = json.dumps(
        load.BODY | {"Captured URL": f"https://oursite.test{MARK}{{page}}", "Seen At": now}
    )
    order: list[tuple[float, int]] = [(n, n) for n in range(posts)]
    order += [
        (n + chance.uniform(0, 200), n) for n in chance.sample(range(posts), round(posts * RESENT))
    ]
    for _, n in sorted(order):
        yield text.replace("{page}", str(n)).replace("{n}", str(n // PAGES_EACH)).encode()


def harm_on_the_way(site: ChaosSite, found: posting.PostOutcome, plan: ChaosPlan) -> None:
    """Do each harm when its share of the posts is through: restarts evenly spread, kills at random.
    An error on the way is kept in `site.harm`: a run without its harm proves nothing.
    """
    try:
        _do_harm(site, found, plan)
    except Exception as error:
        site.harm.failed = f"{type(error).__name__}: {error}"


def _do_harm(site: ChaosSite, found: posting.PostOutcome, plan: ChaosPlan) -> None:
    chance = random.Random(plan.posts)  # noqa: S311
    due = [((n + 1) / (plan.restarts + 1), site.restart_postgres) for n in range(plan.restarts)]
    due += [
        (chance.uniform(0.02, 0.98), chance.choice([site.kill_web, site.kill_celery]))
        for _ in range(plan.kills)
    ]
    for share, harm in sorted(due, key=lambda one: one[0]):
        while found.posted < share * plan.posts:
            report_progress(
                f"{found.posted} posted; PostgreSQL restarted {len(site.harm.restarts)} "
                f"times, {dict(site.harm.killed)}"
            )
            time.sleep(0.02)
        harm()


def run_chaos(plan: ChaosPlan) -> dict[str, Any]:
    chance, found = random.Random(plan.seed), posting.PostOutcome()  # noqa: S311
    with contextlib.ExitStack() as stack:
        postgres, redis = (
            stack.enter_context(servers.Postgres()),
            stack.enter_context(servers.Redis()),
        )
        spool = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="caio-spool-")))
        env = world.product_environment(
            DATABASE_URL=postgres.url, REDIS_URL=redis.url, SPOOL_DIR=str(spool)
        )
        world.run_manage(env, "shell", "--command", ADD_SENDER)
        site = stack.enter_context(ChaosSite(postgres, env, chance))
        url, began = f"{site.url}/webhooks/rb2b?token={world.TOKEN}", time.monotonic()
        harm = threading.Thread(target=harm_on_the_way, args=(site, found, plan))
        harm.start()
        posting.post_all(url, visit_bodies(plan.posts, chance), found, CONNECTIONS, plan.rate)
        took = time.monotonic() - began
        harm.join()
        if site.harm.failed:
            raise RuntimeError(f"Something else than the product failed: {site.harm.failed}")
        if plan.worked_off and not plan.wait_for_leases:
            site.let_the_leases_end()
        figures = run_figures(found, site.harm, plan, took)
        figures["settled_s"] = visit_outcomes.wait_until_settled(
            postgres.url, spool, plan.worked_off
        )
        if plan.worked_off:
            figures["held_s"] = visit_outcomes.wait_until_held(postgres.url)
            figures["start_to_held_s"] = time.monotonic() - began - visit_outcomes.STILL
            figures["emails"] = count_statuses(postgres.url)
        return (
            figures
            | visit_outcomes.count_outcomes(postgres.url, found, plan.worked_off)
            | {"set_aside": visit_outcomes.count_set_aside(spool)}
        )


def run_figures(
    found: posting.PostOutcome, harm: Harm, plan: ChaosPlan, took: float
) -> dict[str, Any]:
    times = sorted(found.seconds)
    explained = visit_outcomes.count_explained(found, harm.web_killed_at, CONNECTIONS, plan.rate)
    return {
        "posted": found.posted,
        "acknowledged_bodies": len(found.acknowledged),
        "spooled": found.answers["spooled"],
        "refused": found.refused,
        "refused_unexplained": len(found.refused_at) - explained,
        "restarts": harm.restarts,
        "killed": dict(harm.killed),
        "posting_s": took,
        "per_second": found.posted / took,
        "p50_ms": 1000 * statistics.median(times),
        "p99_ms": 1000 * times[int(len(times) * 0.99)],
        "longest_ms": 1000 * times[-1],
    }


FAULTS = ("lost", "double", "not_processed", "set_aside", "refused_unexplained")


def in_words(found: dict[str, Any], machine: str, what: str) -> str:
    faults = [f"{found[name]} {name.replace('_', ' ')}" for name in FAULTS if found[name]]
    killed = ", ".join(f"{n} {what}" for what, n in found["killed"].items())
    return (
        f"{found['posted']} posts of {found['events']} bodies at {found['per_second']:.0f} a "
        f"second on {machine}; "
        f"PostgreSQL restarted {len(found['restarts'])} times, killed: {killed}.\n"
        f"{found['acknowledged_bodies']} bodies were acknowledged ({found['spooled']} posts "
        "of them from the spool), "
        f"{sum(found['refused'].values())} posts were cut off by a kill; half of the answers took "
        f"{found['p50_ms']:.0f} ms, 99 % {found['p99_ms']:.0f} ms, the longest "
        f"{found['longest_ms']:.0f} ms.\n"
        f"{'FAILED: ' + ', '.join(faults) if faults else f'Every acknowledged body is {what}.'}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--posts", type=int, default=100_000)
    parser.add_argument("--restarts", type=int, default=2, help="of PostgreSQL")
    parser.add_argument("--kills", type=int, default=40, help="of web and Celery processes")
    parser.add_argument(
        "--rate",
        type=float,
        default=0,
        help="posts a second at most (0: as fast as they are taken)",
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--skip-leases",
        action="store_true",
        help="do not wait a minute for what was killed at work",
    )
    parser.add_argument(
        "--stored",
        action="store_true",
        help="do not wait until the events are worked off into visits",
    )
    asked = parser.parse_args()
    plan = ChaosPlan(
        asked.posts,
        asked.restarts,
        asked.kills,
        asked.rate,
        asked.seed,
        wait_for_leases=not asked.skip_leases,
        worked_off=not asked.stored,
    )
    found = run_chaos(plan)
    machine = f"{os.cpu_count()} cores"
    print(json.dumps({"seed": asked.seed, "machine": machine} | found, indent=2))
    print(
        in_words(found, machine, "one event and one visit" if plan.worked_off else "one event"),
        file=sys.stderr,
    )
    return 1 if any(found[name] for name in FAULTS) else 0


if __name__ == "__main__":
    sys.exit(main())
