"""Daily figures."""

from celery import shared_task

from caio_project.lib.models import Heartbeat
from metrics import gates


@shared_task(name="metrics.evaluate_gates")
def evaluate_gates() -> None:
    Heartbeat.beat("metrics.evaluate_gates", worked=gates.record_daily())
