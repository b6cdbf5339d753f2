"""Asking Clay about a lead: requested, answered, or after thirty seconds on with what we have."""

import json
import logging
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from caio_project.lib import claims, http
from caio_project.lib.nudge import nudge
from leads import breaker, budget, identity, normal, rates, suppression
from leads.integrations import clay
from leads.integrations.rb2b import Unreadable
from leads.models import Enrichment, InboundEvent, Kind, Lead

log = logging.getLogger(__name__)

PATIENCE = timedelta(seconds=30)  # after a push without an answer the lead goes on with partial data
CALLS_PER_SECOND = 10  # Clay's own limit for a workspace
FRESH = timedelta(days=7)  # an answer this young is not asked for again
State, Outcome = Enrichment.State, Enrichment.Outcome


def want(lead: Lead) -> None:
    """Ask for an enrichment of `lead`, unless one is open; with a fresh answer the lead goes straight on."""
    if lead.enrichments.exclude(state=State.SETTLED).exists():
        return
    fresh = lead.enrichments.filter(
        outcome__in=[Outcome.ANSWERED, Outcome.LATE], answered_at__gt=timezone.now() - FRESH
    )
    if fresh.exists():
        _goes_on(lead.pk)
        return
    try:
        with transaction.atomic():
            Enrichment.objects.create(lead=lead)
    except IntegrityError:
        return  # another worker asked first
    nudge("leads.push_enrichments")


def push_due(batch: int = 20) -> int:
    """Push what is due to Clay, one by one; returns how many were looked at."""
    due = Enrichment.objects.filter(state=State.DUE, not_before__lte=timezone.now()).order_by("not_before")
    count = 0
    for row in claims.leased(due, settings.CLAY_TIMEOUT_SECONDS + 30, batch):
        count += 1
        _push(row)
    return count


def _push(row: Enrichment) -> None:
    if why := _not_asked(row.lead):
        settle(row, Outcome.SKIPPED, why)
        return
    try:
        rates.take("clay", CALLS_PER_SECOND, 1)
    except http.Unavailable as error:
        _later(row, error.retry_after or 1)
        return
    if not breaker.may_ask():
        settle(row, Outcome.FAILED, "Clay is not asked: its breaker is open.")
        return
    if not budget.claim():
        settle(row, Outcome.FAILED, "Clay is not asked: all submissions of its webhook are used.")
        return
    try:
        clay.push(_row(row))
    except http.Failure as error:
        breaker.failed(error.detail)
        settle(row, Outcome.FAILED, error.detail)
        return
    breaker.pushed()
    # An answer may have overtaken this line; then the row is settled and stays so.
    now = timezone.now()
    Enrichment.objects.filter(pk=row.pk).update(requested_at=now)
    Enrichment.objects.filter(pk=row.pk, state=State.DUE).update(
        state=State.REQUESTED, not_before=now + PATIENCE, lease_until=None
    )


def _later(row: Enrichment, seconds: float) -> None:
    """Put a push off without counting a try."""
    Enrichment.objects.filter(pk=row.pk, state=State.DUE).update(
        not_before=timezone.now() + timedelta(seconds=seconds), lease_until=None, attempts=row.attempts - 1
    )


def _not_asked(lead: Lead) -> str:
    if lead.kind != Kind.LIVE:
        return f"{lead.get_kind_display()}s are not sent to Clay."
    if "clay" in settings.SANDBOXED:
        return "Clay is in the sandbox: nothing was asked and nothing is made up."
    stop = suppression.verdict(lead.email or "", lead)
    if stop and stop.stops_person:
        return f"{stop.text}: this person is not asked about."
    return ""


def _row(row: Enrichment) -> clay.Row:
    lead, company = row.lead, row.lead.company
    return clay.Row(
        request_id=row.request_id,
        linkedin_url=f"https://www.linkedin.com/{lead.linkedin_key}" if lead.linkedin_key else "",
        email=lead.email or "",
        first_name=lead.first_name,
        last_name=lead.last_name,
        company_name=company.name if company else "",
        company_domain=(company.domain or "") if company else "",
    )


def settle_overdue(now: datetime | None = None) -> int:
    """Leads whose question has no answer after PATIENCE go on with partial data, marked so."""
    now = now or timezone.now()
    overdue = Enrichment.objects.filter(state=State.REQUESTED, not_before__lte=now)
    count = 0
    for row in overdue[:500]:
        count += 1
        settle(row, Outcome.PARTIAL, "Clay did not answer within 30 seconds.")
    return count


def settle(row: Enrichment, outcome: str, reason: str = "") -> bool:
    """Close an open request and let the lead go on; False where it was closed already."""
    with transaction.atomic():
        closed = claims.claim(
            Enrichment.objects.filter(pk=row.pk).exclude(state=State.SETTLED),
            state=State.SETTLED,
            outcome=outcome,
            reason=reason[:300],
            settled_at=timezone.now(),
            lease_until=None,
        )
        if closed:
            _goes_on(row.lead_id)
    return closed


def _goes_on(lead_id: int) -> None:
    Lead.objects.filter(pk=lead_id).update(needs_assessment_at=timezone.now(), attempts=0)
    nudge("leads.assess_due")


def answer_from_event(event: InboundEvent) -> None:
    """Use a stored callback body. Raises Unreadable for what names no request of ours."""
    try:
        data = json.loads(bytes(event.body))
    except RecursionError as error:
        raise Unreadable("The body is nested too deeply.") from error
    except ValueError as error:
        raise Unreadable(f"The body is not JSON: {str(error)[:120]}.") from error
    if not isinstance(data, dict) or not isinstance(data.get("request_id"), str):
        raise Unreadable("request_id is missing: it must be a column of the Clay table and part of the callback body.")
    if not record_answer(data["request_id"], data):
        raise Unreadable("request_id is not one of ours.")


def record_answer(request_id: str, data: dict[str, Any]) -> bool:
    """Apply one callback; late and repeated answers are welcome. False for an unknown request."""
    breaker.answered()
    answer = clay.parse(data)
    with transaction.atomic():
        asked = Enrichment.objects.select_for_update().filter(request_id=normal.storable(request_id))
        row = asked.first()
        if row is None:
            return False
        gained = _improve(row.lead, answer)
        was_open = settle(row, Outcome.ANSWERED)
        changes: dict[str, Any] = {"gained": sorted({*row.gained, *gained})}
        if row.answered_at is None:
            changes |= {"answered_at": timezone.now()}
            if not was_open:
                changes |= {"outcome": Outcome.LATE}
        Enrichment.objects.filter(pk=row.pk).update(**changes)
        if gained and not was_open:
            _goes_on(row.lead_id)
    return True


def _improve(lead: Lead, answer: clay.Enriched) -> list[str]:
    """Fill what was not known. Returns the names of what was gained."""
    company = lead.company
    domain, key = normal.domain(answer.company_domain), normal.company_key(answer.company_name)
    if company is None and (domain or key):
        company = identity.company_for(domain, key, lead.kind)
    gained = identity.fill(
        lead,
        "clay",
        first_name=answer.first_name[:100],
        last_name=answer.last_name[:100],
        title=answer.title,
        country=answer.country.upper() if len(answer.country) == 2 else "",
        company=company,
        past_employers=answer.past_employers,
    )
    gained += _better_address(lead, answer)
    if company is not None:
        gained += [
            f"company.{name}"
            for name in identity.fill(
                company,
                "clay",
                name=answer.company_name,
                name_key=key,
                industry=answer.industry[:120],
                employees=answer.employees[:40],
                employees_from=normal.employees_from(answer.employees),
                revenue=answer.revenue[:80],
                technologies=answer.technologies,
                open_roles=answer.open_roles,
            )
        ]
    return gained


def _better_address(lead: Lead, answer: clay.Enriched) -> list[str]:
    """A business address takes the place of none or of a personal one; a verified one confirms the one we have."""
    address = normal.email(answer.email)
    if not address:
        return []
    if address == lead.email:
        return identity.fill(lead, "clay", overwrite=True, email_verified=True) if answer.email_verified else []
    taken = Lead.objects.filter(email=address).exclude(pk=lead.pk).exists()
    if taken or lead.address == Lead.Address.USABLE or (lead.email and suppression.by_lists(address)):
        return []
    gained = identity.fill(lead, "clay", overwrite=True, email=address, email_verified=answer.email_verified)
    identity.settle_address(lead)
    return gained
