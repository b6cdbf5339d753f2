"""Calls to GoHighLevel that can wait: they share a third of its rate, the rest is for sending."""

import time
from collections.abc import Callable
from typing import TypeVar

from caio_project.lib import http
from leads.integrations import ghl, rates

RATE_NAME = "ghl_background"
PACE = rates.Pace(burst=2, every=3 * ghl.PACE.every)
LONGEST_RATE_WAIT = 15.0  # seconds for one's turn; then GoHighLevel counts as away
T = TypeVar("T")


def call_patiently(call: Callable[[], T]) -> T:
    """Make one call within that share, waiting for it up to 15 seconds.

    Raises lib.http's errors.
    """
    give_up = time.monotonic() + LONGEST_RATE_WAIT
    while True:
        try:
            rates.claim_turn(RATE_NAME, PACE)
            return call()
        except http.ServiceUnavailable as failure:
            wait = failure.retry_after
            if wait is None or time.monotonic() + wait > give_up:
                raise
        time.sleep(wait)
