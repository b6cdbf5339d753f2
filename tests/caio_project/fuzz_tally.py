"""How long a request took, and how many were made, for .ci/fuzz.py, which adds them up."""

import json
import os
import time
from collections import Counter
from pathlib import Path

OWN_SECONDS = 2.0  # of the processor
ALL_SECONDS = 30.0  # with the database, and with what else the machine does meanwhile


class Stopwatch:
    """Runs from when it is made."""

    def __init__(self) -> None:
        self._own, self._all = time.process_time(), time.perf_counter()

    def own_seconds(self) -> float:
        return time.process_time() - self._own

    def is_late(self) -> bool:
        return self.own_seconds() > OWN_SECONDS or time.perf_counter() - self._all > ALL_SECONDS


def note_requests(kind: str, statuses: Counter[int]) -> None:
    if name := os.environ.get("CAIO_FUZZ_TALLY"):
        with Path(name).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"kind": kind, "statuses": statuses}) + "\n")
