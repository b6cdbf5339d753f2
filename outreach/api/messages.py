"""One email, with why it has not left."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from leads.models import Lead
from leads.ownership import owner_assignment
from outreach.choices import Status
from outreach.content.email_footer import hide_personal_links
from outreach.control import phase
from outreach.models import Message
from outreach.sending import why_not_sent as sending_why_not_sent

SHAPE: dict[str, Any] = {
    "id": serializers.UUIDField(),
    "to": serializers.CharField(),
    "subject": serializers.CharField(),
    "body": serializers.CharField(),
    "status": serializers.ChoiceField(Status.choices),
    "priority": serializers.ChoiceField(["critical", "hot", "warm", "low"]),
    "tier": serializers.CharField(),
    "intent_score": serializers.IntegerField(),
    "reasons": serializers.ListField(child=serializers.DictField()),
    "recipient": serializers.DictField(),
    "created_at": serializers.DateTimeField(),
    "due_at": serializers.DateTimeField(allow_null=True),
    "version": serializers.IntegerField(),
}
MessageShape = inline_serializer("Message", SHAPE)


def message_json(message: Message, text: Any = None) -> dict[str, Any]:
    """One email as the API shows it. `text` spares a query where the caller has it."""
    text = text or message.text
    lead = message.lead
    return {
        "id": str(message.public_id),
        "to": message.to_address,
        "subject": text.subject if text else "",
        "body": f"{text.body}\n\n{hide_personal_links(text.footer)}" if text else "",
        "status": message.status,
        "priority": str(message.priority),
        "tier": message.tier,
        "intent_score": message.intent,
        "reasons": message.assessment.reasons if message.assessment else [],
        "recipient": {
            "name": lead.name,
            "title": lead.title,
            "company": lead.company.name if lead.company else "",
            "kind": lead.kind,
        },
        "created_at": message.created_at,
        "due_at": message.due_at,
        "version": message.version,
    }


class WhyNotSentShape(serializers.Serializer):
    limit = serializers.CharField(
        help_text="The binding limit of an approved email; for others their state."
    )
    next_eligible_at = serializers.DateTimeField(
        allow_null=True,
        help_text="When it leaves if nothing changes, those ahead of it counted; "
        "null: not by itself.",
    )
    text = serializers.CharField()
    change = serializers.CharField(help_text="What would change it.")


class MessageDetailView(APIView):
    scope = "messages:read"

    @extend_schema(
        operation_id="messages_retrieve",
        responses=inline_serializer(
            "MessageDetail",
            {
                **SHAPE,
                "owner": serializers.DictField(allow_null=True),
                "why_not_sent": WhyNotSentShape(allow_null=True),
            },
        ),
    )
    def get(self, request: Request, public_id: str) -> Response:
        """One email, with the binding limit and the next eligible minute where it waits."""
        rows = Message.objects.select_related(
            "lead__company", "lead__owner", "lead__owner_rule", "assessment"
        )
        message = get_object_or_404(rows, public_id=public_id)
        more = {"owner": owner_json(message.lead), "why_not_sent": why_not_sent_json(message)}
        return Response(message_json(message) | more)


def owner_json(lead: Lead) -> dict[str, Any] | None:
    """{name, how, rule, since, by} of the lead's owner; `since` is null for the first owner."""
    if lead.owner is None:
        return None
    change = owner_assignment.newest_change(lead)
    return {
        "name": lead.owner.name,
        "how": lead.owner_how,
        "rule": lead.owner_rule.name if lead.owner_rule else "",
        "since": change.at if change else None,
        "by": phase.actor_name(change.by) if change and change.by else "",
    }


def why_not_sent_json(message: Message) -> dict[str, Any] | None:
    found = sending_why_not_sent.explain(message, timezone.now())
    if found is None:
        return None
    return {
        "limit": found.limit,
        "next_eligible_at": found.until,
        "text": found.text,
        "change": found.change,
    }
