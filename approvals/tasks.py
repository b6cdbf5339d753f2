"""Sweeps that tell people."""

from celery import shared_task

from approvals.escalation import escalation
from caio_project.lib.models import Heartbeat


@shared_task(name="approvals.tell")
def tell() -> None:
    made = (
        escalation.create_hot_notices()
        + escalation.create_alarm_notices()
        + escalation.create_reply_notices()
    )
    told = escalation.deliver_due_notices()
    Heartbeat.beat("approvals.tell", worked=bool(made or told))
