"""Approved emails are sent while everything fails: each is sent once, refused or left to a person.

    python -m bench.chaos_sending --emails 300        (or: make chaos-sending EMAILS=300)

Uses a PostgreSQL and a Redis of its own, Celery's workers and beat, and a GoHighLevel that behaves
like the vendor's (tests/fakes/ghl/) and keeps a ledger of what it accepted. Four workers run for
as many simulated days as the daily limit asks for. They get SIGKILL at random; PostgreSQL and Redis
crash once each. GoHighLevel times out, resets and answers 500 after it has accepted, drops
connections, answers 429, 401 and 422, is slow, shows an email in its conversation late, and loses
half of its webhooks. Some recipients write, opt out or unsubscribe there before their email.

Prints the figures as JSON, with how often each fault happened. These must be 0:

- twice: accepted more than once
- wrong: the ledger and our row disagree
- stuck: approved, and at the end neither sent, refused nor with a person
- unknown: accepted, and no email of ours
- changed: another text than the approved one
- in_spite: to somebody who had opted out or written before
- unheard: an answer that we do not know of
- unseen: uncertain, and no alarm says so
- over_the_cap: days on which more was sent than the limit allows

Exit code 0 if all are 0 and every fault happened, else 1.
"""

import argparse
import contextlib
import json
import random
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import redis
import time_machine

from bench import forking, ghl_trouble, servers, world
from bench.forking import Forker
from bench.ghl_trouble import Recipients
from bench.ledger import MUST_BE_ZERO, compare_ledger, count_statuses, query_rows
from bench.progress import report_progress
from bench.sender import RUNS, STAGES
from bench.sender_processes import SenderProcesses
from tests.fakes.ghl import FakeGhl

FIRST_DAY = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)  # a Tuesday in New York
CAP = 100  # of the autonomous phase
MOST_DAYS = 12
# A day ends when each stage has run so often without a change in any row of sending. On a machine
# that is busy with other work it takes as many seconds more.
IDLE_RUNS = 5
LONGEST_DAY = 600.0  # seconds
LEASES_END = 120.0  # seconds
SOON = 60.0  # seconds: a day goes on over the wait of a second try
COMES_SOON = """SELECT
    (SELECT count(*) FROM outreach_control WHERE away_until > %(now)s) +
    (SELECT count(*) FROM outreach_message WHERE status IN ('cleared', 'uncertain')
        AND not_before BETWEEN %(now)s AND %(soon)s)"""
# After several failures in a row nobody asks GoHighLevel for minutes: longer than most days here.
END_LONG_OUTAGE = "UPDATE outreach_control SET away_until = %(now)s WHERE away_until > %(soon)s"
WAITING = "SELECT to_address FROM outreach_message WHERE status = 'cleared' ORDER BY id"


@dataclass
class ChaosRun:
    """The parts of a run, and what was done to them."""

    forker: Forker
    db: str
    redis: str
    ghl: FakeGhl
    people: Recipients
    chance: random.Random
    kills: int  # in all
    killed: int = 0
    halts: int = 0
    waits_ended: int = 0

    def one_day(self, crashes: list[Any], kills: int) -> None:
        """Run until nothing changes any more. Sending is resumed after each halt of a guardrail."""
        processes, over = SenderProcesses(self.forker, clock_offset()), threading.Event()
        works = [
            (self._kill, (processes, kills, over)),
            (self.people.answer, (processes.webhooks, over)),
        ]
        works += [(_run_later, (self.chance.uniform(5, 12), crash, over)) for crash in crashes]
        threads = [threading.Thread(target=work, args=given) for work, given in works]
        for thread in threads:
            thread.start()
        try:
            for statuses in watch_changes(self.db, self.redis):
                report_progress(f"{datetime.now(UTC):%d %B}: {statuses}, {self.killed} kills")
                processes.check()
                self._let_it_go_on()
        finally:
            over.set()
            for thread in threads:
                thread.join()
            processes.end()

    def _kill(self, processes: SenderProcesses, kills: int, over: threading.Event) -> None:
        """Kill a worker after every few calls."""
        chance = random.Random(self.chance.random())  # noqa: S311
        most = max(4, min(25, len(query_rows(self.db, WAITING)) * 4 // max(1, kills)))
        for _ in range(kills):
            seen = len(self.ghl.requests()) + chance.randint(3, most)
            while len(self.ghl.requests()) < seen:
                if over.wait(0.02):
                    return
            over.wait(chance.uniform(0, 0.1))
            processes.kill_one(chance)
            self.killed += 1

    def _let_it_go_on(self) -> None:
        """End a halt as a Lead does, and let the minutes pass that an outage is waited for."""
        with contextlib.suppress(psycopg.Error):  # it is being restarted
            with psycopg.connect(self.db, connect_timeout=3) as connection:
                self.waits_ended += connection.execute(END_LONG_OUTAGE, now_and_soon()).rowcount
            if query_rows(self.db, "SELECT halted FROM outreach_control")[0][0]:
                self.halts += 1
                run_sender(self.forker, "resume")


def run_chaos(emails: int, kills: int, restarts: bool, seed: int) -> dict[str, Any]:
    chance, began = random.Random(seed), time.monotonic()  # noqa: S311
    with contextlib.ExitStack() as stack:
        postgres, redis_server = (
            stack.enter_context(servers.Postgres()),
            stack.enter_context(servers.Redis()),
        )
        ghl = stack.enter_context(FakeGhl(token="pit-bench", location_id="loc-bench"))
        env = sender_environment(postgres.url, redis_server.url, ghl)
        forker = stack.enter_context(Forker(env, *forking.CELERY_MODULES))
        clock = stack.enter_context(time_machine.travel(FIRST_DAY, tick=True))
        postgres.shift_clock(clock_offset())
        approved = json.loads(run_sender(forker, "prepare", str(emails)))
        ghl_trouble.plan_trouble(ghl, chance, emails)
        chaos = ChaosRun(
            forker, postgres.url, redis_server.url, ghl, Recipients(ghl, chance), chance, kills
        )
        crashes = [postgres.crash, redis_server.crash] if restarts else []
        days = run_days(chaos, clock, postgres, crashes)
        # A short last day may end before the next round of polling, every 30 seconds, or in the
        # middle of one, whose lease is over by then.
        clock.shift(LEASES_END)
        run_sender(forker, "read")
        found = {
            "emails": emails,
            "days": days,
            "took_s": time.monotonic() - began,
            "killed": chaos.killed,
            "postgres_crashes": postgres.crashes,
            "redis_crashes": redis_server.crashes,
            "faults": ghl_trouble.count_trouble(ghl, emails),
            "webhooks": dict(chaos.people.webhooks),
            "answers": len(chaos.people.answers),
            "stopped": len(chaos.people.stopped),
            "halts": chaos.halts,
            "waits_ended": chaos.waits_ended,
            **compare_ledger(postgres.url, ghl, approved, chaos.people, CAP),
        }
    return found | {"not_done": missing_faults(found, kills, restarts)}


def run_days(chaos: ChaosRun, clock: Any, postgres: servers.Postgres, crashes: list[Any]) -> int:
    """Run day after day, with a last one to search for uncertain emails; returns how many."""
    for day in range(MOST_DAYS):
        addresses = [row[0] for row in query_rows(chaos.db, WAITING)]
        left = chaos.kills - chaos.killed
        chaos.people.stop_before(addresses, most=max(1, len(addresses) // 50))
        chaos.one_day(crashes[day : day + 1], -(-left // max(1, -(-len(addresses) // CAP))))
        clock.move_to(next_morning())
        postgres.shift_clock(clock_offset())  # else nothing is sent: the clocks disagree
        if (
            not any(count_statuses(chaos.db).get(status) for status in ("cleared", "sending"))
            and day >= len(crashes) - 1
        ):
            chaos.one_day([], 0)
            return day + 2
    return MOST_DAYS


def missing_faults(found: dict[str, Any], kills: int, restarts: bool) -> list[str]:
    """The planned faults that did not happen, about which the run proves nothing."""
    missing = [
        name
        for name, count in found["faults"].items()
        if not count and name != "429 by its own limit"
    ]
    missing += [f"{kills - found['killed']} kills"] * (found["killed"] < kills)
    missing += ["a webhook that was lost"] * (not found["webhooks"].get("lost"))
    crashed = min(found["postgres_crashes"], found["redis_crashes"])
    return missing + ["a restart"] * (restarts and not crashed)


def sender_environment(database: str, redis: str, ghl: FakeGhl) -> dict[str, str]:
    """Live sending to a loopback address, with the daily limit and GoHighLevel's rate alone."""
    return world.product_environment(
        DATABASE_URL=database,
        REDIS_URL=redis,
        SANDBOX="clay",
        TEAM_TIME_ZONE="America/New_York",
        GHL_BASE_URL=ghl.url,
        GHL_API_TOKEN="pit-bench",
        GHL_LOCATION_ID="loc-bench",
        GHL_FROM_EMAIL="alex@mail.ours.example.com",
        UNDO_SECONDS="0",
        SEND_GAP_SECONDS="0",
        HOURLY_LIMIT="10000",
        DOMAIN_HOURLY_LIMIT="10000",
        WORKING_HOURS="00:00-24:00",
        GHL_WEBHOOK_PUBLIC_KEY=ghl.public_key_b64,
    )


def run_sender(forker: Forker, what: str, *more: str) -> str:
    return forker.run("bench.sender", what, str(clock_offset()), *more)


def clock_offset() -> float:
    """How many seconds the simulated clock is ahead of the real one."""
    return time.time() - time_machine.escape_hatch.time.time()


def next_morning() -> datetime:
    """The next working day at the same hour, when every lease and wait is over."""
    at = datetime.now(UTC) + timedelta(days=1)
    at = at.replace(hour=FIRST_DAY.hour, minute=0)
    return at + timedelta(days=2) if at.weekday() == 5 else at


def _run_later(seconds: float, work: Any, over: threading.Event) -> None:
    over.wait(seconds)
    work()


def watch_changes(db: str, redis_url: str) -> Iterator[dict[str, int]]:
    """Yield twice a second, how many emails are where, until the rows stay the same or the day has
    been long enough.
    """
    began = time.monotonic()
    last, runs_then = None, dict[str, int]()
    while time.monotonic() - began < LONGEST_DAY:
        time.sleep(0.5)
        try:
            found = (
                query_rows(db, "SELECT count(*), max(id) FROM outreach_move"),
                count_statuses(db),
            )
            waits = count_coming(db)
            runs = count_runs(redis_url)
        except (psycopg.Error, redis.RedisError):
            continue  # it is being restarted
        if found != last or waits or any(runs[stage] < runs_then[stage] for stage in runs):
            last, runs_then = found, runs
        elif all(runs[stage] - runs_then[stage] >= IDLE_RUNS for stage in runs):
            return
        yield found[1]


def count_coming(db: str) -> int:
    return int(query_rows(db, COMES_SOON, now_and_soon())[0][0])


def now_and_soon() -> dict[str, datetime]:
    now = datetime.now(UTC)
    return {"now": now, "soon": now + timedelta(seconds=SOON)}


def count_runs(redis_url: str) -> dict[str, int]:
    """How often the workers have ended each stage since Redis began."""
    with redis.Redis.from_url(redis_url, decode_responses=True) as connection:
        found = connection.hgetall(RUNS)
    return {stage: int(found.get(f"outreach.{stage}", 0)) for stage in STAGES}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--emails", type=int, default=300)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument(
        "--no-restarts", action="store_true", help="leave PostgreSQL and Redis alone"
    )
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    found = run_chaos(asked.emails, asked.kills, not asked.no_restarts, asked.seed)
    print(json.dumps({"seed": asked.seed} | found, indent=2))
    return 1 if found["not_done"] or any(found[name] for name in MUST_BE_ZERO) else 0


if __name__ == "__main__":
    sys.exit(main())
