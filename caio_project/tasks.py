from celery import shared_task

from caio_project.operations import sweeps


@shared_task(name="caio_project.tick")
def tick() -> None:
    """Prove that beat sends and a worker works, and start the sweeps whose time has come."""
    sweeps.note_tick()
    sweeps.send_due_sweeps()
