"""A worker process for the races at Clay: the sweeps before and after the question, until SIGTERM.

`Workers` runs it with AHEAD: how many seconds the test's clock is ahead of the real one.
"""

import signal
import sys
import threading
import time

import time_machine

from leads.enrichment import clay_push, enrichment_requests
from leads.inbound import events


def main(ahead: str) -> None:
    enough = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: enough.set())
    with time_machine.travel(time.time() + float(ahead), tick=True):
        while not enough.wait(0.1):
            events.process_due()
            clay_push.push_due(batch=3)
            enrichment_requests.settle_overdue()


if __name__ == "__main__":
    main(*sys.argv[1:])
