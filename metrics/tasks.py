"""The sweeps of metrics: gates, domain health, digests, daily figures."""

from celery import shared_task

from caio_project.lib.models import Heartbeat
from metrics.digests import digests
from metrics.figures import roll_up
from metrics.gates import gate_evaluation
from metrics.health import domain_health


@shared_task(name="metrics.evaluate_gates")
def evaluate_gates() -> None:
    Heartbeat.beat("metrics.evaluate_gates", worked=gate_evaluation.record_daily_evaluation())


@shared_task(name="metrics.watch_domain")
def watch_domain() -> None:
    Heartbeat.beat("metrics.watch_domain", worked=domain_health.evaluate_due())


@shared_task(name="metrics.send_digests")
def send_digests() -> None:
    Heartbeat.beat("metrics.send_digests", worked=digests.send_due_digests() > 0)


@shared_task(name="metrics.roll_up_figures")
def roll_up_figures() -> None:
    Heartbeat.beat("metrics.roll_up_figures", worked=roll_up.roll_up())
