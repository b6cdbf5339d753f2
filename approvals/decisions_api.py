"""The list of decisions: who decided what about which text, and whether it was taken back."""

from typing import Any

from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from approvals.models import Decision, Verdict
from caio_project.lib.api import lists
from outreach.choices import Tag

DECISIONS = lists.ListOptions(
    {
        "message": lists.by_id("message__public_id"),
        "verdict": lists.by_choice("verdict", Verdict.values),
        "tag": lists.by_choice("tag", Tag.values),
        "channel": lists.by_choice("channel", ("desk", "admin", "api", "slack")),
        "after": lists.by_time("at__gte"),
        "before": lists.by_time("at__lt"),
    },
    {"-at": ("-at", "-pk"), "at": ("at", "pk")},
)


class DecisionShape(serializers.Serializer):
    id = serializers.IntegerField()
    message = serializers.UUIDField()
    version = serializers.IntegerField()
    verdict = serializers.ChoiceField(Verdict.choices)
    tag = serializers.CharField()
    by = serializers.CharField()
    channel = serializers.CharField()
    phase = serializers.CharField()
    edited = serializers.BooleanField()
    held_at = serializers.DateTimeField()
    at = serializers.DateTimeField()
    is_evidence = serializers.BooleanField()
    undone_at = serializers.DateTimeField(allow_null=True)


class DecisionListView(APIView):
    scope = "messages:read"

    @extend_schema(
        operation_id="decisions_list",
        parameters=DECISIONS.parameters,
        responses=inline_serializer("Decisions", lists.page_shape(DecisionShape)),
    )
    def get(self, request: Request) -> Response:
        """Decisions of people and keys, by default the newest first."""
        rows = Decision.objects.select_related("message", "undo")
        found = lists.read_page(request, rows, DECISIONS)
        return Response(lists.page_json(request, found, decision_json))


def decision_json(row: Decision) -> dict[str, Any]:
    undo = getattr(row, "undo", None)
    same = ("version", "verdict", "tag", "channel", "phase", "edited", "held_at", "at")
    return {
        "id": row.pk,
        "message": str(row.message.public_id),
        **{name: getattr(row, name) for name in same},
        "by": row.by_name,
        "is_evidence": row.is_evidence,
        "undone_at": undo.at if undo else None,
    }
