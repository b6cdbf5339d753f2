"""The measurement of bench/chaos_ingest.py, small: a crash of PostgreSQL and kills, with everything
real.
"""

import json
import subprocess
import sys

import pytest

from bench.ledger import MUST_BE_ZERO
from tests.races.conftest import ROOT

pytestmark = [pytest.mark.postgres, pytest.mark.redis]


def test_acknowledged_bodies_survive_every_kill_exactly_once() -> None:
    asked = ("--posts=1000", "--restarts=1", "--kills=6", "--rate=250", "--seed=3", "--skip-leases")
    done = subprocess.run(
        [sys.executable, "-m", "bench.chaos_ingest", *asked],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert [
        found[fault]
        for fault in ("lost", "double", "not_processed", "set_aside", "refused_unexplained")
    ] == [0] * 5
    assert "Every acknowledged body is one event and one visit." in done.stderr
    assert found["restarts"] == ["immediate"]
    assert found["killed"]["web"] >= 1 and sum(found["killed"].values()) >= 5
    assert found["spooled"] > 0
    assert found["acknowledged_bodies"] > 800
    assert found["emails"]["held"] > 200, "four visits of one person are one email"


def test_approved_emails_survive_every_kill_at_most_once() -> None:
    """The measurement of bench/chaos_sending.py, small: kills and every fault of GoHighLevel once,
    no restarts.
    """
    asked = ("--emails=20", "--kills=4", "--no-restarts", "--seed=5")
    done = subprocess.run(
        [sys.executable, "-m", "bench.chaos_sending", *asked],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=1500,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert {name: found[name] for name in MUST_BE_ZERO} == dict.fromkeys(MUST_BE_ZERO, 0)
    assert (found["killed"], found["not_done"]) == (4, [])
    assert found["accepted"] >= 6
