"""What an integration may write beside visitors: the owner of a lead, and suppressions.

A key that acts for a person needs that person's permission for it too.
"""

from django.core.exceptions import ValidationError as Invalid
from django.db import transaction
from django.http import Http404
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from caio_project.lib.api import lists
from caio_project.lib.api.idempotency import idempotent
from caio_project.lib.models import ApiKey
from caio_project.lib.web.problems import ConflictError
from leads.api import shapes
from leads.api.lists import find_lead, lead_detail_json
from leads.models import Suppression, TeamMember
from leads.ownership import owner_assignment
from leads.suppression import suppression

Reason, Scope = Suppression.Reason, Suppression.Scope
# What a program may say of an address or a domain; the others follow from what happened.
SAYABLE = (
    Reason.UNSUBSCRIBED,
    Reason.BOUNCED,
    Reason.COMPLAINED,
    Reason.INVALID,
    Reason.CUSTOMER,
    Reason.COMPETITOR,
    Reason.MANUAL,
)
SUPPRESSIONS = lists.ListOptions(
    {
        "scope": lists.by_choice("scope", Scope.values),
        "reason": lists.by_choice("reason", Reason.values),
        "value": lists.by_text("value", lambda text: text.strip().lower()),
        "lead": lists.by_id("lead__public_id"),
        "created_after": lists.by_time("created_at__gte"),
    },
    {"-created_at": ("-created_at", "-pk"), "created_at": ("created_at", "pk")},
)


class OwnerShape(serializers.Serializer):
    owner = serializers.IntegerField(
        min_value=1, max_value=2**31 - 1, allow_null=True,
        help_text="A team member's id; null gives the lead back to GoHighLevel and the rules.",
    )  # fmt: skip


class NewSuppressionShape(serializers.Serializer):
    scope = serializers.ChoiceField([Scope.ADDRESS.value, Scope.DOMAIN.value])
    value = serializers.CharField(max_length=254)
    reason = serializers.ChoiceField([reason.value for reason in SAYABLE])


class LeadOwnerView(APIView):
    scope = "leads:write"

    @extend_schema(operation_id="leads_owner", request=OwnerShape, responses=shapes.LeadDetailShape)
    @idempotent
    def post(self, request: Request, public_id: str) -> Response:
        """Give the lead to a team member; 409 where they have left the team."""
        require_of_person(request, "leads.assign_owner")
        asked = OwnerShape(data=request.data)
        asked.is_valid(raise_exception=True)
        lead, wanted = find_lead(public_id), asked.validated_data["owner"]
        member = TeamMember.objects.filter(pk=wanted).first() if wanted is not None else None
        if wanted is not None and member is None:
            raise ValidationError({"owner": "There is no team member with this id."})
        by = request.user if request.user.is_authenticated else None
        try:
            owner_assignment.assign_by_hand(lead, member, by=by)
        except owner_assignment.AssignmentRefused as refused:
            raise ConflictError(str(refused)) from refused
        return Response(lead_detail_json(find_lead(public_id)))


class SuppressionListView(APIView):
    scopes = {"GET": "leads:read", "HEAD": "leads:read", "POST": "leads:write"}

    @extend_schema(
        operation_id="suppressions_list",
        parameters=SUPPRESSIONS.parameters,
        responses=inline_serializer("Suppressions", lists.page_shape(shapes.SuppressionShape)),
    )
    def get(self, request: Request) -> Response:
        """Who must not be emailed, the newest first."""
        found = lists.read_page(request, Suppression.objects.all(), SUPPRESSIONS)
        return Response(lists.page_json(request, found, shapes.suppression_json))

    @extend_schema(
        operation_id="suppressions_create",
        request=NewSuppressionShape,
        responses={201: shapes.SuppressionShape, 200: shapes.SuppressionShape},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Stop an address or a domain. 200 where it was stopped for this reason already.

        Nothing in the API lifts one.
        """
        require_of_person(request, "leads.add_suppression")
        asked = NewSuppressionShape(data=request.data)
        asked.is_valid(raise_exception=True)
        said = asked.validated_data
        row = Suppression(**said, source=_source_of(request))
        try:
            row.clean()
        except Invalid as wrong:
            raise ValidationError({"value": wrong.messages}) from wrong
        with transaction.atomic():
            stored = Suppression.objects.filter(
                scope=row.scope, value=row.value, reason=row.reason, expires_at=None
            )
            known = stored.first()
            if known is None:
                suppression.stop_entry(row.scope, row.value, row.reason, row.source)
        shown = known or stored.get()
        return Response(shapes.suppression_json(shown), status=200 if known else 201)


class SuppressionDetailView(APIView):
    scope = "leads:read"

    @extend_schema(operation_id="suppressions_retrieve", responses=shapes.SuppressionShape)
    def get(self, request: Request, pk: int) -> Response:
        row = Suppression.objects.filter(pk=pk).first()
        if row is None:
            raise Http404
        return Response(shapes.suppression_json(row))


def require_of_person(request: Request, permission: str) -> None:
    """Raises PermissionDenied where the request has a user without the permission."""
    user = request.user if request.user.is_authenticated else None
    if user is None and isinstance(request.auth, ApiKey):
        return
    if user is None or not user.has_perm(permission):
        raise PermissionDenied(f"This needs the permission {permission}.")


def _source_of(request: Request) -> str:
    name = request.auth.name if isinstance(request.auth, ApiKey) else request.user.get_username()
    return f"API: {name}"[:40]
