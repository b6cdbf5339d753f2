from celery import shared_task

from caio_project.operations import sweeps


@shared_task(name="caio_project.tick")
def tick() -> None:
    """Prove that beat sends and a worker works."""
    sweeps.note_tick()
