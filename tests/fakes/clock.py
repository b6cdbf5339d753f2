"""Times as vendors write them, and waiting for what happens in another thread or process."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any


def iso(moment: datetime | float | None = None) -> str:
    """ISO 8601 with milliseconds and Z, as the vendors write it."""
    if not isinstance(moment, datetime):
        moment = datetime.fromtimestamp(time.time() if moment is None else moment, UTC)
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def wait_for(condition: Callable[[], Any], timeout: float = 30.0) -> Any:
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"not true after {timeout} s")
        time.sleep(0.01)
