"""When a delivery is tried again, and how long an endpoint that is away is left alone. Pure."""

import math
from datetime import timedelta

# Between two tries; with the jitter they fill a day.
DELAYS = (10, 60, 300, 1_200, 3_600, 7_200, 14_400, 28_800)
LONGEST_DELAY = DELAYS[-1]
GIVE_UP_AFTER = timedelta(days=1)
JITTER = 0.2
FIRST_REST, LONGEST_REST = 5.0, 600.0  # seconds
GONE = 410


def next_delay(attempts: int, chance: float, retry_after: float = 0.0) -> timedelta:
    """The wait after try number `attempts`; `chance` is from 0 to 1. Never below `retry_after`."""
    delay = DELAYS[min(max(attempts, 1), len(DELAYS)) - 1] * (1 + JITTER * chance)
    return timedelta(seconds=max(delay, min(retry_after, LONGEST_DELAY)))


def rest_after(failures: int) -> timedelta:
    """How long an endpoint that failed so many times in a row gets no other delivery."""
    doubled = FIRST_REST * 2.0 ** min(max(failures, 1) - 1, 20)
    return timedelta(seconds=min(doubled, LONGEST_REST))


def needs_rest(status: int) -> bool:
    """Whether the endpoint, not the one delivery, is in trouble; 0 is no answer."""
    return status == 0 or status == 429 or status >= 500


def retry_after_seconds(text: str) -> float:
    """Of a Retry-After header in seconds; 0 for a date or nonsense."""
    try:
        seconds = float(text)
    except ValueError:
        return 0.0
    return seconds if math.isfinite(seconds) and seconds > 0 else 0.0
