"""Which statements and branches the tests reach: pytest -p tests.coverage.

Each worker writes a file into the folder CAIO_COVERAGE; .ci/coverage_report.py reads them.
slipcover takes its probes out once they are hit: less slow than tracing on Python 3.11.
"""

import json
import os
from pathlib import Path

import pytest
import slipcover

PACKAGES = ["approvals", "caio_project", "leads", "metrics", "outreach"]

_matcher = slipcover.FileMatcher(sources=PACKAGES, omit=["*/migrations/*"])
_coverage = slipcover.Slipcover(branch=True, source=PACKAGES, omit=["*/migrations/*"])
slipcover.ImportManager(_coverage, _matcher).__enter__()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if session.config.getoption("numprocesses", None):
        return  # the workers measure
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    folder = Path(os.environ["CAIO_COVERAGE"])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{worker}.json").write_text(json.dumps(_coverage.get_coverage()))
