"""Sweeps. Each looks at what is due in the rows and records that it was alive."""

from celery import shared_task

from caio_project.lib.models import Heartbeat
from leads import breaker, budget, enrichment, ingest, intake, intent, ownership, silence


@shared_task(name="leads.process_events")
def process_events() -> None:
    Heartbeat.beat("leads.process_events", worked=ingest.process_due() > 0)


@shared_task(name="leads.drain_spool")
def drain_spool() -> None:
    """For a worker on the web's own machine; elsewhere the web process drains its spool itself."""
    Heartbeat.beat("leads.drain_spool", worked=intake.drain() > 0)


@shared_task(name="leads.push_enrichments")
def push_enrichments() -> None:
    Heartbeat.beat("leads.push_enrichments", worked=enrichment.push_due() > 0)


@shared_task(name="leads.settle_enrichments")
def settle_enrichments() -> None:
    Heartbeat.beat("leads.settle_enrichments", worked=enrichment.settle_overdue() > 0)


@shared_task(name="leads.watch_vendors")
def watch_vendors() -> None:
    breaker.watch()
    budget.watch()
    silence.watch()
    Heartbeat.beat("leads.watch_vendors")


@shared_task(name="leads.cool_down")
def cool_down() -> None:
    Heartbeat.beat("leads.cool_down", worked=intent.cool_down() > 0)


@shared_task(name="leads.keep_owners")
def keep_owners() -> None:
    Heartbeat.beat("leads.keep_owners", worked=ownership.keep_up() > 0)


@shared_task(name="leads.assess_due")
def assess_due() -> None:
    Heartbeat.beat("leads.assess_due", worked=intent.assess_due() > 0)
