"""Go back to the release before on the new tables, and forward again: nothing may be lost.

    python -m bench.rollback --to COMMIT        (or: make rollback TO=COMMIT)

COMMIT is the release before: as a rule the newest tag, or the commit before the one that last wrote
.ci/released_migrations.txt. On a PostgreSQL and a Redis of its own the tables are migrated by this
code. Then web, worker and beat run three times, and are stopped in good order: with this code, with
the release before (its files from git, the packages of this one), with this code again. Each time
visits come in and reach the queue, one email that the run before held is approved, and it leaves
through a GoHighLevel that behaves like the vendor's. The others stay undecided.

Prints the figures as JSON. Exit code 0 where each visit became an event, a visit and an email, each
approved email was accepted once, no other was, and no row of the runs before is gone; else 1.
"""

import argparse
import contextlib
import io
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests
import time_machine

from bench import servers, world
from bench.chaos_sending import clock_offset
from bench.ledger import query_rows
from bench.soak import run_shifted, soak_environment, tuesday_morning
from bench.soak_site import SoakSite
from tests.fakes import rb2b
from tests.fakes.ghl import FakeGhl
from tests.fakes.receiver import FakeReceiver

LIST = ".ci/released_migrations.txt"
WITHIN = 300.0  # seconds for what a sweep does
VISITS = 2  # in each run
HELD = "SELECT to_address FROM outreach_message WHERE status = 'held' ORDER BY id"
SENT = "SELECT to_address FROM outreach_message WHERE status = 'sent' ORDER BY id"
TABLES = """SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
    WHERE relkind = 'r' AND nspname = 'public' AND relname ~ '^(leads|outreach|approvals)_'"""
# Rows of these say how work is going; they are deleted when it is done.
PASSING = ("_lease", "cursor", "nudge")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--to", default="", help="a commit; else as said above")
    commit = parser.parse_args().to or release_before()
    with tempfile.TemporaryDirectory(prefix="caio-release-") as folder:
        found = {"to": commit} | run_rollback(unpack(commit, Path(folder)))
    found["faults"] = find_faults(found)
    print(json.dumps(found, indent=2))
    return int(bool(found["faults"]))


def release_before() -> str:
    with contextlib.suppress(subprocess.CalledProcessError):
        return _git("describe", "--tags", "--abbrev=0", "HEAD^").decode().strip()
    newest = _git("log", "-1", "--format=%H", "--", LIST).decode().strip()
    return f"{newest}^" if newest else "HEAD^"


def unpack(commit: str, folder: Path) -> Path:
    with tarfile.open(fileobj=io.BytesIO(_git("archive", commit))) as files:
        files.extractall(folder, filter="data")
    (folder / "bench").mkdir(exist_ok=True)
    shutil.copy(world.ROOT / "bench" / "shifted.py", folder / "bench")
    return folder


def _git(*arguments: str) -> bytes:
    command = ["git", "-C", str(world.ROOT), *arguments]
    return subprocess.run(command, check=True, capture_output=True).stdout


def run_rollback(old: Path) -> dict[str, Any]:
    with contextlib.ExitStack() as stack:
        postgres, redis = (
            stack.enter_context(servers.Postgres()),
            stack.enter_context(servers.Redis()),
        )
        ghl = stack.enter_context(FakeGhl(token="pit-bench", location_id="loc-bench"))
        receiver = stack.enter_context(FakeReceiver())
        env = soak_environment(stack, postgres, redis, ghl)
        stack.enter_context(time_machine.travel(tuesday_morning(), tick=True))
        postgres.shift_clock(clock_offset())
        ready = json.loads(run_shifted(env, "bench.soak_prepare", receiver.address()))
        runs, rows, gone = [], dict[str, int](), list[str]()
        for folder in (world.ROOT, old, world.ROOT):
            runs.append(one_run(env, folder, postgres.url, ghl, ready["key"]))
            now = count_rows(postgres.url)
            gone += [
                f"{table}: {rows[table]} to {now[table]}"
                for table in rows
                if now[table] < rows[table]
            ]
            rows = now
        accepted = Counter(entry["to"] for entry in ghl.sent_emails())
        return {
            "migrations_ahead": migrations_ahead(env, old),
            "runs": runs,
            "accepted": dict(accepted),
            "sent": [row[0] for row in query_rows(postgres.url, SENT)],
            "still_held": len(query_rows(postgres.url, HELD)),
            "events": query_rows(
                postgres.url, "SELECT state, count(*) FROM leads_inboundevent GROUP BY 1"
            ),
            "visits": query_rows(postgres.url, "SELECT count(*) FROM leads_visit")[0][0],
            "gone": gone,
        }


def one_run(env: dict[str, str], folder: Path, db: str, ghl: FakeGhl, key: str) -> dict[str, Any]:
    """Visits in, one email approved that was held before (in the first run: just now), and sent."""
    before = [row[0] for row in query_rows(db, HELD)]
    with SoakSite(env | {"PYTHONPATH": str(folder)}, clock_offset(), folder) as site:
        visitors = [rb2b.person() for _ in range(VISITS)]
        for visitor in visitors:
            hook = f"{site.url}/webhooks/rb2b?token={world.TOKEN}"
            answer = requests.post(hook, data=rb2b.to_body(visitor), timeout=15)
            assert answer.status_code == 200, answer.text
        addresses = [visitor["Business Email"] for visitor in visitors]
        held = wait_for(lambda: set(addresses) <= {row[0] for row in query_rows(db, HELD)})
        chosen = (before or addresses)[0]
        said = approve(site.url, key, chosen) if held else 0
        left = said == 200 and wait_for(lambda: chosen in {row[0] for row in query_rows(db, SENT)})
        return {
            "code": "this" if folder == world.ROOT else "the release before",
            "posted": addresses,
            "held": held,
            "approved": chosen,
            "answer": said,
            "sent": bool(left),
        }


def approve(url: str, key: str, address: str) -> int:
    headers = {"Authorization": f"Bearer {key}"}
    waiting = requests.get(f"{url}/api/pending-emails", headers=headers, timeout=30).json()
    for row in waiting["results"]:
        if row["to"] == address:
            return requests.post(
                f"{url}/api/emails/{row['id']}/approve",
                json={"version": row["version"]},
                headers=headers,
                timeout=30,
            ).status_code
    return 0


def wait_for(is_so: Callable[[], bool]) -> bool:
    until = time.monotonic() + WITHIN
    while time.monotonic() < until:
        if is_so():
            return True
        time.sleep(1)
    return False


def count_rows(db: str) -> dict[str, int]:
    tables = [row[0] for row in query_rows(db, TABLES)]
    kept = [table for table in tables if not any(word in table for word in PASSING)]
    return {table: query_rows(db, f'SELECT count(*) FROM "{table}"')[0][0] for table in kept}


def migrations_ahead(env: dict[str, str], old: Path) -> int:
    """How many migrations of this code the release before does not have."""

    def names(root: Path) -> set[str]:
        found = root.glob("**/migrations/0*.py")
        return {str(file.relative_to(root)) for file in found if ".venv" not in file.parts}

    return len(names(world.ROOT) - names(old))


def find_faults(found: dict[str, Any]) -> list[str]:
    runs = found["runs"]
    faults = [f"run {n}: {what}" for n, run in enumerate(runs, 1) for what in _not_done(run)]
    approved = sorted(run["approved"] for run in runs)
    if sorted(found["sent"]) != approved or found["accepted"] != dict.fromkeys(approved, 1):
        faults.append("what was sent is not what was approved, once each")
    posted = sum(len(run["posted"]) for run in runs)
    if dict(found["events"]) != {"processed": posted} or found["visits"] != posted:
        faults.append(f"{posted} visits were acknowledged; kept: {found['events']}")
    if found["still_held"] != posted - len(runs):
        faults.append(f"{found['still_held']} emails wait, not {posted - len(runs)}")
    return faults + [f"rows are gone: {one}" for one in found["gone"]]


def _not_done(run: dict[str, Any]) -> list[str]:
    missing = ["a visit is not held"] * (not run["held"])
    missing += [f"approving was answered by {run['answer']}"] * (run["answer"] != 200)
    return missing + ["the approved email did not leave"] * (not run["sent"])


if __name__ == "__main__":
    sys.exit(main())
