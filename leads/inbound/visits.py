"""Turns the body of an event into a lead, a company and visits."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from caio_project.lib.nudge import nudge
from leads import normal
from leads.enrichment import enrichment_requests
from leads.identity import company_matching, lead_matching, merging, other_addresses
from leads.inbound.event_store import store_event
from leads.integrations import rb2b
from leads.integrations.body_errors import UnreadableBody
from leads.models import Company, InboundEvent, Lead, Visit
from leads.suppression import suppression


def visit_from_rb2b(event: InboundEvent) -> None:
    """Turn one visitor's body into a lead, a company and a visit, and ask for an enrichment.

    A known visit changes nothing. Raises locks.LeadsChanged.
    """
    stored = _store_visit(event)
    if stored is not None:
        enrichment_requests.request_for_locked(stored.lead, is_new=stored.is_new)


def visit_from_import(event: InboundEvent) -> None:
    stored = _store_visit(event)
    if stored is not None:
        Lead.objects.filter(pk=stored.lead.pk).update(needs_assessment_at=timezone.now())
        nudge("leads.assess_due")


@dataclass(frozen=True)
class VisitLead:
    """The locked lead of a new visit."""

    lead: Lead
    is_new: bool  # made for this visit


def _store_visit(event: InboundEvent) -> VisitLead | None:
    """Returns the visit's lead where the visit is new and has one. Raises locks.LeadsChanged."""
    if _split_event(event):
        return None
    visitor = rb2b.parse_visitor(bytes(event.body))
    if notes := list(visitor.notes):
        InboundEvent.objects.filter(pk=event.pk).update(notes=notes)
    if Visit.objects.filter(event_key=visitor.key).exists():
        return None
    if visitor.is_test:
        # "Send a Test Event" in RB2B: proof that the webhook works, and nobody to write to
        return None
    addresses = lead_matching.visitor_addresses(visitor)
    key = normal.linkedin_key(visitor.linkedin_url)
    people = _lock_people(visitor, addresses, key) if visitor.is_person else []
    if suppression.is_marked(*addresses, key) or any(map(suppression.is_erased, people)):
        InboundEvent.objects.filter(pk=event.pk).update(body=b"", notes=[])
        return None  # nothing is kept of somebody who was erased, not even that they came back
    company = company_matching.company_of_visitor(visitor, event.kind, event.source)
    known = merging.resolve_lead(
        people, event.source, addresses[0], visitor.first_name, visitor.last_name
    )
    seen_at = _plausible_time(visitor.seen_at, event.received_at)
    before = (known.email or "", known.email_invalid) if known is not None else ("", False)
    lead = (
        lead_matching.lead_of_visitor(visitor, company, event.kind, known, event.source, seen_at)
        if visitor.is_person
        else None
    )
    if lead is None and company is None:
        raise UnreadableBody("no_readable_identifier")
    _store_pages(event, visitor, seen_at, lead, company)
    if lead is None:
        if company is not None:
            company_matching.mark_company_leads_due(company)
        return None
    other_addresses.keep_address(lead, before[0], event.source, is_dead=before[1])
    for address in addresses:
        other_addresses.keep_address(lead, address, event.source)
    return VisitLead(lead, is_new=known is None)


def _lock_people(visitor: rb2b.Visitor, addresses: list[str], key: str) -> list[Lead]:
    found = lead_matching.lock_leads_known_by(addresses[0], key)
    return found or other_addresses.lock_lead_at(
        addresses[1:], visitor.first_name, visitor.last_name
    )


def _store_pages(
    event: InboundEvent,
    visitor: rb2b.Visitor,
    seen_at: datetime,
    lead: Lead | None,
    company: Company | None,
) -> None:
    visits = [
        Visit(
            event=None if n else event,
            event_key=visitor.key_of_page(url),
            lead=lead,
            company=company,
            url=url,
            path=lead_matching.page_path(url),
            referrer=visitor.referrer,
            visitor_id=visitor.visitor_id,
            is_repeat=visitor.is_repeat,
            seen_at=seen_at,
            received_at=event.received_at,
        )
        for n, url in enumerate((visitor.url, *visitor.other_urls))
    ]
    visits[0].save()
    Visit.objects.bulk_create(visits[1:], ignore_conflicts=True)


def _split_event(event: InboundEvent) -> bool:
    """Make each visitor of a list an event of its own; the list keeps no body, as they have it."""
    parts = rb2b.split_body(bytes(event.body))
    for part in parts:
        store_event(event.source, part, kind=event.kind, received_at=event.received_at)
    if parts:
        note = {"code": "visitors_split", "field": str(len(parts))}
        InboundEvent.objects.filter(pk=event.pk).update(body=b"", notes=[note])
    return bool(parts)


def _plausible_time(seen_at: datetime | None, received_at: datetime) -> datetime:
    return seen_at if seen_at and seen_at <= received_at + timedelta(minutes=5) else received_at
