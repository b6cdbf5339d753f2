"""Mixed load for half an hour while a process is killed every minute: nothing lost, nothing twice.

    python -m bench.soak --minutes 30        (or: make soak MINUTES=30)

On a PostgreSQL and a Redis of its own: visits come in, reviewers decide by the API and at the desk,
emails leave through a GoHighLevel that behaves like the vendor's and answers some, which is synced,
and each event is posted to a receiver that verifies signatures. Gunicorn, two Celery workers and
beat run as in production; a web process, a worker and beat get SIGKILL by turns. What is compared
was seen outside: acknowledged bodies, confirmed decisions, GoHighLevel's ledger, what the receiver
verified.

Prints the figures as JSON. FAULTS names those that must be 0. Memory is judged after 25 minutes by
its slope in processes that live to the end. Exit code 0 where every fault is 0, each load did its
part and each kind of process was killed; else 1.
"""

import argparse
import contextlib
import itertools
import json
import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import time_machine

from bench import chaos_ingest, posting, servers, soak_judge, visit_outcomes, world
from bench.chaos_sending import clock_offset, sender_environment
from bench.ghl_trouble import Recipients
from bench.ledger import count_statuses, query_rows
from bench.soak_reviewers import Reviewers
from bench.soak_site import SoakSite
from tests.fakes import rb2b
from tests.fakes.dns import FakeDns
from tests.fakes.ghl import FakeGhl
from tests.fakes.receiver import FakeReceiver

KILL_EVERY = 60.0  # seconds
CONNECTIONS = 2  # kept alive; that one's process was killed is found by the next post on it
PAGES_EACH = 2  # visits of one person
STUCK_AFTER = 180.0  # seconds without progress after the load has ended
DECISIONS = """SELECT m.public_id::text, d.verdict FROM approvals_decision d
    JOIN outreach_message m ON m.id = d.message_id"""
DELIVERIES = """SELECT e.event_id, d.state FROM lib_webhookdelivery d
    JOIN lib_webhookevent e ON e.id = d.event_id"""
SENT = "SELECT public_id::text FROM outreach_message WHERE status = 'sent'"
TOLD = "SELECT data->>'message' FROM lib_webhookevent WHERE type = 'message.sent'"
WAITING = """SELECT (SELECT count(*) FROM leads_inboundevent WHERE state = 'waiting')
    + (SELECT count(*) FROM outreach_message WHERE status IN ('cleared', 'sending'))
    + (SELECT count(*) FROM lib_webhookdelivery WHERE state = 'waiting')"""
FAULTS = (
    *("lost", "double", "not_processed", "set_aside", "refused_unexplained"),
    *("sent_twice", "sent_wrongly", "sent_unknown", "unsent", "unheard", "halted"),
    *("decisions_lost", "decided_twice", "untold", "told_wrongly", "growing"),
    *("webhooks_lost", "webhooks_undelivered", "webhooks_unknown", "webhooks_unverifiable"),
)
AGREES = {"sent": (1,), "uncertain": (0, 1)}  # how often GoHighLevel may have accepted it
PARTS = ("visits", "decided", "accepted", "answers", "webhooks")


def tuesday_morning() -> datetime:
    """Of the next week in New York, so that emails may leave at whatever time this runs."""
    now = datetime.now(ZoneInfo("America/New_York"))
    day = now + timedelta(days=(1 - now.weekday()) % 7 or 7)
    return day.replace(hour=10, minute=0).astimezone(UTC)


def sending_domain_records() -> FakeDns:
    """The records of a sending domain as it should be."""
    dns, domain = FakeDns(), "mail.ours.example.com"
    dns.texts = {
        domain: ["v=spf1 include:mailgun.org ~all"],
        f"k1._domainkey.{domain}": ["v=DKIM1; k=rsa; p=" + "A" * 300],
        f"_dmarc.{domain}": ["v=DMARC1; p=none"],
    }
    return dns


def visit_bodies(posts: int, chance: random.Random) -> Iterator[bytes]:
    """Page views, every PAGES_EACH of one person, and some of them posted once more."""
    for n in itertools.count():
        person = rb2b.person() if n % PAGES_EACH == 0 else person  # noqa: F821
        url = f"https://oursite.test/pricing{chaos_ingest.MARK}{n}"
        body = rb2b.to_body(person | {"Captured URL": url})
        times = 2 if chance.random() < chaos_ingest.RESENT else 1
        for _ in range(times):
            if not posts:
                return
            posts -= 1
            yield body if isinstance(body, bytes) else body.encode()


def soak_environment(
    stack: contextlib.ExitStack, postgres: servers.Postgres, redis: servers.Redis, ghl: FakeGhl
) -> dict[str, str]:
    """That of sending, with a spool, webhooks out and records of the sending domain."""
    spool = stack.enter_context(tempfile.TemporaryDirectory(prefix="caio-spool-"))
    return sender_environment(postgres.url, redis.url, ghl) | {
        "SPOOL_DIR": spool,
        "WEBHOOKS_OUT_LOOPBACK": "true",
        "DNS_SERVER": stack.enter_context(sending_domain_records()).address,
        "DKIM_SELECTORS": "k1",
    }


def run_soak(minutes: float, rate: float, seed: int) -> dict[str, Any]:
    chance, found = random.Random(seed), posting.PostOutcome()  # noqa: S311
    with contextlib.ExitStack() as stack:
        postgres, redis = (
            stack.enter_context(servers.Postgres()),
            stack.enter_context(servers.Redis()),
        )
        ghl = stack.enter_context(FakeGhl(token="pit-bench", location_id="loc-bench"))
        receiver = stack.enter_context(FakeReceiver())
        env = soak_environment(stack, postgres, redis, ghl)
        spool = Path(env["SPOOL_DIR"])
        world.run_manage(env, "collectstatic", "--noinput", "--verbosity", "0")
        stack.enter_context(time_machine.travel(tuesday_morning(), tick=True))
        postgres.shift_clock(clock_offset())
        ready = json.loads(run_shifted(env, "bench.soak_prepare", receiver.address()))
        receiver.secret = ready["secret"]
        site = stack.enter_context(SoakSite(env, clock_offset()))
        reviewers = Reviewers(site.url, ready["key"], ready["session"])
        people, began = Recipients(ghl, chance), time.monotonic()
        with _running(site, reviewers, people) as failed:
            url = f"{site.url}/webhooks/rb2b?token={world.TOKEN}"
            posts = round(rate * minutes * 60)
            posting.post_all(url, visit_bodies(posts, chance), found, CONNECTIONS, rate)
        took = time.monotonic() - began
        settled = _wait_until_settled(postgres.url, spool, people)
        if failed:
            raise RuntimeError(f"Something else than the product failed: {failed}")
        return {
            "minutes": round(took / 60, 1),
            "settled_s": round(settled, 1),
            "killed": dict(site.killed),
            **_rates(found, reviewers, people, receiver, took),
            **_compare_visits(
                postgres.url,
                found,
                visit_outcomes.count_explained(found, site.web_killed_at, CONNECTIONS, rate),
                spool,
            ),
            **_compare_sends(postgres.url, ghl, people),
            **soak_judge.judge_decisions(reviewers.told, _pairs(postgres.url, DECISIONS)),
            **soak_judge.judge_webhooks(
                dict(_pairs(postgres.url, DELIVERIES)),
                [event for event, _ in receiver.accepted],
                sum(str(request.outcome)[:3] == "401" for request in receiver.requests()),
            ),
            **soak_judge.judge_told(_column(postgres.url, SENT), _column(postgres.url, TOLD)),
            "memory": soak_judge.memory_slopes(site.memory.samples, took),
            **soak_judge.judge_memory(
                {k: v for k, v in site.memory.samples.items() if "killed" not in k}, took
            ),
        }


def run_shifted(env: dict[str, str], module: str, *more: str) -> str:
    return world.run_manage(env, "-m", "bench.shifted", f"{clock_offset()}", module, *more)


@contextlib.contextmanager
def _running(site: SoakSite, reviewers: Reviewers, people: Recipients) -> Iterator[list[str]]:
    """All other load and the kills, in threads, for the length of the block; yields what failed."""
    over, failed = threading.Event(), list[str]()

    def guarded(work: Any, *given: Any) -> None:
        try:
            work(*given, over)
        except Exception as error:
            failed.append(f"{type(error).__name__}: {error}")

    works = [
        (site.kill_every, KILL_EVERY),
        (site.watch,),
        (reviewers.by_api,),
        (reviewers.at_the_desk,),
        (people.answer, f"{site.url}/webhooks/ghl"),
    ]
    threads = [threading.Thread(target=guarded, args=work) for work in works]
    for thread in threads:
        thread.start()
    try:
        yield failed
    finally:
        over.set()
        for thread in threads:
            thread.join()


def _wait_until_settled(db: str, spool: Path, people: Recipients) -> float:
    """Until nothing waits, or nothing moves any more, which is judged then; returns seconds."""
    began, best, at = time.monotonic(), sys.maxsize, time.monotonic()
    visit_outcomes.let_halves_be_abandoned(spool)
    while time.monotonic() - at < STUCK_AFTER:
        left = query_rows(db, WAITING)[0][0] + len(visit_outcomes.files_to_settle(spool))
        left += len(_unheard(db, people))
        if not left:
            break
        if left < best:
            best, at = left, time.monotonic()
        time.sleep(1)
    return time.monotonic() - began


def _rates(
    found: posting.PostOutcome, reviewers: Reviewers, people: Recipients, receiver: Any, took: float
) -> dict[str, Any]:
    told = Counter(verdict for _, verdict in reviewers.told)
    return {
        "visits": found.posted,
        "visits_a_minute": round(found.posted / took * 60, 1),
        "refused": found.refused,
        "decided": told.total(),
        "verdicts": dict(told),
        "reviewers_answers": dict(reviewers.answers),
        "answers": len(people.answers),
        "webhooks_of_ghl": dict(people.webhooks),
        "webhooks": len(receiver.accepted),
        "webhooks_again": len(receiver.accepted) - len({event for event, _ in receiver.accepted}),
    }


def _compare_visits(
    db: str, found: posting.PostOutcome, explained: int, spool: Path
) -> dict[str, int]:
    return visit_outcomes.count_outcomes(db, found, worked_off=True) | {
        "refused_unexplained": len(found.refused_at) - explained,
        "set_aside": visit_outcomes.count_set_aside(spool),
    }


def _compare_sends(db: str, ghl: FakeGhl, people: Recipients) -> dict[str, Any]:
    rows = dict(_pairs(db, "SELECT to_address, status FROM outreach_message"))
    accepted = Counter(entry["to"] for entry in ghl.sent_emails())
    return {
        "statuses": count_statuses(db),
        "accepted": accepted.total(),
        "sent_twice": sum(n > 1 for n in accepted.values()),
        "sent_wrongly": sum(accepted[to] not in AGREES.get(s, (0,)) for to, s in rows.items()),
        "sent_unknown": sum(to not in rows for to in accepted),
        "unsent": sum(status in ("cleared", "sending") for status in rows.values()),
        "unheard": len(_unheard(db, people)),
        "halted": int(query_rows(db, "SELECT halted FROM outreach_control")[0][0]),
    }


def _unheard(db: str, people: Recipients) -> set[str]:
    return set(people.answers) - set(_column(db, "SELECT ghl_message_id FROM outreach_reply"))


def _pairs(db: str, query: str) -> list[tuple[str, str]]:
    return [(one, other) for one, other in query_rows(db, query)]


def _column(db: str, query: str) -> list[str]:
    return [row[0] for row in query_rows(db, query)]


def missing_parts(found: dict[str, Any], minutes: float) -> list[str]:
    """What the run should have done and did not: it proves nothing about that."""
    kinds = ("web", "worker", "beat") if minutes > 3 else ("web", "worker")
    missing = [f"no {kind} was killed" for kind in kinds if not found["killed"].get(kind)]
    return missing + [f"no {part}" for part in PARTS if not found[part]]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--rate", type=float, default=0.3, help="visits a second")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    found = run_soak(asked.minutes, asked.rate, asked.seed)
    found["not_done"] = missing_parts(found, asked.minutes)
    found["faults"] = {name: found[name] for name in FAULTS if found.get(name)}
    if "growing" not in found:
        found["memory_not_judged"] = f"shorter than {soak_judge.LONG_ENOUGH / 60:.0f} minutes"
    print(json.dumps({"seed": asked.seed, "machine": f"{os.cpu_count()} cores"} | found, indent=2))
    return int(bool(found["faults"] or found["not_done"]))


if __name__ == "__main__":
    sys.exit(main())
