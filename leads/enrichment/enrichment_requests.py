"""Requests to Clay about a lead: what is asked, who may be asked about, and how a request ends.

What Clay answered is not asked again for seven days: about a person by their lead, about a company
by its domain, so that a colleague's answer counts for all of them.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from caio_project.lib.db import claims
from caio_project.lib.nudge import nudge
from caio_project.lib.vendor_access.access import is_sandboxed
from leads import locks
from leads.models import Enrichment, Kind, Lead, person_of
from leads.suppression import suppression

log = logging.getLogger(__name__)

# After a push without an answer the lead goes on with partial data.
ANSWER_TIMEOUT = timedelta(seconds=30)
ANSWER_VALID_FOR = timedelta(days=7)  # an answer this young is not asked for again
IN_SANDBOX = "Clay is in the sandbox: nothing was asked and nothing is made up."
State, Outcome = Enrichment.State, Enrichment.Outcome


@dataclass(frozen=True)
class OpenQuestions:
    person: bool
    company: bool
    company_known_at: datetime | None  # when Clay answered what is not asked again

    @property
    def any(self) -> bool:
        return self.person or self.company


def open_questions(lead: Lead, now: datetime | None = None) -> OpenQuestions:
    """What Clay has not answered within seven days about the person and about the company's domain.

    A company without a domain belongs to this lead alone, and is asked about together with the
    person.
    """
    since, company = (now or timezone.now()) - ANSWER_VALID_FOR, lead.company
    answered = lead.enrichments.filter(
        outcome__in=[Outcome.ANSWERED, Outcome.LATE, Outcome.UNASKED], answered_at__gt=since
    )
    asked = list(answered.values_list("asks_person", "asks_company"))
    person = not any(about_person for about_person, _ in asked)
    if company is None or not company.domain:
        return OpenQuestions(person, person, None)
    if company.enriched_at and company.enriched_at > since:
        return OpenQuestions(person, False, company.enriched_at)
    return OpenQuestions(person, not any(about_company for _, about_company in asked), None)


def request_enrichment(lead: Lead) -> None:
    """Request an enrichment, unless one is open; the lead goes on where all was answered lately."""
    with transaction.atomic():
        request_for_locked(locks.lock_lead(lead.pk))


def request_for_locked(person: Lead, *, is_new: bool = False) -> None:
    """As `request_enrichment`, for a locked lead; of a new one Clay was never asked."""
    if not is_new:
        if person.enrichments.exclude(state=State.SETTLED).exists():
            return
        if not open_questions(person).any:
            mark_for_assessment(person.pk)
            return
    Enrichment.objects.create(lead=person)
    nudge("leads.push_enrichments")


def request_test_enrichment(lead: Lead) -> Enrichment:
    if lead.kind != Kind.TEST:
        raise ValueError(
            f"{lead.get_kind_display()}: only a test visitor is asked about as a test."
        )
    with transaction.atomic():
        row = Enrichment.objects.create(lead=locks.lock_lead(lead.pk), is_test=True)
    nudge("leads.push_enrichments")
    return row


def why_not_asked(lead: Lead, *, is_test: bool = False) -> str:
    """Why Clay must not be asked about `lead`; "" where it may."""
    if why := why_never_asked(lead, is_test=is_test):
        return why
    stop = suppression.find_stop(lead.email or "", lead)
    if stop and stop.stops_person:
        return f"{stop.text}: this person is not asked about."
    return ""


def why_never_asked(lead: Lead, *, is_test: bool = False) -> str:
    """Why nobody like `lead` is asked about, whoever it is. Test visitors only as a test."""
    if lead.kind != Kind.LIVE and not (is_test and lead.kind == Kind.TEST):
        return f"{lead.get_kind_display()}s are not sent to Clay."
    if is_sandboxed("clay"):
        return IN_SANDBOX
    return ""


def settle_overdue(now: datetime | None = None) -> int:
    now = now or timezone.now()
    overdue = Enrichment.objects.filter(state=State.REQUESTED, not_before__lte=now)
    count = 0
    for row in overdue[:500]:
        count += 1
        settle_request(row, Outcome.PARTIAL, "Clay did not answer within 30 seconds.")
    return count


def settle_request(row: Enrichment, outcome: str, reason: str = "") -> bool:
    """Close an open request and let the lead go on; False where it was closed already.

    Leads are locked before their requests, here as in a merge.
    """
    with transaction.atomic(savepoint=False):
        person = locks.lock_lead(row.lead_id)
        closed = claims.claim_row(
            Enrichment.objects.filter(pk=row.pk).exclude(state=State.SETTLED),
            state=State.SETTLED,
            outcome=outcome,
            reason=reason[:300],
            settled_at=timezone.now(),
            lease_until=None,
        )
        if closed:
            mark_for_assessment(person.pk)
    return closed


def mark_for_assessment(lead_id: int) -> None:
    now = timezone.now()
    marked = Lead.objects.filter(pk=lead_id).update(needs_assessment_at=now, attempts=0)
    if not marked:
        Lead.objects.filter(pk=person_of(lead_id)).update(needs_assessment_at=now, attempts=0)
    nudge("leads.assess_due")
