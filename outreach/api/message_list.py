"""The list of emails, in every state."""

from copy import deepcopy
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from caio_project.lib.api import lists
from leads.models import Kind
from leads.scoring_rules import Tier
from outreach.api.messages import MessageShape, message_json
from outreach.choices import Band, Status
from outreach.models import Message, MessageText


def _of_priority(rows: QuerySet[Any], wanted: str) -> QuerySet[Any]:
    if wanted == Band.CRITICAL:
        return rows.exclude(critical_reason="")
    return rows.filter(band=wanted, critical_reason="")


MESSAGES = lists.ListOptions(
    {
        "status": lists.by_choice("status", Status.values),
        "priority": lists.Filter(
            _of_priority, lists.by_choice("band", Band.values).parse, choices=tuple(Band.values)
        ),
        "kind": lists.by_choice("kind", Kind.values),
        "tier": lists.by_choice("tier", Tier.values),
        "lead": lists.by_id("lead__public_id"),
        "company": lists.by_number("lead__company_id"),
        "created_after": lists.by_time("created_at__gte"),
        "created_before": lists.by_time("created_at__lt"),
        "sent_after": lists.by_time("sent_at__gte"),
        "sent_before": lists.by_time("sent_at__lt"),
    },
    {"-created_at": ("-created_at", "-pk"), "created_at": ("created_at", "pk")},
)


class MessageListView(APIView):
    scope = "messages:read"

    @extend_schema(
        operation_id="messages_list",
        parameters=MESSAGES.parameters,
        responses=inline_serializer(
            "Messages",
            {**lists.link_fields(), "results": serializers.ListField(child=deepcopy(MessageShape))},
        ),
    )
    def get(self, request: Request) -> Response:
        """Emails in every state, by default the newest first."""
        rows = Message.objects.select_related("lead__company", "assessment")
        found = lists.read_page(request, rows, MESSAGES)
        texts = MessageText.objects.filter(message__in=found.rows)
        by_version = {(text.message_id, text.version): text for text in texts}
        return Response(
            lists.page_json(
                request, found, lambda m: message_json(m, by_version.get((m.pk, m.version)))
            )
        )
