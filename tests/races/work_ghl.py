"""A worker process that makes every call to GoHighLevel, until SIGTERM.

Run as `python -m tests.races.work_ghl AHEAD`; AHEAD is how many seconds the test clock is ahead of
the real one.
"""

import signal
import sys
import threading
import time

import django
import time_machine


def main(ahead: str) -> None:
    django.setup()
    from outreach.review import ghl_lookup
    from outreach.sending import after_send, send

    enough = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: enough.set())
    with time_machine.travel(time.time() + float(ahead), tick=True):
        while not enough.wait(0.02):
            send.send_due(most=5)
            after_send.run_due_actions()
            ghl_lookup.check_due()


if __name__ == "__main__":
    main(*sys.argv[1:])
