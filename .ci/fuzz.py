"""Fuzz until enough requests were made, and say how many and how they were answered.

python .ci/fuzz.py --random 20000 --requests 50000

--random: at every address, as each role. --requests: made from the schema of the API, and bodies at
the webhooks, together. A round whose examples ran out is followed by one with other examples. On
the database that DATABASE_URL names, else SQLite. Exit code 0 where every test passed and the
numbers were reached, else 1.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

TESTS = "tests/caio_project"
RANDOM = (f"{TESTS}/test_fuzz.py",)
BY_EXAMPLES = (f"{TESTS}/test_schema_fuzz.py", f"{TESTS}/test_webhook_fuzz.py")
TARGETS = 50  # operations and webhooks, about
MOST_ROUNDS = 6


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--random", type=int, default=20_000)
    parser.add_argument("--requests", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=1)
    asked, began = parser.parse_args(), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        tally = Path(folder) / "tally"
        passed = run_tests(RANDOM, tally, asked.seed, CAIO_FUZZ_REQUESTS=asked.random)
        for turn in range(MOST_ROUNDS):
            left = asked.requests - by_examples(count_requests(tally))
            if left <= 0 or not passed:
                break
            examples = max(20, -(-left * 11 // 10 // TARGETS))
            passed = run_tests(BY_EXAMPLES, tally, asked.seed + turn, CAIO_FUZZ_EXAMPLES=examples)
        found = count_requests(tally)
    for kind, statuses in found.items():
        print(f"{kind}: {statuses.total():,} requests, {dict(sorted(statuses.items()))}")
    print(f"{sum(one.total() for one in found.values()):,} in {time.monotonic() - began:.0f} s")
    reached = by_examples(found) >= asked.requests and found["random"].total() >= asked.random
    return 0 if passed and reached else 1


def run_tests(files: tuple[str, ...], tally: Path, seed: int, **env: int) -> bool:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-n", "0", "-q", "-s", "--show-capture=no"),
            *("--hypothesis-profile=explore", f"--hypothesis-seed={seed}", *files),
        ],
        env=os.environ
        | {name: str(value) for name, value in env.items()}
        | {"CAIO_FUZZ_TALLY": str(tally), "CAIO_FUZZ_SEED": str(seed)},
        check=False,
    )
    return done.returncode == 0


def count_requests(tally: Path) -> dict[str, Counter[str]]:
    found = {kind: Counter[str]() for kind in ("random", "schema", "webhooks")}
    for line in tally.read_text(encoding="utf-8").splitlines() if tally.exists() else []:
        noted = json.loads(line)
        found[noted["kind"]].update(noted["statuses"])
    return found


def by_examples(found: dict[str, Counter[str]]) -> int:
    return found["schema"].total() + found["webhooks"].total()


if __name__ == "__main__":
    sys.exit(main())
