"""Sweeps that tell people."""

from celery import shared_task

from approvals.escalation import escalation
from caio_project.lib.models import Heartbeat


@shared_task(name="approvals.tell")
def tell() -> None:
    made = escalation.notice_hot() + escalation.notice_alarms() + escalation.notice_answers()
    told = escalation.tell_due()
    Heartbeat.beat("approvals.tell", worked=bool(made or told))
