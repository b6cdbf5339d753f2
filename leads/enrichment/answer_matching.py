"""Which request an answer of Clay belongs to: by its id, else by the person it names."""

from django.db.models import F
from django.utils import timezone

from leads import normal
from leads.enrichment.enrichment_requests import ANSWER_VALID_FOR, Outcome, State
from leads.identity import lead_matching
from leads.integrations.clay_callback import AnswerIdentifiers
from leads.models import Enrichment, Kind, Lead, Visit


def find_request(known_by: AnswerIdentifiers) -> Enrichment | None:
    """The request that is answered; None where nobody known here is meant.

    An answer about a person whom Clay was not asked about lately gets a request of its own.
    """
    ids = [one for one in (known_by.request_id, known_by.visitor_id) if one]
    by_id = Enrichment.objects.filter(request_id__in=map(normal.storable_text, ids)).first()
    if by_id is not None:
        return by_id
    lead = _find_person(known_by)
    return _request_of(lead) if lead is not None else None


def _find_person(known_by: AnswerIdentifiers) -> Lead | None:
    for address in known_by.addresses:
        if lead := lead_matching.find_lead(address, ""):
            return lead
    if lead := lead_matching.find_lead("", known_by.linkedin_key):
        return lead
    if not known_by.visitor_id:
        return None
    visits = Visit.objects.filter(visitor_id=known_by.visitor_id).exclude(lead=None)
    visit = visits.select_related("lead__merged_into").order_by("-pk").first()
    return (visit.lead.merged_into or visit.lead) if visit and visit.lead else None


def _request_of(lead: Lead) -> Enrichment | None:
    """The open request, else the newest that may still be answered, else a new one.

    Of a test visitor only a test is answered, and of an example nothing.
    """
    rows = Enrichment.objects.filter(lead=lead).order_by("-created_at", "-pk")
    if lead.kind != Kind.LIVE:
        return rows.filter(is_test=True).order_by(F("answered_at").asc(nulls_first=True)).first()
    if open_ := rows.exclude(state=State.SETTLED).first():
        return open_
    newest, since = rows.first(), timezone.now() - ANSWER_VALID_FOR
    if newest is not None and (newest.answered_at is None or newest.answered_at > since):
        return newest
    return Enrichment.objects.create(
        lead=lead, state=State.SETTLED, outcome=Outcome.UNASKED, settled_at=timezone.now()
    )
