"""Asking Clay about known leads that lack data. Resumable: who was asked within a week is not asked again."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from leads import enrichment
from leads.models import Enrichment, Kind, Lead

POLL_SECONDS = 0.5


@dataclass(frozen=True)
class Summary:
    """What a backfill did; rates are shares of all live leads."""

    asked: int
    answered: int
    partial: int
    failed: int
    skipped: int
    waiting: int
    rate_before: float
    rate_after: float


def lacking() -> QuerySet[Lead]:
    """Live leads without a usable address, a title or a company field, whom nobody asked about in a week."""
    recent = Enrichment.objects.filter(lead=OuterRef("pk")).filter(
        ~Q(state=Enrichment.State.SETTLED)
        | Q(settled_at__gt=timezone.now() - enrichment.FRESH) & ~Q(outcome=Enrichment.Outcome.SKIPPED)
    )
    lacks = Q(address=Lead.Address.NONE) | Q(title="") | Q(company=None)
    lacks |= Q(company__industry="") | Q(company__employees="")
    return Lead.objects.filter(lacks, ~Exists(recent), kind=Kind.LIVE).order_by("-last_seen_at", "-pk")


def rate() -> float:
    """The share of live leads to whom Clay has added something."""
    live = Lead.objects.filter(kind=Kind.LIVE)
    total = live.count()
    gained = live.filter(Exists(Enrichment.objects.filter(lead=OuterRef("pk")).exclude(gained=[]))).count()
    return gained / total if total else 0.0


def run(limit: int, wait: float, progress: Callable[[int, int], None] = lambda done, total: None) -> Summary:
    """Ask about `limit` leads at most and wait up to `wait` seconds for the answers; then they go on as they are.

    Everything asked is a row: ended in the middle, the workers carry on, and the next run begins where this one ended.
    """
    before, started = rate(), timezone.now()
    leads = list(lacking()[:limit])
    for lead in leads:
        enrichment.want(lead)
    asked = Enrichment.objects.filter(lead__in=leads, created_at__gte=started)
    until = time.monotonic() + wait
    while (open_ := asked.exclude(state=Enrichment.State.SETTLED).count()) and time.monotonic() < until:
        progress(len(leads) - open_, len(leads))
        enrichment.push_due(batch=10)
        enrichment.settle_overdue()
        time.sleep(POLL_SECONDS)
    progress(len(leads) - open_, len(leads))
    outcomes = list(asked.values_list("outcome", flat=True))
    Outcome = Enrichment.Outcome
    return Summary(
        asked=len(leads),
        answered=outcomes.count(Outcome.ANSWERED) + outcomes.count(Outcome.LATE),
        partial=outcomes.count(Outcome.PARTIAL),
        failed=outcomes.count(Outcome.FAILED),
        skipped=outcomes.count(Outcome.SKIPPED),
        waiting=outcomes.count(""),
        rate_before=before,
        rate_after=rate(),
    )
