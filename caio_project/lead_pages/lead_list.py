"""The list of leads: filters, search, and where each lead is now. A constant number of queries."""

from datetime import timedelta
from typing import Any

from django import forms
from django.db.models import OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Concat
from django.utils import timezone

from leads import normal
from leads.models import Company, Enrichment, Kind, Lead, Suppression, TeamMember
from leads.scoring import calculation
from leads.scoring_rules import Tier
from leads.suppression import bulk, suppression
from outreach.choices import Status, Transport
from outreach.models import Message

LIST_ORDER = ("-last_seen_at", "-pk")
KEPT = "Saved in the sandbox, not sent"
STUCK_AFTER = timedelta(minutes=5)
SHOW_CHOICES = (
    ("", "All"),
    ("hot", "HOT"),
    ("may", "Can be emailed"),
    ("stopped", "Stopped"),
    ("no_address", "No address"),
    ("stuck", "Stuck"),
    ("example", "Examples, tests, training"),
)
TIER_CHOICES = (("", "Any tier"), *Tier.choices)
SEEN_CHOICES = (
    ("", "Seen at any time"),
    ("1", "Seen today or yesterday"),
    ("7", "Seen in 7 days"),
    ("30", "Seen in 30 days"),
)
NOBODY, NO_EMAIL = "none", "none"


class LeadFilters(forms.Form):
    """The filters of the list. An unknown choice is reported and filters nothing."""

    show = forms.ChoiceField(required=False, choices=SHOW_CHOICES, widget=forms.HiddenInput)
    search = forms.CharField(required=False, max_length=200, label="Search")
    tier = forms.ChoiceField(required=False, choices=TIER_CHOICES, label="Tier")
    owner = forms.ChoiceField(required=False, label="Owner")
    seen = forms.ChoiceField(required=False, choices=SEEN_CHOICES, label="Last visit")
    email = forms.ChoiceField(required=False, label="Email")
    why = forms.ChoiceField(required=False, label="Do not contact, because")

    def __init__(self, data: Any):
        super().__init__(data)
        owners = [(str(one.pk), str(one)) for one in TeamMember.objects.all()]
        self.fields["owner"].choices = [("", "Any owner"), *owners, (NOBODY, "No owner")]  # type: ignore[attr-defined]
        emails = [("", "Any email"), *Status.choices, (NO_EMAIL, "No email yet")]
        self.fields["email"].choices = emails  # type: ignore[attr-defined]
        whys = [("", "For any reason"), *Suppression.Reason.choices]
        self.fields["why"].choices = whys  # type: ignore[attr-defined]

    @property
    def narrows(self) -> bool:
        return any(
            self.cleaned_data.get(name) for name in ("tier", "owner", "seen", "email", "why")
        )


def filter_leads(chosen: dict[str, str]) -> QuerySet[Lead]:
    shown, rows = chosen.get("show", ""), Lead.objects.select_related("company", "owner")
    if shown != "example":
        rows = rows.exclude(kind=Kind.TRAINING)
    rows = _filter_shown(rows, shown)
    if tier := chosen.get("tier"):
        rows = rows.filter(tier=tier)
    if owner := chosen.get("owner"):
        rows = rows.filter(owner=None if owner == NOBODY else int(owner))
    if seen := chosen.get("seen"):
        rows = rows.filter(last_seen_at__gte=timezone.now() - timedelta(days=int(seen)))
    if (email := chosen.get("email")) == NO_EMAIL:
        rows = rows.exclude(pk__in=Message.objects.values("lead"))
    elif email:
        rows = rows.filter(pk__in=Message.objects.filter(status=email).values("lead"))
    if why := chosen.get("why"):
        rows = bulk.only_stopped(rows, why)
    return search_leads(rows, chosen.get("search", ""))


def _filter_shown(rows: QuerySet[Lead], shown: str) -> QuerySet[Lead]:
    if shown == "hot":
        big = Q(tier=Tier.FIRST, company__employees_from__gte=calculation.HOT_MIN_EMPLOYEES)
        return rows.filter(Q(score__gte=calculation.HOT_MIN_INTENT) | big)
    if shown == "may":
        return bulk.only_writable(rows)
    if shown == "stopped":
        return bulk.only_stopped(rows)
    if shown == "no_address":
        return rows.filter(address=Lead.Address.NONE)
    if shown == "stuck":
        blocked = Message.objects.filter(status=Status.BLOCKED).values("lead")
        late = timezone.now() - STUCK_AFTER
        return rows.filter(Q(needs_assessment_at__lt=late) | ~Q(error="") | Q(pk__in=blocked))
    return rows.exclude(kind="live") if shown == "example" else rows


def search_leads(rows: QuerySet[Lead], words: str) -> QuerySet[Lead]:
    """Keep leads that fit every word: an address or LinkedIn profile exactly, names in part."""
    rows = rows.alias(
        called=Concat(
            "first_name", Value(" "), "last_name", Value(" "), Coalesce("email", Value(""))
        )
    )
    for word in words.split()[:5]:
        rows = rows.filter(_word_matches(word))
    return rows


def _word_matches(word: str) -> Q:
    if key := normal.linkedin_key(word):
        return _identified_by(linkedin_key=key)
    if "@" in word and (address := normal.clean_email(word)):
        return _identified_by(email=address) | _identified_by(personal_email=address)
    companies = Company.objects.filter(Q(name__icontains=word) | Q(domain__icontains=word))
    return Q(called__icontains=word) | Q(company__in=companies.values("pk"))


def _identified_by(**exactly: str) -> Q:
    """Match leads by index, including those whose merged rows have the value."""
    found = Lead.rows.filter(**exactly).values_list("pk", "merged_into")
    return Q(pk__in=[person or pk for pk, person in found])


def with_email_and_enrichment(rows: QuerySet[Lead]) -> QuerySet[Lead]:
    newest = Message.objects.filter(lead=OuterRef("pk")).order_by("-pk")
    asked = Enrichment.objects.filter(lead=OuterRef("pk")).exclude(state=Enrichment.State.SETTLED)
    return rows.annotate(
        email_status=Subquery(newest.values("status")[:1]),
        email_transport=Subquery(newest.values("transport")[:1]),
        asked_at=Subquery(asked.values("created_at")[:1]),
    )


def describe_leads(leads: list[Lead]) -> list[dict[str, Any]]:
    stops = suppression.find_stops(leads)
    return [
        {
            "lead": lead,
            "where": pipeline_place(lead, stops.get(lead.pk)),
            "is_hot": lead.score is not None
            and calculation.is_hot(lead.score, lead.tier, _company_size(lead)),
        }
        for lead in leads
    ]


def _company_size(lead: Lead) -> int | None:
    return lead.company.employees_from if lead.company else None


def pipeline_place(lead: Any, stop: suppression.Stop | None) -> str:
    if stop and stop.stops_person:
        return f"Stopped: {stop.text.lower()}"
    if stop and lead.address == Lead.Address.USABLE:
        return f"This address is stopped: {stop.text.lower()}"
    if lead.asked_at:
        return "Waiting for Clay"
    if lead.needs_assessment_at:
        return "Waiting to be scored"
    if lead.error:
        return f"Stuck: {lead.error}"
    if lead.email_status == Status.SENT and lead.email_transport == Transport.SANDBOX:
        return KEPT
    if lead.email_status:
        return str(Status(lead.email_status).label)
    if lead.address == Lead.Address.NONE:
        return "No address to write to"
    return "Known, no email"
