from celery import shared_task

from caio_project.lib.models import Heartbeat


@shared_task(name="caio_project.tick")
def tick() -> None:
    """Prove that beat sends and a worker works."""
    Heartbeat.beat("beat", worked=True)
