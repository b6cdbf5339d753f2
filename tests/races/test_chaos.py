"""The runs of bench/chaos_ingest.py and bench/chaos_sending.py in small."""

import json
import subprocess
import sys

import pytest

from bench.ledger import MUST_BE_ZERO
from tests.races.conftest import ROOT

pytestmark = [pytest.mark.postgres, pytest.mark.redis]


def test_every_acknowledged_body_is_one_event_and_one_visit_whatever_is_killed() -> None:
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


def test_every_approved_email_is_sent_once_or_refused_or_with_a_person_whatever_is_killed() -> None:
    """The run of bench/chaos_sending.py in small: kills and each fault once, no restarts."""
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
