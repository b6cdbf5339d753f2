"""A worker process that makes every call to GoHighLevel, until SIGTERM.

`Workers` runs it with AHEAD: how many seconds the test's clock is ahead of the real one.
"""

import signal
import sys
import threading
import time

import time_machine

from outreach.review import ghl_lookup
from outreach.sending import after_send, send


def main(ahead: str) -> None:
    enough = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: enough.set())
    with time_machine.travel(time.time() + float(ahead), tick=True):
        while not enough.wait(0.02):
            send.send_due(most=5)
            after_send.run_due_actions()
            ghl_lookup.check_due()


if __name__ == "__main__":
    main(*sys.argv[1:])
