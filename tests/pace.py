"""How long work takes on this processor: not by the clock, for other processes may have it."""

import time
from collections.abc import Callable
from typing import Any

TRIES = 3


def is_done_within(seconds: float, work: Callable[[], Any]) -> bool:
    """Whether one of three tries takes less processor time.

    Into a try may fall what is not the work's: a look through all objects of thousands of tests, by
    the garbage collector or by what measures coverage, takes seconds.
    """
    return any(_processor_time(work) < seconds for _ in range(TRIES))


def _processor_time(work: Callable[[], Any]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started
