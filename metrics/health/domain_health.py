"""The sending domains' health: measured every half hour, stored as a dated verdict and by day."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from caio_project.lib.vendor_access.access import is_sandboxed
from metrics.health import domain_days, health_score
from metrics.health.health_score import DomainScore, EmailCounts
from metrics.integrations import dns_records
from metrics.integrations.dns_findings import DnsRecords
from outreach.choices import EventKind, Transport
from outreach.guardrails import guardrails
from outreach.guardrails.guardrail_rules import DNS_RECORDS, DomainHealth
from outreach.limits import sending_domains
from outreach.models import EmailEvent, HealthVerdict, Reply, SendIntent

EVALUATION_INTERVAL = timedelta(minutes=30)
SENDING_SINCE = timedelta(days=90)  # a domain that sent nothing for longer is not measured
Kind = EventKind


def evaluate_due(now: datetime | None = None) -> bool:
    """Evaluate each domain whose newest verdict is half an hour old; True where one was.

    While GoHighLevel is in the sandbox nothing is sent from any domain, so there is nothing to
    measure.
    """
    now = now or timezone.now()
    if is_sandboxed("ghl"):
        return False
    due = [domain for domain in measured_domains(now) if _is_due(domain, now)]
    for domain in due:
        evaluate_domain(domain, now)
    return bool(due)


def measured_domains(now: datetime) -> list[str]:
    """The domain that we send from, then those that emails left from within 90 days."""
    sent = SendIntent.objects.may_have_left().filter(
        claimed_at__gt=now - SENDING_SINCE, transport=Transport.GHL
    )
    others = sent.exclude(from_domain="").order_by().values_list("from_domain", flat=True)
    ours = sending_domains.our_domain()
    return [*([ours] if ours else []), *sorted(set(others.distinct()) - {ours})]


def _is_due(domain: str, now: datetime) -> bool:
    newest = HealthVerdict.objects.filter(domain=domain).first()
    return newest is None or newest.evaluated_at <= now - EVALUATION_INTERVAL


def evaluate_domain(domain: str, now: datetime) -> DomainHealth:
    """Measure a domain, store the day and hand the verdict to the guardrails."""
    records = dns_records.look_up_records(domain)
    windows = [count_emails(domain, now, days) for days in health_score.WINDOWS]
    states: dict[str, str] = {name: getattr(records, name) for name in DNS_RECORDS}
    judged = health_score.judge_domain(windows, states)
    verdict = DomainHealth(
        domain=domain,
        score=judged.score,
        evaluated_at=now,
        reasons=tuple(asdict(part) for part in judged.parts),
        **states,
    )
    domain_days.record_day(verdict, _measured(judged, windows, records))
    guardrails.store_health_verdict(verdict)
    return verdict


def _measured(
    judged: DomainScore, windows: list[EmailCounts], records: DnsRecords
) -> dict[str, Any]:
    scores = {days: score for days, _sent, score in judged.by_window}
    return {
        "window": judged.days,
        "counts": [{**asdict(one), "score": scores[one.days]} for one in windows],
        "dns": {
            "findings": [finding.as_json() for finding in records.findings],
            "facts": records.facts,
        },
    }


def count_emails(domain: str, now: datetime, days: int) -> EmailCounts:
    """What became of the emails that left from `domain` within so many days."""
    sent = _sent_since(domain, now - timedelta(days=days))
    emails = sent.values("message")
    replies = Reply.objects.counted().filter(message__in=emails)
    return EmailCounts(
        days=days,
        sent=sent.count(),
        hard_bounces=_count_events(emails, Kind.BOUNCED),
        blocked=_count_events(emails, Kind.BLOCKED),
        complaints=_count_events(emails, Kind.COMPLAINED),
        unsubscribes=_count_events(emails, Kind.UNSUBSCRIBED),
        replies=replies.values("message").distinct().count(),
    )


def _sent_since(domain: str, since: datetime) -> QuerySet[SendIntent]:
    return SendIntent.objects.filter(
        claimed_at__gt=since,
        outcome=SendIntent.Outcome.SENT,
        transport=Transport.GHL,
        from_domain=domain,
    )


def _count_events(emails: Any, kind: str) -> int:
    events = EmailEvent.objects.filter(message__in=emails, kind=kind)
    return events.values("message").distinct().count()
