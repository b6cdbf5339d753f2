"""The share of GoHighLevel's own ceiling that two sending processes use, and whether they pass it.

Run by __main__ as its own process, against a fake GoHighLevel with its limit of 100 calls in ten
seconds. Our own rate is in force.

    python -m bench.ghl_share SECONDS       two workers for so long
    python -m bench.ghl_share work SECONDS  one of them
"""

import contextlib
import json
import os
import sys
import time
from bisect import bisect_right
from typing import Any

import django

from bench import send_cost, world
from tests.fakes import remote

CEILING, WINDOW = 100, 10.0  # calls, seconds
AIM = 0.9
WORKERS = 2
EMAILS = 100  # what the phase allows in a day
LONGEST = 30.0  # seconds for which these are enough


def main(seconds: float) -> dict[str, Any]:
    arguments = ("--token=pit-bench", "--location-id=loc-bench")
    with remote.running("tests.fakes.ghl", *arguments) as ghl:
        os.environ |= send_cost.ENVIRONMENT | {"GHL_BASE_URL": ghl.url}
        _set_up()
        from django.db import connection

        send_cost.load_waiting(connection, EMAILS)
        with contextlib.ExitStack() as stack:
            workers = [
                stack.enter_context(
                    world.Process(dict(os.environ), "-m", "bench.ghl_share", "work", f"{seconds}")
                )
                for _ in range(WORKERS)
            ]
            while not ghl.requests():
                time.sleep(0.1)
            time.sleep(seconds)
            for worker in workers:
                worker.check()
        rows = ghl.requests()
        return share_of_ceiling([row["time"] for row in rows], seconds) | {
            "refused": sum(row["outcome"] == 429 for row in rows),
            "emails": len(ghl.sent_emails()),
        }


def share_of_ceiling(times: list[float], seconds: float) -> dict[str, float]:
    """`times` of the calls, as GoHighLevel saw them, in their order."""
    within = [at for at in times if at - times[0] <= seconds]
    most = max(bisect_right(times, at + WINDOW) - n for n, at in enumerate(times))
    return {"share": len(within) / seconds * WINDOW / CEILING, "most": most}


def work(seconds: float) -> None:
    _set_up()
    from outreach.sending import send

    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not send.send_due(most=1):
            time.sleep(0.01)


def _set_up() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "caio_project.settings")
    django.setup()


if __name__ == "__main__":
    if sys.argv[1] == "work":
        work(float(sys.argv[2]))
    else:
        print(json.dumps(main(min(LONGEST, max(20.0, float(sys.argv[1]))))))
