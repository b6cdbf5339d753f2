"""A worker process for the races at Slack: it works off clicks until SIGTERM or SIGKILL.

`Workers` runs it with AHEAD: how many seconds the test's clock is ahead of the real one.
"""

import signal
import sys
import threading
import time

import time_machine

from approvals.slack_decisions import card_updates, click_work


def main(ahead: str) -> None:
    enough = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: enough.set())
    with time_machine.travel(time.time() + float(ahead), tick=True):
        while not enough.wait(0.02):
            click_work.work_off_clicks()
            card_updates.update_cards()


if __name__ == "__main__":
    main(*sys.argv[1:])
