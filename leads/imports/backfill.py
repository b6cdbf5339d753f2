"""Asks Clay about known people who lack data, or about whom it could not be asked: leads, and
contacts whom only GoHighLevel knows.

Resumable: who was asked within a week is not asked again, and the list of contacts is continued
where the last run stopped.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from caio_project.lib.vendor_access.access import is_sandboxed
from leads.enrichment import clay_push, enrichment_requests, submission_budget
from leads.imports import ghl_contacts
from leads.integrations import breaker
from leads.models import Enrichment, Kind, Lead

POLL_SECONDS = 0.5
GHL_NOT_CONNECTED = "GoHighLevel is not connected: its contacts were not looked at."
Progress = Callable[[str, int, int | None], None]  # what is done, how many, of how many


@dataclass(frozen=True)
class GainRate:
    """How many live leads Clay has added something to."""

    gained: int
    live: int

    def __str__(self) -> str:
        return f"{self.gained} of {self.live} ({self.gained / self.live if self.live else 0:.0%})"


@dataclass(frozen=True)
class BackfillSummary:
    """`contacts` is None where GoHighLevel is not connected."""

    asked: int
    answered: int
    partial: int
    failed: int
    waiting: int
    not_asked: int
    contacts: ghl_contacts.ContactImport | None
    before: GainRate
    after: GainRate


def why_not_possible() -> str:
    if is_sandboxed("clay"):
        return "Clay is in the sandbox: nothing would be asked. Connect it first."
    if breaker.is_blocked():
        return f"{clay_push.BREAKER_OPEN} {breaker.breaker_row().reason}."
    return (
        clay_push.BUDGET_USED_UP
        if submission_budget.submissions_used() >= submission_budget.LIFETIME_SUBMISSIONS
        else ""
    )


def leads_to_ask() -> QuerySet[Lead]:
    """Live leads without a usable address, title or company field, and those about whom Clay was
    to be asked last and was not: the push failed, or Clay was in the sandbox.

    Nobody about whom it was asked within a week.
    """
    Outcome = Enrichment.Outcome
    rows = Enrichment.objects.filter(lead=OuterRef("pk"))
    since = timezone.now() - enrichment_requests.ANSWER_VALID_FOR
    lately = Q(settled_at__gt=since) | Q(answered_at__gt=since)
    lately &= ~Q(outcome__in=[Outcome.SKIPPED, Outcome.FAILED])
    recent = rows.filter(~Q(state=Enrichment.State.SETTLED) | lately)
    newest = rows.order_by("-created_at", "-pk").values("pk")[:1]
    missed = Enrichment.objects.filter(
        Q(outcome=Outcome.FAILED)
        | Q(outcome=Outcome.SKIPPED, reason=enrichment_requests.IN_SANDBOX),
        pk=OuterRef("newest_request"),
    )
    lacks = Q(address=Lead.Address.NONE) | Q(title="") | Q(company=None)
    lacks |= Q(company__industry="") | Q(company__employees="")
    return (
        Lead.objects.annotate(newest_request=Subquery(newest))
        .filter(lacks | Exists(missed), ~Exists(recent), kind=Kind.LIVE)
        .order_by("-last_seen_at", "-pk")
    )


def gain_rate() -> GainRate:
    live = Lead.objects.filter(kind=Kind.LIVE)
    gained = live.filter(Exists(Enrichment.objects.filter(lead=OuterRef("pk")).exclude(gained=[])))
    return GainRate(gained.count(), live.count())


def run_backfill(
    limit: int, wait: float, progress: Progress = lambda what, done, total: None
) -> BackfillSummary:
    """Ask about at most `limit` people, leads before contacts, and wait up to `wait` seconds for
    answers.

    Every request is a row: after an interruption the workers carry on, and the next run continues.
    """
    before, started = gain_rate(), timezone.now()
    leads, not_asked = _leads_to_ask(limit)
    taken = None
    if not is_sandboxed("ghl"):
        taken = ghl_contacts.import_contacts(
            limit - len(leads), lambda taken: progress("Contacts", taken.read, None)
        )
        leads, not_asked = _leads_to_ask(limit)
    for lead in leads:
        enrichment_requests.request_enrichment(lead)
    asked = Enrichment.objects.filter(lead__in=leads, created_at__gte=started)
    _wait_for_answers(asked, len(leads), wait, progress)
    outcomes = list(asked.values_list("outcome", flat=True))
    Outcome = Enrichment.Outcome
    return BackfillSummary(
        asked=len(leads),
        answered=outcomes.count(Outcome.ANSWERED) + outcomes.count(Outcome.LATE),
        partial=outcomes.count(Outcome.PARTIAL),
        failed=outcomes.count(Outcome.FAILED),
        waiting=outcomes.count(""),
        not_asked=not_asked + outcomes.count(Outcome.SKIPPED),
        contacts=taken,
        before=before,
        after=gain_rate(),
    )


def _leads_to_ask(limit: int) -> tuple[list[Lead], int]:
    leads: list[Lead] = []
    passed = 0
    for lead in leads_to_ask().select_related("company").iterator(chunk_size=200):
        if len(leads) == limit:
            break
        if enrichment_requests.why_not_asked(lead):
            passed += 1
        else:
            leads.append(lead)
    return leads, passed


def _wait_for_answers(
    asked: QuerySet[Enrichment], total: int, wait: float, progress: Progress
) -> None:
    until = time.monotonic() + wait
    while (
        open_ := asked.exclude(state=Enrichment.State.SETTLED).count()
    ) and time.monotonic() < until:
        progress("Answers", total - open_, total)
        clay_push.push_due(batch=10)
        enrichment_requests.settle_overdue()
        time.sleep(POLL_SECONDS)
    progress("Answers", total - open_, total)
