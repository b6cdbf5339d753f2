"""How many requests the fuzzing tests have made, for .ci/fuzz.py, which adds them up."""

import json
import os
from collections import Counter
from pathlib import Path


def note_requests(kind: str, statuses: Counter[int]) -> None:
    if name := os.environ.get("CAIO_FUZZ_TALLY"):
        with Path(name).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"kind": kind, "statuses": statuses}) + "\n")
