"""Two workers find the same at one moment: one incident, told once."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from approvals.models import Notice
from leads.integrations import alarms
from metrics.incidents import sweep
from metrics.models import DetectorState, Incident, IncidentMove

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
    # The clocks of this machine and of its database are no part of this.
    DetectorState.objects.create(name="clocks", not_before=timezone.now() + timedelta(days=9))
    for key in ("ghl:token", "ghl:refusing", "rb2b:silent"):
        alarms.raise_alarm(key, key)
    all_at_once()
    rows = Incident.objects.filter(cause__in=["ghl_access", "sends_failing", "silent_source"])
    assert rows.count() == 3
    assert rows.get(cause="sends_failing").parent == rows.get(cause="ghl_access")
    told = set(Notice.objects.filter(key__startswith="incident:").values_list("text", flat=True))
    assert {text.partition(".")[0] for text in told} == {
        "GoHighLevel refuses us",
        "A source is silent: RB2B",
    }
    for key in ("ghl:token", "ghl:refusing", "rb2b:silent"):
        alarms.clear_alarm(key)
    all_at_once()
    assert not rows.filter(closed_at=None).exists()
    assert IncidentMove.objects.filter(incident__in=rows, kind="recovered").count() == 3
    assert IncidentMove.objects.filter(incident__in=rows, kind="opened").count() == 3
