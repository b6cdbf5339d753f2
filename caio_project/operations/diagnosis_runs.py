"""Diagnoses that a person asked for on the page: asked, run by a worker, kept."""

from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from caio_project.lib.db import claims
from caio_project.lib.models import DiagnosisRun
from caio_project.lib.nudge import nudge
from caio_project.operations import diagnosis
from caio_project.team_access.reader_zone import in_zone_of

RUN_TASK = "caio_project.run_diagnosis"
RUN_SECONDS = 120  # after which another worker takes a run that was begun
MOST_TRIES = 3
KEPT_RUNS = 50


def ask_diagnosis(by: Any) -> bool:
    """Ask a worker for a diagnosis; False while another is under way."""
    try:
        with transaction.atomic():
            DiagnosisRun.objects.create(by=by)
    except IntegrityError:
        return False
    nudge(RUN_TASK)
    return True


def run_asked_diagnosis() -> bool:
    """Run the diagnosis that was asked for; False where none was."""
    due = DiagnosisRun.objects.filter(is_running=True)
    for run in claims.lease_rows(due, RUN_SECONDS, batch=1):
        _run(run)
        return True
    return False


def _run(run: DiagnosisRun) -> None:
    rows = DiagnosisRun.objects.filter(pk=run.pk, is_running=True)
    if run.attempts > MOST_TRIES:
        rows.update(
            is_running=False, ended_at=timezone.now(), ok=False, verdict="It could not be run."
        )
        return
    with in_zone_of(run.by_id):
        findings = diagnosis.diagnose_stages()
    stages = [
        {"name": one.name, "state": one.state, "waiting": one.waiting, "text": one.text}
        | ({"mend": one.mend} if one.mend else {})
        for one in findings
    ]
    rows.update(
        is_running=False,
        ended_at=timezone.now(),
        ok=all(one.ok for one in findings),
        stages=stages,
        verdict=diagnosis.last_line(findings, tests_ok=True),
    )
    old = DiagnosisRun.objects.order_by("-pk").values_list("pk", flat=True)[KEPT_RUNS:]
    DiagnosisRun.objects.filter(pk__in=list(old)).delete()
