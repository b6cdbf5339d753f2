"""A worker process for the races at Clay: the sweeps before and after the question, until SIGTERM.

Run as `python -m tests.races.work_clay AHEAD`: how many seconds the test's clock is ahead of the
real one.
"""

import signal
import sys
import threading
import time

import django
import time_machine


def main(ahead: str) -> None:
    django.setup()
    from leads.enrichment import clay_push, enrichment_requests
    from leads.inbound import events

    enough = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: enough.set())
    with time_machine.travel(time.time() + float(ahead), tick=True):
        while not enough.wait(0.02):
            events.process_due()
            clay_push.push_due(batch=3)
            enrichment_requests.settle_overdue()


if __name__ == "__main__":
    main(*sys.argv[1:])
