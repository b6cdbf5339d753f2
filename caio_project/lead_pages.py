"""The pages of leads: where somebody is now, whether we may write, and what happened, put together from all apps."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required, permission_required
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from rest_framework.exceptions import ValidationError

from caio_project.lib.paging import page
from leads import intent, normal, scoring, suppression
from leads.models import Enrichment, Lead, Suppression
from outreach import drafting, phase
from outreach.models import Message
from outreach.states import OPEN, Status

ORDER = ("-last_seen_at", "-pk")
PAGE_SIZE = 50
STUCK_AFTER_SECONDS = 300

FILTERS = (
    ("", "All"),
    ("hot", "HOT"),
    ("no_address", "No address"),
    ("stopped", "Stopped"),
    ("stuck", "Stuck"),
    ("example", "Examples and tests"),
)


@login_required
@permission_required("leads.view_lead", raise_exception=True)
def leads_page(request: HttpRequest) -> HttpResponse:
    shown, search = request.GET.get("show", ""), request.GET.get("search", "").strip()
    rows = _with_whereabouts(_filtered(shown, search))
    try:
        found = page(rows, ORDER, request.GET.get("after", ""), PAGE_SIZE)
    except ValidationError:
        found = page(rows, ORDER, "", PAGE_SIZE)
    stops = _stops(found.rows)
    context = {
        "leads": [(lead, where_now(lead, stops.get(lead.pk))) for lead in found.rows],
        "next": found.next,
        "previous": found.previous,
        "filters": FILTERS,
        "show": shown,
        "search": search,
    }
    return render(request, "sales/leads.html", context)


def _filtered(shown: str, search: str) -> QuerySet[Lead]:
    rows = Lead.objects.select_related("company")
    if shown == "hot":
        big = Q(tier="tier_1", company__employees_from__gte=scoring.HOT_EMPLOYEES)
        rows = rows.filter(Q(score__gte=scoring.HOT_INTENT) | big)
    elif shown == "no_address":
        rows = rows.filter(address=Lead.Address.NONE)
    elif shown == "stopped":
        rows = rows.filter(suppressions__isnull=False).distinct()
    elif shown == "stuck":
        late = timezone.now() - timedelta(seconds=STUCK_AFTER_SECONDS)
        rows = rows.filter(
            Q(needs_assessment_at__lt=late) | ~Q(error="") | Q(messages__status=Status.BLOCKED)
        ).distinct()
    elif shown == "example":
        rows = rows.exclude(kind="live")
    for word in search.split()[:5]:
        rows = rows.filter(
            Q(first_name__icontains=word)
            | Q(last_name__icontains=word)
            | Q(email__icontains=word)
            | Q(company__name__icontains=word)
        )
    return rows


def _with_whereabouts(rows: QuerySet[Lead]) -> QuerySet[Lead]:
    newest = Message.objects.filter(lead=OuterRef("pk")).order_by("-pk")
    asked = Enrichment.objects.filter(lead=OuterRef("pk")).exclude(state=Enrichment.State.SETTLED)
    return rows.annotate(
        email_status=Subquery(newest.values("status")[:1]),
        asked_at=Subquery(asked.values("created_at")[:1]),
    )


def _stops(leads: list[Lead]) -> dict[int, str]:
    """Why we must not write, for a page of leads in one query."""
    values = {str(lead.pk) for lead in leads}
    for lead in leads:
        if lead.email:
            values |= {lead.email, lead.email.rpartition("@")[2], normal.domain(lead.email)}
    now, found = timezone.now(), {}
    rows = Suppression.objects.filter(value__in=values).filter(Q(expires_at=None) | Q(expires_at__gt=now))
    by_value = {row.value: row.get_reason_display().lower() for row in rows}
    for lead in leads:
        email = lead.email or ""
        for value in (str(lead.pk), email, email.rpartition("@")[2], normal.domain(email) if email else ""):
            if value and value in by_value:
                found[lead.pk] = by_value[value]
                break
    return found


def where_now(lead: Any, stop: str | None) -> str:
    """One phrase on where somebody is now."""
    if stop:
        return f"Stopped: {stop}"
    if lead.asked_at:
        return "Waiting for Clay"
    if lead.needs_assessment_at:
        return "Waiting to be scored"
    if lead.error:
        return f"Stuck: {lead.error}"
    if lead.email_status:
        return str(Status(lead.email_status).label)
    if lead.address == Lead.Address.NONE:
        return "No address to write to"
    return "Known, no email"


@dataclass(frozen=True)
class Event:
    """One line of the timeline."""

    at: datetime
    kind: str
    text: str


@login_required
@permission_required("leads.view_lead", raise_exception=True)
def lead_page(request: HttpRequest, public_id: str) -> HttpResponse:
    lead = get_object_or_404(Lead.objects.select_related("company", "owner"), public_id=public_id)
    assessment = lead.assessments.first()
    stop = suppression.verdict(lead.email or "", lead)
    context = {
        "lead": lead,
        "company": lead.company,
        "assessment": assessment,
        "stop": stop,
        "why_no_draft": drafting.why_not(lead),
        "open_email": lead.messages.filter(status__in=OPEN).first(),
        "to_hot": intent.what_would_make_hot(lead) if assessment else [],
        "timeline": timeline(lead),
        "facts": _facts(lead),
    }
    return render(request, "sales/lead.html", context)


def timeline(lead: Lead) -> list[Event]:
    """What happened to one person, newest first."""
    events = [Event(v.seen_at, "visit", f"Visited {v.path or '/'}") for v in lead.visits.order_by("-seen_at")[:100]]
    for enrichment in lead.enrichments.order_by("-created_at")[:20]:
        outcome = enrichment.get_outcome_display() or enrichment.get_state_display()
        gained = f": gained {', '.join(enrichment.gained)}" if enrichment.gained else ""
        why = f" ({enrichment.reason})" if enrichment.reason else ""
        events.append(Event(enrichment.settled_at or enrichment.created_at, "enrichment", f"{outcome}{gained}{why}"))
    for one in lead.assessments.order_by("-seq")[:20]:
        events.append(Event(one.made_at, "score", f"Scored {one.intent}, fit {one.icp}, {one.tier.replace('_', ' ')}"))
    for message in lead.messages.prefetch_related("moves__by", "moves__reason"):
        for move in message.moves.all():
            who = f" by {phase.name_of(move.by)}" if move.by else ""
            typed = f": “{move.reason.text}”" if hasattr(move, "reason") else ""
            events.append(Event(move.at, "email", f"{Status(move.to_status).label}{who}{typed}"))
    for row in lead.suppressions.all():
        events.append(Event(row.created_at, "stop", f"Stopped: {row.get_reason_display()} ({row.source})"))
    return sorted(events, key=lambda event: event.at, reverse=True)


LABELS = {"linkedin_key": "LinkedIn", "employees_from": "employees from", "name_key": ""}


def _facts(lead: Lead) -> list[dict[str, Any]]:
    """Every known field with its source and age."""
    found = []
    for row, whose in ((lead, ""), (lead.company, "company ")):
        for name, said in (row.sources if row else {}).items():
            label = LABELS.get(name, name.replace("_", " "))
            value = getattr(row, name, None)
            if label and value not in (None, "", []):
                shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
                at = datetime.fromisoformat(said["at"])
                found.append({"name": whose + label, "value": shown, "source": said["source"], "at": at})
    return found
