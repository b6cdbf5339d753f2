"""Tells the team once of each webhook endpoint that was disabled by itself; tidies the log."""

from datetime import datetime

from django.utils import timezone

from caio_project.lib.api import idempotency
from caio_project.lib.db.caches import process_cache as cache
from caio_project.lib.models import WebhookEndpoint
from caio_project.lib.webhooks_out import delivery
from caio_project.lib.webhooks_out.event_types import AUTOMATIC_ENDS
from leads.integrations import alarms

PURGE_SECONDS = 600
SHOWN_URL = 80


def tell_of_disabled(now: datetime | None = None) -> int:
    rows = WebhookEndpoint.objects.filter(
        is_active=False, end_code__in=AUTOMATIC_ENDS, told_at=None
    )
    untold = list(rows)
    for endpoint in untold:
        host = endpoint.url.split("/")[2][:SHOWN_URL]
        alarms.raise_alarm(
            alarm_key(endpoint),
            f"Webhooks to {endpoint.description or host} were disabled: "
            f"{endpoint.get_end_code_display()}. Enable them at /sales/settings/webhooks.",
        )
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(told_at=now or timezone.now())
    return len(untold)


def end_alarm(endpoint: WebhookEndpoint) -> None:
    """Somebody has enabled it, or disabled it for good."""
    alarms.clear_open(alarm_key(endpoint))


def alarm_key(endpoint: WebhookEndpoint) -> str:
    return f"webhook:{endpoint.public_id}"


def purge_now_and_then() -> None:
    if cache.add("webhooks:purged", True, PURGE_SECONDS):
        now = timezone.now()
        delivery.purge_old(now)
        idempotency.purge_expired(now)
