"""A test visitor of this installation, sent and followed by an API key."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from caio_project.lib.api.idempotency import idempotent
from caio_project.operations import test_visitor
from leads.models import InboundEvent, Kind

SCOPE = "leads:write"


class NewVisitorShape(serializers.Serializer):
    id = serializers.UUIDField()


class StepShape(serializers.Serializer):
    name = serializers.CharField()
    reached = serializers.BooleanField()
    detail = serializers.CharField()


class VisitorShape(serializers.Serializer):
    id = serializers.UUIDField()
    held = serializers.BooleanField()
    steps = StepShape(many=True)


class NewTestVisitorView(APIView):
    scope = SCOPE

    @extend_schema(
        operation_id="test_visitors_create", request=None, responses={202: NewVisitorShape}
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Send a marked visitor of our own, who can never be emailed, through the stages."""
        return Response({"id": test_visitor.send_visitor()}, status=202)


class TestVisitorView(APIView):
    scope = SCOPE

    @extend_schema(operation_id="test_visitors_read", responses=VisitorShape)
    def get(self, request: Request, public_id: Any) -> Response:
        """How far a test visitor has come. Its email leaves the queue after 15 minutes."""
        event = get_object_or_404(InboundEvent, public_id=public_id, kind=Kind.TEST)
        steps = test_visitor.steps_reached(str(event.public_id))
        rows = [{"name": one.name, "reached": one.ok, "detail": one.text} for one in steps]
        return Response({"id": event.public_id, "held": steps[-1].ok, "steps": rows})
