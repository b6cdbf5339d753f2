"""A worker process for the races: one sweep of sending, or for some seconds or until SIGTERM.

`Workers` runs it with AHEAD and SECONDS; it prints how many went through. AHEAD is how many
seconds the test's clock is ahead of the real one, so that all processes share one clock.
"""

import signal
import sys
import threading
import time

import time_machine

from caio_project.checks import refuse_to_boot
from outreach.sending import send


def main(ahead: str, seconds: str) -> None:
    refuse_to_boot()
    sent, end, enough = 0, time.monotonic() + float(seconds), threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: enough.set())
    with time_machine.travel(time.time() + float(ahead), tick=True):
        sent += send.send_due()
        while time.monotonic() < end and not enough.wait(0.05):
            sent += send.send_due()
    print(sent, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
