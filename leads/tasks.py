"""Sweeps: each processes the rows that are due and records a heartbeat."""

from celery import shared_task

from caio_project.lib.models import Heartbeat
from leads.enrichment import clay_push, enrichment_requests, submission_budget
from leads.imports import imported_visits
from leads.inbound import events, receive, silence
from leads.integrations import breaker
from leads.ownership import owner_assignment
from leads.scoring import assess


@shared_task(name="leads.process_events")
def process_events() -> None:
    count = events.process_due(processors=imported_visits.LIVE)
    Heartbeat.beat("leads.process_events", worked=count > 0)


@shared_task(name="leads.process_imported")
def process_imported() -> None:
    Heartbeat.beat("leads.process_imported", worked=imported_visits.process_imported() > 0)


@shared_task(name="leads.drain_spool")
def drain_spool() -> None:
    """For a worker on the web's own machine; elsewhere the web process drains its spool itself."""
    Heartbeat.beat("leads.drain_spool", worked=receive.drain_spool() > 0)


@shared_task(name="leads.push_enrichments")
def push_enrichments() -> None:
    Heartbeat.beat("leads.push_enrichments", worked=clay_push.push_due() > 0)


@shared_task(name="leads.settle_enrichments")
def settle_enrichments() -> None:
    Heartbeat.beat("leads.settle_enrichments", worked=enrichment_requests.settle_overdue() > 0)


@shared_task(name="leads.watch_vendors")
def watch_vendors() -> None:
    breaker.watch_unanswered()
    submission_budget.watch_budget()
    clay_push.watch_settings()
    silence.watch_sources()
    Heartbeat.beat("leads.watch_vendors")


@shared_task(name="leads.cool_down")
def cool_down() -> None:
    Heartbeat.beat("leads.cool_down", worked=assess.cool_down() > 0)


@shared_task(name="leads.keep_owners")
def keep_owners() -> None:
    Heartbeat.beat("leads.keep_owners", worked=owner_assignment.update_due_owners() > 0)


@shared_task(name="leads.assess_due")
def assess_due() -> None:
    Heartbeat.beat("leads.assess_due", worked=assess.assess_due() > 0)
