"""Webhook endpoints over the API: a key subscribes to what its own scopes let it read."""

from collections.abc import Callable
from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_view, inline_serializer
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from caio_project.lib.api import lists
from caio_project.lib.api.idempotency import idempotent
from caio_project.lib.models import SCOPES, ApiKey, WebhookDelivery, WebhookEndpoint
from caio_project.lib.web.problems import ConflictError
from caio_project.lib.webhooks_out import endpoints
from caio_project.lib.webhooks_out.endpoints import EndpointRefused, EndpointWish, Manager
from caio_project.lib.webhooks_out.event_types import SUBSCRIBABLE, DeliveryState
from caio_project.webhook_pages import webhook_alarms

SCOPE = "webhooks:manage"
ENDPOINTS = lists.ListOptions(
    {"active": lists.by_truth(lambda rows, on: rows.filter(is_active=on))}
)
DELIVERIES = lists.ListOptions({"state": lists.by_choice("state", DeliveryState.values)})


class WishShape(serializers.Serializer):
    url = serializers.CharField(max_length=500)
    events = serializers.ListField(
        child=serializers.ChoiceField([str(one) for one in SUBSCRIBABLE]), min_length=1
    )
    description = serializers.CharField(max_length=100, default="", allow_blank=True)
    with_person = serializers.BooleanField(default=False)


class EndpointShape(serializers.Serializer):
    id = serializers.UUIDField()
    url = serializers.CharField()
    description = serializers.CharField()
    events = serializers.ListField(child=serializers.CharField())
    with_person = serializers.BooleanField()
    active = serializers.BooleanField()
    end_code = serializers.CharField()
    failures = serializers.IntegerField()
    last_ok_at = serializers.DateTimeField(allow_null=True)
    old_secret_until = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class NewEndpointShape(EndpointShape):
    secret = serializers.CharField(help_text="Shown now and never again.")


class TryShape(serializers.Serializer):
    at = serializers.DateTimeField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    ms = serializers.IntegerField()
    response = serializers.CharField()


class DeliveryShape(serializers.Serializer):
    id = serializers.UUIDField()
    event_id = serializers.CharField()
    type = serializers.CharField()
    state = serializers.ChoiceField(DeliveryState.choices)
    end_code = serializers.CharField()
    attempts = serializers.IntegerField()
    next_try_at = serializers.DateTimeField(allow_null=True)
    tries = TryShape(many=True)


def endpoint_json(row: WebhookEndpoint) -> dict[str, Any]:
    same = ("url", "description", "events", "with_person", "end_code", "failures", "last_ok_at")
    return {
        "id": str(row.public_id),
        **{name: getattr(row, name) for name in same},
        "active": row.is_active,
        "old_secret_until": row.old_secret_until,
        "created_at": row.created_at,
    }


def delivery_json(row: WebhookDelivery) -> dict[str, Any]:
    names = [str(name) for name in TryShape().fields]
    tries = [{name: getattr(one, name) for name in names} for one in row.tries.all()]
    return {
        "id": str(row.public_id),
        "event_id": row.event.event_id,
        "type": row.event.type,
        "state": row.state,
        "end_code": row.end_code,
        "attempts": row.attempts,
        "next_try_at": row.not_before if row.state == DeliveryState.WAITING else None,
        "tries": tries,
    }


def manager_of(request: Request) -> Manager:
    user = request.user if request.user.is_authenticated else None
    if isinstance(request.auth, ApiKey):
        return Manager(user, f"key {request.auth.name}", frozenset(request.auth.scopes))
    return user_manager(user)


def user_manager(user: Any) -> Manager:
    scopes = frozenset(scope for scope, code in SCOPES.items() if user.has_perm(code))
    return Manager(user, user.get_full_name() or user.get_username(), scopes)


def _refusals_named(work: Callable[[], Any]) -> Any:
    try:
        return work()
    except EndpointRefused as refused:
        if refused.field:
            raise ValidationError({refused.field: refused.text}) from refused
        raise ConflictError(refused.text) from refused


class EndpointListView(APIView):
    scope = SCOPE

    @extend_schema(
        operation_id="webhook_endpoints_list",
        parameters=ENDPOINTS.parameters,
        responses=inline_serializer("WebhookEndpoints", lists.page_shape(EndpointShape)),
    )
    def get(self, request: Request) -> Response:
        found = lists.read_page(request, WebhookEndpoint.objects.all(), ENDPOINTS)
        return Response(lists.page_json(request, found, endpoint_json))

    @extend_schema(
        operation_id="webhook_endpoints_create",
        request=WishShape,
        responses={201: NewEndpointShape},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Add an endpoint. The answer holds its secret, once."""
        asked = WishShape(data=request.data)
        asked.is_valid(raise_exception=True)
        said = asked.validated_data
        wish = EndpointWish(**{**said, "events": tuple(said["events"])})
        row, secret = _refusals_named(lambda: endpoints.add_endpoint(wish, manager_of(request)))
        return Response({**endpoint_json(row), "secret": secret}, status=201)


class EndpointDetailView(APIView):
    scope = SCOPE

    @extend_schema(operation_id="webhook_endpoints_retrieve", responses=EndpointShape)
    def get(self, request: Request, public_id: str) -> Response:
        return Response(endpoint_json(find_endpoint(public_id)))


class EndpointActionView(APIView):
    """`act` is given by the address: disable, enable, rotate, test."""

    scope = SCOPE
    act = ""

    @extend_schema(request=None, responses=EndpointShape)
    @idempotent
    def post(self, request: Request, public_id: str) -> Response:
        row, by = find_endpoint(public_id), manager_of(request)
        more = _refusals_named(lambda: act_on(row, self.act, by))
        return Response({**endpoint_json(find_endpoint(public_id)), **more})


def action_view(act: str) -> Any:
    """The view of one action, with an operation id of its own in the schema."""
    own: Any = type(f"Endpoint{act.title()}View", (EndpointActionView,), {"act": act})
    named = extend_schema(operation_id=f"webhook_endpoints_{act}")
    return extend_schema_view(post=named)(own).as_view()


def act_on(row: WebhookEndpoint, act: str, by: Manager) -> dict[str, str]:
    """Raises EndpointRefused."""
    if act == "rotate":
        return {"secret": endpoints.exchange_secret(row, by)}
    if act == "test":
        return {"event_id": endpoints.send_test(row).event_id}
    (endpoints.disable_endpoint if act == "disable" else endpoints.enable_endpoint)(row, by)
    webhook_alarms.end_alarm(row)
    return {}


class DeliveryListView(APIView):
    scope = SCOPE

    @extend_schema(
        operation_id="webhook_deliveries_list",
        parameters=DELIVERIES.parameters,
        responses=inline_serializer("WebhookDeliveries", lists.page_shape(DeliveryShape)),
    )
    def get(self, request: Request, public_id: str) -> Response:
        """Deliveries of one endpoint with every try, the newest first."""
        rows = find_endpoint(public_id).deliveries.select_related("event")
        found = lists.read_page(request, rows.prefetch_related("tries"), DELIVERIES)
        return Response(lists.page_json(request, found, delivery_json))


class ReplayView(APIView):
    scope = SCOPE

    @extend_schema(operation_id="webhook_deliveries_replay", request=None, responses=DeliveryShape)
    @idempotent
    def post(self, request: Request, public_id: str) -> Response:
        """Deliver again under the same event id, signed with today's secret."""
        rows = WebhookDelivery.objects.select_related("event", "endpoint")
        row = get_object_or_404(rows, public_id=public_id)
        _refusals_named(lambda: endpoints.replay_delivery(row))
        return Response(delivery_json(rows.get(pk=row.pk)))


def find_endpoint(public_id: Any) -> WebhookEndpoint:
    return get_object_or_404(WebhookEndpoint, public_id=public_id)
