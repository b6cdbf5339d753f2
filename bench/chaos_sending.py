"""Approved emails leave while everything is killed: each must be sent once, or refused, or be with a person.

    python -m bench.chaos_sending --emails 300        (or: make chaos-sending EMAILS=300)

On a PostgreSQL and a Redis of its own, against a GoHighLevel that behaves like the vendor's (tests/fakes/ghl.py) and
keeps a ledger of what it accepted. Four processes of the door run for as many simulated days as the daily cap asks for;
they get SIGKILL at random, PostgreSQL crashes once and Redis once. GoHighLevel times out, resets and answers 500 after
it has accepted, drops connections, answers 429, 401 and 422, is slow, and shows an email in its conversation late.

Prints the figures as JSON. Twice: accepted more than once. Wrong: the ledger and our row disagree. Stuck: approved, and
after the last day neither sent, refused nor with a person. Over the cap: a day on which more left than the cap allows.
Exit code 0 where none of these is there; else 1.
"""

import argparse
import contextlib
import json
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import time_machine

from bench import servers, world
from tests.fakes.ghl import FakeGhl

FIRST_DAY = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)  # a Tuesday in New York
CAP = 100  # of the autonomous phase
WORKERS = 4
MOST_DAYS = 12
IDLE_ENDS_A_DAY = 8.0  # seconds without a change in any row of the door
STARTING = 30.0  # seconds that processes may need until the first
LONGEST_DAY = 240.0  # seconds
SEND = "POST /conversations/messages"
INVALID = {"statusCode": 422, "message": ["email must be an email"], "error": "Unprocessable Entity"}
UNAUTHORIZED = {"statusCode": 401, "message": "Invalid token: access token is invalid", "error": "Unauthorized"}
STATUSES = "SELECT status, count(*) FROM outreach_message GROUP BY status"


@dataclass
class Harm:
    """What was done on the way."""

    killed: int = 0
    postgres: int = 0
    redis: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    halts: int = 0


class Door:
    """The processes of the door, which can be killed one by one and start again at once."""

    def __init__(self, env: dict[str, str], ahead: float):
        self._env, self._ahead = env, ahead
        self._workers = [self._start() for _ in range(WORKERS)]

    def _start(self) -> world.Process:
        return world.Process(self._env, "-m", "bench.sender", "work", str(self._ahead))

    def kill_one(self, chance: random.Random) -> None:
        n = chance.randrange(WORKERS)
        self._kill(self._workers[n])
        self._workers[n] = self._start()

    def kill_all(self) -> None:
        for worker in self._workers:
            self._kill(worker)

    def _kill(self, worker: world.Process) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker.pid, signal.SIGKILL)
        worker.__exit__()


def plan_faults(ghl: FakeGhl, chance: random.Random, harm: Harm, emails: int) -> None:
    """About one call to send in five goes wrong, in each of the ways that GoHighLevel knows."""
    ways = {
        "reset after accepting": lambda on: on.act_then_close(times=1),
        "500 after accepting": lambda on: on.act_then_status(500, {"message": "oops"}, times=1),
        "garbage after accepting": lambda on: on.act_then_garbage(times=1),
        "closed before accepting": lambda on: on.close_before(times=1),
        "429": lambda on: on.status(429, {"message": "Too Many Requests"}, headers={"Retry-After": "1"}, times=1),
        "422": lambda on: on.status(422, INVALID, times=1),
        "slow": lambda on: on.delay(1.5, times=1),
        "time out after accepting": lambda on: on.act_then_delay(22, times=1),
        "401": lambda on: on.status(401, UNAUTHORIZED, times=1),
    }
    weights = (5, 5, 3, 4, 4, 3, 5, 1, 1)
    for way in chance.choices(list(ways), weights, k=emails // 5):
        ghl.on(SEND).normal(times=chance.randint(1, 6))
        ways[way](ghl.on(SEND))
        harm.faults[way] += 1
    for route in ("GET /contacts/{id}", "GET /conversations/search", "POST /contacts/upsert"):
        ghl.on(route).normal(times=20).status(503, times=1).normal(times=30).close_before(times=1)
        harm.faults["reads that failed"] += 2
    ghl.lose_from_conversation(4.0, times=emails // 20)
    harm.faults["shown late"] += emails // 20


def harm_on_the_way(
    door: Door, ghl: FakeGhl, chance: random.Random, harm: Harm, kills: int, over: threading.Event
) -> None:
    """Kill while emails leave: each time after some more calls, whoever makes them."""
    for _ in range(kills):
        seen = len(ghl.requests()) + chance.randint(3, 25)
        while len(ghl.requests()) < seen:
            if over.wait(0.01):
                return
        time.sleep(chance.uniform(0, 0.1))
        door.kill_one(chance)
        harm.killed += 1


def run(emails: int, kills: int, restarts: bool, seed: int) -> dict[str, Any]:
    chance, harm = random.Random(seed), Harm()  # noqa: S311
    began, days = time.monotonic(), 0
    with contextlib.ExitStack() as stack:
        postgres, redis = stack.enter_context(servers.Postgres()), stack.enter_context(servers.Redis())
        ghl = stack.enter_context(FakeGhl(token="pit-bench", location_id="loc-bench"))
        env = environment(postgres.url, redis.url, ghl.url)
        world.manage(env, "migrate", "--verbosity", "0")
        clock = stack.enter_context(time_machine.travel(FIRST_DAY, tick=True))
        sender(env, "prepare", str(emails))
        plan_faults(ghl, chance, harm, emails)
        each = -(-kills // max(1, -(-emails // CAP)))  # spread over the days that the cap asks for
        while days < MOST_DAYS and (days == 0 or waiting(postgres.url)):
            days += 1
            today = [postgres.crash, redis.crash][days - 1 : days] if restarts else []
            one_day(env, postgres.url, ghl, chance, harm, min(each, kills - harm.killed), today)
            clock.move_to(next_morning())
        return {
            "emails": emails, "days": days, "took_s": time.monotonic() - began, "killed": harm.killed,
            "postgres_crashes": postgres.crashes, "redis_crashes": redis.crashes, "faults": dict(harm.faults),
            "halts": harm.halts, **judge(postgres.url, ghl),
        }  # fmt: skip


def environment(database: str, redis: str, ghl: str) -> dict[str, str]:
    """Live sending to a loopback address, without pacing: what is left are the daily cap and GoHighLevel's rate."""
    return world.environment(
        DATABASE_URL=database, REDIS_URL=redis, SANDBOX="clay", TEAM_TIME_ZONE="America/New_York",
        GHL_BASE_URL=ghl, GHL_API_TOKEN="pit-bench", GHL_LOCATION_ID="loc-bench",
        GHL_FROM_EMAIL="alex@mail.ours.example.com", UNDO_SECONDS="0", SEND_GAP_SECONDS="0", HOURLY_LIMIT="10000",
        DOMAIN_HOURLY_LIMIT="10000", WORKING_HOURS="00:00-24:00",
    )  # fmt: skip


def sender(env: dict[str, str], what: str, *more: str) -> None:
    world.manage(env, "-m", "bench.sender", what, str(ahead()), *more)


def ahead() -> float:
    """How many seconds our clock is ahead of the real one, which no process of ours shows us any more."""
    return time.time() - time_machine.escape_hatch.time.time()


def next_morning() -> datetime:
    """The next working day at the same hour; what is leased or deferred until then is due."""
    at = datetime.now(UTC) + timedelta(days=1)
    at = at.replace(hour=FIRST_DAY.hour, minute=0)
    return at + timedelta(days=2) if at.weekday() == 5 else at


def one_day(
    env: dict[str, str], db: str, ghl: FakeGhl, chance: random.Random, harm: Harm, kills: int, crashes: list[Any]
) -> None:
    """Until nothing moves any more; a person lets sending go on where a guardrail has halted it."""
    door, over = Door(env, ahead()), threading.Event()
    hand = threading.Thread(target=harm_on_the_way, args=(door, ghl, chance, harm, kills, over))
    hand.start()
    threads = [threading.Thread(target=later, args=(chance.uniform(3, 10), crash, over)) for crash in crashes]
    for thread in threads:
        thread.start()
    try:
        for _ in changes(db):
            if halted(db):
                harm.halts += 1
                sender(env, "resume")
    finally:
        over.set()
        hand.join()
        for thread in threads:
            thread.join()
        door.kill_all()


def later(seconds: float, work: Any, over: threading.Event) -> None:
    over.wait(seconds)
    work()


def changes(db: str) -> Iterator[None]:
    """Yield about once a second until the rows of the door stay as they are, or the day has been long enough."""
    began = since = time.monotonic()
    last, since = None, since + STARTING
    while time.monotonic() - since < IDLE_ENDS_A_DAY and time.monotonic() - began < LONGEST_DAY:
        time.sleep(0.5)
        try:
            found = ask(db, "SELECT count(*), max(id) FROM outreach_move"), statuses(db)
        except psycopg.Error:
            continue  # it is being restarted
        if found != last:
            last, since = found, max(since, time.monotonic()) if last is None else time.monotonic()
        yield


def ask(db: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(db, connect_timeout=3) as connection:
        return connection.execute(query).fetchall()


def statuses(db: str) -> dict[str, int]:
    return dict(ask(db, STATUSES))  # type: ignore[arg-type]


def halted(db: str) -> bool:
    try:
        return bool(ask(db, "SELECT halted FROM outreach_control")[0][0])
    except psycopg.Error:
        return False


def waiting(db: str) -> int:
    found = statuses(db)
    return sum(found.get(status, 0) for status in ("cleared", "sending"))


def judge(db: str, ghl: FakeGhl) -> dict[str, Any]:
    """What became of the emails, by GoHighLevel's ledger and our rows."""
    rows = dict(ask(db, "SELECT to_address, status FROM outreach_message"))
    accepted = Counter(entry["to"] for entry in ghl.sent_emails())
    zone = ZoneInfo("America/New_York")
    per_day = Counter(datetime.fromtimestamp(entry["time"], UTC).astimezone(zone).date() for entry in ghl.sent_emails())
    agrees = {"sent": (1,), "uncertain": (0, 1)}
    final = {"sent", "failed", "uncertain", "withdrawn", "held"}
    return {
        "statuses": dict(Counter(rows.values())),
        "accepted": accepted.total(),
        "twice": sum(n > 1 for n in accepted.values()),
        "wrong": sum(accepted[to] not in agrees.get(status, (0,)) for to, status in rows.items() if status in final),
        "stuck": sum(status not in final for status in rows.values()),
        "unknown": sum(to not in rows for to in accepted),
        "most_a_day": max(per_day.values(), default=0),
        "over_the_cap": sum(n > CAP for n in per_day.values()),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--emails", type=int, default=300)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--no-restarts", action="store_true", help="leave PostgreSQL and Redis alone")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    found = run(asked.emails, asked.kills, not asked.no_restarts, asked.seed)
    print(json.dumps({"seed": asked.seed} | found, indent=2))
    return 1 if any(found[name] for name in ("twice", "wrong", "stuck", "unknown", "over_the_cap")) else 0


if __name__ == "__main__":
    sys.exit(main())
