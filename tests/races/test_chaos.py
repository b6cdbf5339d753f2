"""The measurement of bench/chaos_ingest.py, small: a crash of PostgreSQL and kills, with everything real."""

import json
import subprocess
import sys

import pytest

from tests.races.conftest import ROOT

pytestmark = [pytest.mark.postgres, pytest.mark.redis]


def test_every_acknowledged_body_is_one_event_and_one_visit_whatever_is_killed() -> None:
    asked = ("--posts=1000", "--restarts=1", "--kills=6", "--rate=250", "--seed=3", "--skip-leases")
    done = subprocess.run(
        [sys.executable, "-m", "bench.chaos_ingest", *asked], cwd=ROOT, capture_output=True, text=True, timeout=180
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert (found["lost"], found["double"], found["not_processed"], found["refused_unexplained"]) == (0, 0, 0, 0)
    assert found["restarts"] == ["immediate"]
    assert found["killed"]["web"] >= 1 and sum(found["killed"].values()) >= 5
    assert found["spooled"] > 0
    assert found["acknowledged_bodies"] > 800
