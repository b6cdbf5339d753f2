"""Lists and single rows of leads, visits and companies."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from caio_project.lib.api import lists
from leads import normal
from leads.api import shapes
from leads.models import Company, Kind, Lead, Visit
from leads.scoring_rules import Tier
from leads.suppression import bulk, suppression


def _only_suppressed(rows: QuerySet[Any], wanted: bool) -> QuerySet[Any]:
    return bulk.only_stopped(rows) if wanted else bulk.only_writable(rows)


LEADS = lists.ListOptions(
    {
        "kind": lists.by_choice("kind", Kind.values),
        "tier": lists.by_choice("tier", Tier.values),
        "address": lists.by_choice("address", Lead.Address.values),
        "owner": lists.by_number("owner_id"),
        "company": lists.by_number("company_id"),
        "email": lists.by_text("email", normal.clean_email),
        "min_intent": lists.by_number("score__gte"),
        "seen_after": lists.by_time("last_seen_at__gte"),
        "seen_before": lists.by_time("last_seen_at__lt"),
        "suppressed": lists.by_truth(_only_suppressed),
    },
    {
        "-last_seen_at": ("-last_seen_at", "-pk"),
        "last_seen_at": ("last_seen_at", "pk"),
        "-first_seen_at": ("-first_seen_at", "-pk"),
        "first_seen_at": ("first_seen_at", "pk"),
    },
)
VISITS = lists.ListOptions(
    {
        "lead": lists.by_id("lead__public_id"),
        "company": lists.by_number("company_id"),
        "seen_after": lists.by_time("seen_at__gte"),
        "seen_before": lists.by_time("seen_at__lt"),
    },
    {"-id": ("-pk",), "id": ("pk",), "-seen_at": ("-seen_at", "-pk"), "seen_at": ("seen_at", "pk")},
)
COMPANIES = lists.ListOptions(
    {
        "kind": lists.by_choice("kind", Kind.values),
        "domain": lists.by_text("domain", lambda text: text.strip().lower()),
        "industry": lists.by_text("industry__iexact"),
        "min_employees": lists.by_number("employees_from__gte"),
        "created_after": lists.by_time("created_at__gte"),
    },
    {"-created_at": ("-created_at", "-pk"), "created_at": ("created_at", "pk")},
)


class LeadListView(APIView):
    scope = "leads:read"

    @extend_schema(
        operation_id="leads_list",
        parameters=LEADS.parameters,
        responses=inline_serializer("Leads", lists.page_shape(shapes.LeadShape)),
    )
    def get(self, request: Request) -> Response:
        """Leads, by default the newest visit first. Merged ones are one lead."""
        rows = Lead.objects.select_related("company", "owner")
        found = lists.read_page(request, rows, LEADS)
        return Response(lists.page_json(request, found, shapes.lead_json))


class LeadDetailView(APIView):
    scope = "leads:read"

    @extend_schema(operation_id="leads_retrieve", responses=shapes.LeadDetailShape)
    def get(self, request: Request, public_id: str) -> Response:
        """One lead, with why no email may be sent to it."""
        return Response(lead_detail_json(find_lead(public_id)))


class VisitListView(APIView):
    scope = "leads:read"

    @extend_schema(
        operation_id="visits_list",
        parameters=VISITS.parameters,
        responses=inline_serializer("Visits", lists.page_shape(shapes.VisitShape)),
    )
    def get(self, request: Request) -> Response:
        """Visits of people and of companies, by default the last stored first."""
        found = lists.read_page(request, Visit.objects.select_related("lead"), VISITS)
        return Response(lists.page_json(request, found, shapes.visit_json))


class VisitDetailView(APIView):
    scope = "leads:read"

    @extend_schema(operation_id="visits_retrieve", responses=shapes.VisitShape)
    def get(self, request: Request, pk: int) -> Response:
        return Response(
            shapes.visit_json(get_object_or_404(Visit.objects.select_related("lead"), pk=pk))
        )


class CompanyListView(APIView):
    scope = "leads:read"

    @extend_schema(
        operation_id="companies_list",
        parameters=COMPANIES.parameters,
        responses=inline_serializer("Companies", lists.page_shape(shapes.CompanyShape)),
    )
    def get(self, request: Request) -> Response:
        """Companies that visitors work for, the newest first."""
        found = lists.read_page(request, Company.objects.all(), COMPANIES)
        return Response(lists.page_json(request, found, shapes.company_json))


class CompanyDetailView(APIView):
    scope = "leads:read"

    @extend_schema(operation_id="companies_retrieve", responses=shapes.CompanyShape)
    def get(self, request: Request, pk: int) -> Response:
        return Response(shapes.company_json(get_object_or_404(Company, pk=pk)))


def find_lead(public_id: str) -> Lead:
    """The lead, or the one that it was merged into. Raises Http404."""
    rows = Lead.rows.select_related(
        "company", "owner", "merged_into__company", "merged_into__owner"
    )
    found = get_object_or_404(rows, public_id=public_id)
    return found.merged_into or found


def lead_detail_json(lead: Lead) -> dict[str, Any]:
    stop = suppression.find_stop(lead.email or "", lead)
    shown = {"reason": stop.reason, "source": stop.source} if stop else None
    return {**shapes.lead_json(lead), "stop": shown}
