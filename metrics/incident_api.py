"""Incidents over the API: what is wrong, its story, and that somebody has it."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from caio_project.lib.api.idempotency import idempotent
from caio_project.lib.web.paging import fetch_page, page_links
from caio_project.lib.web.problems import ConflictError
from metrics.incident_codes import Action, Cause, ClosedAs
from metrics.incidents import incident_page as shown
from metrics.incidents import incidents
from metrics.models import Incident

PAGE_SIZE = 50
FIELDS: dict[str, Any] = {
    "id": serializers.UUIDField(),
    "cause": serializers.ChoiceField(Cause.choices),
    "subject": serializers.CharField(),
    "title": serializers.CharField(),
    "text": serializers.CharField(),
    "evidence": serializers.DictField(),
    "action": serializers.ChoiceField(Action.choices),
    "done": serializers.CharField(),
    "opened_at": serializers.DateTimeField(),
    "closed_at": serializers.DateTimeField(allow_null=True),
    "closed_as": serializers.ChoiceField(ClosedAs.choices, allow_blank=True),
    "acknowledged_at": serializers.DateTimeField(allow_null=True),
    "acknowledged_by": serializers.CharField(allow_null=True),
    "part_of": serializers.UUIDField(allow_null=True),
    "holds_promotion": serializers.BooleanField(),
}
IncidentShape = inline_serializer("Incident", FIELDS)
StoryShape = inline_serializer(
    "IncidentStory",
    {
        **FIELDS,
        "parts": serializers.ListField(child=serializers.UUIDField()),
        "story": serializers.ListField(child=serializers.DictField()),
    },
)


class IncidentListView(APIView):
    scope = "metrics:read"

    @extend_schema(
        operation_id="incidents_list",
        parameters=[
            OpenApiParameter("cursor", str),
            OpenApiParameter("state", str, enum=shown.STATES),
            OpenApiParameter("cause", str, enum=Cause.values),
        ],
        responses=inline_serializer(
            "Incidents",
            {
                "next": serializers.URLField(allow_null=True),
                "previous": serializers.URLField(allow_null=True),
                "results": serializers.ListField(child=IncidentShape),
            },
        ),
    )
    def get(self, request: Request) -> Response:
        """Every incident, newest first, those that are part of another as well."""
        state = _one_of(request, "state", shown.STATES)
        cause = _one_of(request, "cause", Cause.values)
        rows = shown.newest_incidents(state, cause)
        found = fetch_page(rows, ("-pk",), request.query_params.get("cursor", ""), PAGE_SIZE)
        results = [shown.incident_json(row) for row in found.rows]
        return Response({**page_links(request, found), "results": results})


def _one_of(request: Request, name: str, values: Any) -> str:
    given = request.query_params.get(name)
    if given is not None and given not in values:
        raise ValidationError({name: f"It is one of {', '.join(values)}."})
    return given or ""


class IncidentDetailView(APIView):
    scope = "metrics:read"

    @extend_schema(operation_id="incidents_retrieve", responses=StoryShape)
    def get(self, request: Request, public_id: Any) -> Response:
        """One incident with its story."""
        return Response(_whole_json(_find(public_id)))


class AcknowledgeShape(serializers.Serializer):
    note = serializers.CharField(max_length=incidents.MOST_TEXT, required=False, allow_blank=True)


class AcknowledgeIncident(APIView):
    scope = "outreach:halt"

    @extend_schema(
        request=AcknowledgeShape, operation_id="incidents_acknowledge", responses=StoryShape
    )
    @idempotent
    def post(self, request: Request, public_id: Any) -> Response:
        """Say that somebody has it; it stays open. 409 where it is closed."""
        asked = AcknowledgeShape(data=request.data)
        asked.is_valid(raise_exception=True)
        is_person = request.user.is_authenticated
        name = request.user.get_username() if is_person else getattr(request.auth, "name", "")
        row = _find(public_id)
        try:
            incidents.acknowledge(
                row, request.user if is_person else None, name, asked.validated_data.get("note", "")
            )
        except incidents.IncidentRefused as error:
            raise ConflictError(str(error)) from error
        return Response(_whole_json(_find(public_id)))


def _find(public_id: Any) -> Incident:
    rows = Incident.objects.select_related("parent", "acknowledged_by")
    return get_object_or_404(rows, public_id=public_id)


def _whole_json(row: Incident) -> dict[str, Any]:
    parts = row.children.order_by("pk").values_list("public_id", flat=True)
    return {
        **shown.incident_json(row),
        "parts": [str(one) for one in parts],
        "story": shown.story_json(row),
    }
