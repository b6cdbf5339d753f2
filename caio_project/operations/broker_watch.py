"""While Redis is down no worker runs: whoever could not wake one watches and tells in its place.

It depends on traffic: each visit and each decision wakes somebody.
"""

from django.db import connections

from approvals.escalation import escalation
from caio_project.operations import incident_sources
from metrics.incidents import sweep


def watch_without_broker() -> None:
    """One round of incidents, told at once. For a thread of its own: it closes its connections."""
    if not incident_sources.redis_trouble():
        return
    try:
        sweep.watch_incidents(incident_sources.READINGS)
        escalation.deliver_due_notices()
    finally:
        connections.close_all()
