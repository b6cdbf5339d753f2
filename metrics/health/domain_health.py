"""The sending domain's health: measured every half hour and stored as a dated verdict."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from metrics.health import health_score
from metrics.health.health_score import EmailSample
from metrics.integrations import dns_records
from outreach.choices import EventKind
from outreach.guardrails import guardrail_counts, guardrails
from outreach.guardrails.guardrail_rules import DomainHealth
from outreach.limits import sending_domains
from outreach.models import EmailEvent, Reply, SendIntent, Transport

EVALUATION_INTERVAL = timedelta(minutes=30)
SAMPLE_WINDOWS = (
    timedelta(days=7),
    timedelta(days=30),
)  # the first in which enough was sent, or else the last
Kind = EventKind


def evaluate_due(now: datetime | None = None) -> bool:
    """Evaluate where the newest verdict is half an hour old; True where it did.

    While GoHighLevel is in the sandbox nothing is sent from any domain, so there is nothing to
    measure.
    """
    now = now or timezone.now()
    newest, domain = guardrail_counts.newest_verdict(), sending_domains.our_domain()
    if (
        not domain
        or "ghl" in settings.SANDBOXED
        or (newest and newest.evaluated_at > now - EVALUATION_INTERVAL)
    ):
        return False
    guardrails.store_health_verdict(evaluate_domain(domain, now))
    return True


def evaluate_domain(domain: str, now: datetime) -> DomainHealth:
    records = dns_records.look_up_records(domain)
    sample = measure_sample(now, records)
    return DomainHealth(
        domain=domain,
        score=health_score.domain_score(sample),
        spf=records.spf,
        dkim=records.dkim,
        dmarc=records.dmarc,
        evaluated_at=now,
        reasons=tuple(part.__dict__ for part in health_score.score_parts(sample)),
    )


def measure_sample(now: datetime, records: dns_records.DnsRecords) -> EmailSample:
    """Emails sent within a week; within a month where the week has too few."""
    windows = [_sent_since(now - window) for window in SAMPLE_WINDOWS]
    sent = next((rows for rows in windows if rows.count() >= health_score.MIN_SAMPLE), windows[-1])
    emails = sent.values("message")
    return EmailSample(
        sent=sent.count(),
        hard_bounces=_count_emails(emails, Kind.BOUNCED),
        complaints=_count_emails(emails, Kind.COMPLAINED),
        unsubscribes=_count_emails(emails, Kind.UNSUBSCRIBED),
        replies=Reply.objects.counted()
        .filter(message__in=emails)
        .values("message")
        .distinct()
        .count(),
        **records.__dict__,
    )


def _sent_since(since: datetime) -> QuerySet[SendIntent]:
    return SendIntent.objects.filter(
        claimed_at__gt=since, outcome=SendIntent.Outcome.SENT, transport=Transport.GHL
    )


def _count_emails(emails: Any, kind: str) -> int:
    events = EmailEvent.objects.filter(message__in=emails, kind=kind)
    return events.values("message").distinct().count()
