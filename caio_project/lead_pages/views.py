"""The list of leads and the page of one lead."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from rest_framework.exceptions import ValidationError

from approvals.desk import outside_links
from approvals.views.pages import render_page
from caio_project import field_labels
from caio_project.lead_pages import (
    event_lines,
    hot_texts,
    lead_list,
    lead_lookup,
    merge_comparison,
    owner_page,
)
from caio_project.lead_pages.timeline import build_timeline
from caio_project.lib.web.paging import fetch_page
from caio_project.lib.words.source_names import SOURCE_NAMES
from caio_project.privacy import consent
from leads.models import Lead
from leads.scoring import assess, reason_words
from leads.suppression import allowed_countries, suppression
from outreach.contact_history import previous_emails
from outreach.drafting import no_draft
from outreach.lifecycle.transitions import OPEN

PAGE_SIZE = 50
EVENTS_SHOWN_FIRST = 40  # lines of the timeline; the others are folded away


@login_required
@never_cache
@permission_required("leads.view_lead", raise_exception=True)
@require_safe
def leads_page(request: HttpRequest) -> HttpResponse:
    form = lead_list.LeadFilters(request.GET)
    form.is_valid()
    rows = lead_list.with_email_and_enrichment(lead_list.filter_leads(form.cleaned_data))
    try:
        found = fetch_page(rows, lead_list.LIST_ORDER, request.GET.get("after", ""), PAGE_SIZE)
    except ValidationError:
        found = fetch_page(rows, lead_list.LIST_ORDER, "", PAGE_SIZE)
    chosen = {name: value for name, value in form.cleaned_data.items() if value}
    context = {
        "leads": lead_list.describe_leads(found.rows),
        "next": found.next,
        "previous": found.previous,
        "form": form,
        "shown": chosen.get("show", ""),
        "chips": lead_list.SHOW_CHOICES,
        "chosen": chosen,
        "query": urlencode(chosen),
        "query_for_chips": urlencode(
            {name: value for name, value in chosen.items() if name != "show"}
        ),
        "narrowed": any(name != "show" for name in chosen),
    }
    return render_page(request, "caio_project/lead_pages/leads.html", context)


@login_required
@never_cache
@permission_required("leads.view_lead", raise_exception=True)
@require_safe
def lead_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    """Show one lead; a merged lead redirects to the surviving one."""
    lead = lead_lookup.find_lead(public_id)
    if lead.public_id != public_id:
        return redirect("lead", lead.public_id)
    assessment = lead.assessments.first()
    timeline = build_timeline(lead)
    context = {
        "lead": lead,
        "company": lead.company,
        "links": outside_links.person_links(lead, lead.company),
        "assessment": assessment,
        "why_now": reason_words.why_now(assessment.reasons, timezone.now()) if assessment else [],
        "stop": suppression.find_stop(lead.email or "", lead),
        "country_refused": allowed_countries.is_refused(lead.country),
        "why_no_draft": no_draft.why_no_draft_now(lead),
        "open_email": previous_emails.emails_of(lead).filter(status__in=OPEN).first(),
        "to_hot": hot_texts.hot_lines(assess.hot_outlook(lead)) if assessment else [],
        "newest_events": timeline.events[:EVENTS_SHOWN_FIRST],
        "older_events": timeline.events[EVENTS_SHOWN_FIRST:],
        "left_out": timeline.left_out,
        "facts": _facts(lead),
        "proposals": merge_comparison.merge_proposals(lead),
        "past": merge_comparison.past_merges(lead),
        "owner": owner_page.owner_view(lead),
        "assigns": request.user.has_perm("leads.assign_owner"),
        "decides": request.user.has_perm("leads.decide_merge"),
        "consent": consent.consent_records(lead),
        "erasure": consent.erasure_of(lead),
        "exports": request.user.has_perm("leads.export_person"),
        "erases": request.user.has_perm("leads.erase_person"),
        "came_in": event_lines.events_about(lead, request.user),
    }
    return render_page(request, "caio_project/lead_pages/lead.html", context)


def _facts(lead: Lead) -> list[dict[str, Any]]:
    return [
        {**fact, "source_name": SOURCE_NAMES.get(fact["source"], fact["source"])}
        for fact in (*field_labels.known_facts(lead), *_other_addresses(lead))
    ]


def _other_addresses(lead: Lead) -> Iterator[dict[str, Any]]:
    """Those of the leads that turned out to be this one, and those that came beside the first."""
    for part in Lead.rows.filter(merged_into=lead).exclude(email=None).order_by("pk"):
        for fact in field_labels.known_facts(part):
            if fact["name"] == field_labels.field_label("email"):
                dead = " (does not exist)" if part.email_invalid else ""
                yield {**fact, "name": "other address", "value": f"{fact['value']}{dead}"}
