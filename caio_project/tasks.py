from celery import shared_task

from caio_project.lib.models import Heartbeat
from caio_project.operations import diagnosis_runs, releases, sweeps


@shared_task(name="caio_project.tick")
def tick(beat_commit: str = "") -> None:
    """Prove that beat sends and a worker works, and start the sweeps whose time has come."""
    if beat_commit:
        releases.note_process(releases.Part.BEAT, beat_commit)
    sweeps.note_tick()
    sweeps.send_due_sweeps()


@shared_task(name="caio_project.run_diagnosis")
def run_diagnosis() -> None:
    Heartbeat.beat(diagnosis_runs.RUN_TASK, worked=diagnosis_runs.run_asked_diagnosis())
