"""Two workers find the same at one moment: one incident, told once."""

import threading

import pytest
from django.db import connection

from approvals.models import Notice
from leads.integrations import alarms
from metrics.incidents import sweep
from metrics.models import Incident, IncidentMove

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("committed")]
WORKERS = 4


def all_at_once() -> None:
    begin = threading.Barrier(WORKERS)

    def work() -> None:
        begin.wait()
        try:
            sweep.watch_incidents()
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(WORKERS)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()


def test_one_incident_opens_and_closes_once() -> None:
    for key in ("ghl:token", "ghl:refusing", "rb2b:silent"):
        alarms.raise_alarm(key, key)
    all_at_once()
    rows = Incident.objects.filter(cause__in=["ghl_access", "sends_failing", "silent_source"])
    assert rows.count() == 3
    assert rows.get(cause="sends_failing").parent == rows.get(cause="ghl_access")
    assert Notice.objects.filter(key__startswith="incident:").count() == 2
    for key in ("ghl:token", "ghl:refusing", "rb2b:silent"):
        alarms.clear_alarm(key)
    all_at_once()
    assert not rows.filter(closed_at=None).exists()
    assert IncidentMove.objects.filter(incident__in=rows, kind="recovered").count() == 3
    assert IncidentMove.objects.filter(incident__in=rows, kind="opened").count() == 3
