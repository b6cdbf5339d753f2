from celery import shared_task
from django.utils import timezone

from caio_project.import_pages import import_runs
from caio_project.lib import sweep_round
from caio_project.lib.models import Heartbeat
from caio_project.lib.webhooks_out import delivery
from caio_project.lib.webhooks_out.outbox import DELIVERY_TASK
from caio_project.operations import diagnosis_runs, incident_sources, releases, sweeps
from caio_project.privacy import erasing, retention
from caio_project.schedule import ROUND, TICK
from caio_project.set_up import parts
from caio_project.webhook_pages import webhook_alarms
from metrics.incidents import sweep


@shared_task(name=TICK)
def tick(beat_commit: str = "") -> None:
    """Prove that beat sends and a worker works, and start the sweeps whose time has come."""
    if beat_commit:
        releases.note_process(releases.Part.BEAT, beat_commit)
    now, known = timezone.now(), sweeps.read_heartbeats()
    sweeps.note_tick(now, known)
    sweeps.send_due_sweeps(now, known)


@shared_task(name=ROUND)
def run_sweeps(names: list[str]) -> None:
    sweep_round.run_sweeps(names)


@shared_task(name="caio_project.run_diagnosis")
def run_diagnosis() -> None:
    Heartbeat.beat(diagnosis_runs.RUN_TASK, worked=diagnosis_runs.run_asked_diagnosis())


@shared_task(name="caio_project.import_files")
def import_files() -> None:
    Heartbeat.beat(import_runs.TASK, worked=import_runs.work_off_next())


@shared_task(name="caio_project.repeat_erasures")
def repeat_erasures() -> None:
    Heartbeat.beat("caio_project.repeat_erasures", worked=erasing.repeat_erasures() > 0)


@shared_task(name="caio_project.purge_old_data")
def purge_old_data() -> None:
    deleted = sum(retention.purge().values())
    Heartbeat.beat("caio_project.purge_old_data", worked=deleted > 0)


@shared_task(name="caio_project.watch_incidents")
def watch_incidents() -> None:
    changed = sweep.watch_incidents(incident_sources.READINGS)
    Heartbeat.beat("caio_project.watch_incidents", worked=changed)


@shared_task(name="caio_project.count_set_up")
def count_set_up() -> None:
    Heartbeat.beat("caio_project.count_set_up", worked=parts.count_done())


@shared_task(name="caio_project.send_webhooks")
def send_webhooks() -> None:
    """Post events to other systems, and tell the team of endpoints that were disabled."""
    tries = delivery.deliver_due()
    webhook_alarms.tell_of_disabled()
    webhook_alarms.purge_now_and_then()
    Heartbeat.beat(DELIVERY_TASK, worked=tries > 0)
