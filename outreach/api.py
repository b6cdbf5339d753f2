"""The phase and the halt as they are enforced, and one email with why it has not left."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.conf import settings
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from leads import ownership
from leads.models import Lead
from outreach import automatic, gauges, guardrails, limits, phase, sending_domains
from outreach.models import Control, Message
from outreach.states import Status

MessageShape = inline_serializer(
    "Message",
    {
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
    },
)


def shown(message: Message, text: Any = None) -> dict[str, Any]:
    """One email as the API shows it. `text` spares a query where the caller has it."""
    text = text or message.text
    lead = message.lead
    return {
        "id": str(message.public_id),
        "to": message.to_address,
        "subject": text.subject if text else "",
        "body": f"{text.body}\n\n{text.footer}" if text else "",
        "status": message.status,
        "priority": str(message.priority),
        "tier": message.tier,
        "intent_score": message.intent,
        "reasons": message.assessment.reasons if message.assessment else [],
        "recipient": {"name": lead.name, "title": lead.title, "company": lead.company.name if lead.company else ""},
        "created_at": message.created_at,
        "due_at": message.due_at,
        "version": message.version,
    }


class MessageDetail(APIView):
    scope = "messages:read"

    @extend_schema(responses=MessageShape, operation_id="messages_retrieve")
    def get(self, request: Request, public_id: str) -> Response:
        """One email, with the binding limit and the next eligible minute where it waits to leave."""
        rows = Message.objects.select_related("lead__company", "lead__owner", "lead__owner_rule", "assessment")
        message = get_object_or_404(rows, public_id=public_id)
        more = {"owner": owner_of(message.lead), "why_not_sent": why_not_sent(message)}
        return Response(shown(message) | more)


def owner_of(lead: Lead) -> dict[str, Any] | None:
    """{name, how, rule, since, by} of whose the lead is; `since` is null for who owned it from the beginning."""
    if lead.owner is None:
        return None
    change = ownership.newest_change(lead)
    return {
        "name": lead.owner.name,
        "how": lead.owner_how,
        "rule": lead.owner_rule.name if lead.owner_rule else "",
        "since": change.at if change else None,
        "by": phase.name_of(change.by) if change and change.by else "",
    }


def why_not_sent(message: Message) -> dict[str, Any] | None:
    """{limit, next_eligible_at, text}; None for what was sent or may leave now."""
    if message.status == Status.CLEARED:
        wait = limits.why_not_sent(message, phase.control(), timezone.now())
        return {"limit": wait.limit, "next_eligible_at": wait.until, "text": wait.text} if wait else None
    if message.status in (Status.SENT, Status.SENDING):
        return None
    text = message.error or message.get_status_display()
    return {"limit": message.status, "next_eligible_at": None, "text": text}


class PhaseView(APIView):
    scope = "metrics:read"

    @extend_schema(
        operation_id="phase_retrieve",
        responses=inline_serializer(
            "Phase",
            {
                "phase": serializers.CharField(),
                "since": serializers.DateTimeField(),
                "by": serializers.CharField(),
                "reason": serializers.CharField(),
                "limits": serializers.DictField(),
                "auto_approve": serializers.DictField(),
                "halted": serializers.BooleanField(),
                "guardrails": serializers.ListField(child=serializers.DictField()),
            },
        ),
    )
    def get(self, request: Request) -> Response:
        """What is enforced, from the row that enforces it."""
        return Response(enforced(phase.control()))


def enforced(row: Control) -> dict[str, Any]:
    now = timezone.now()
    return {
        "phase": row.phase,
        "since": row.phase_since,
        "by": row.phase_by,
        "reason": row.phase_reason,
        "limits": _limits(row, now),
        "auto_approve": {
            "enabled": not automatic.waits(row, now),
            "max_intent_score": row.auto_max_intent,
            "require_no_warm_connections": row.auto_no_warm_connections,
        },
        "halted": phase.is_halted(row),
        "guardrails": [asdict(gauge) for gauge in gauges.read(guardrails.count(now))],
    }


def _limits(row: Control, now: datetime) -> dict[str, Any]:
    """`daily` is the stricter of the phase's cap and the warm-up's; `warm_up` is None where none holds."""
    warming, daily = sending_domains.warming_up(now), phase.limits_of(row).daily
    shown = warming and {
        "domain": warming.domain, "since": warming.since, "week": warming.week, "daily": warming.daily,
    }  # fmt: skip
    return {
        "daily": min(daily, warming.daily) if warming else daily,
        "hourly": settings.HOURLY_LIMIT,
        "domain_hourly": settings.DOMAIN_HOURLY_LIMIT,
        "gap_seconds": settings.SEND_GAP_SECONDS,
        "undo_seconds": settings.UNDO_SECONDS,
        "working_hours": settings.WORKING_HOURS,
        "warm_up": shown,
    }


class HaltShape(serializers.Serializer):
    reason = serializers.CharField(min_length=3, max_length=500)


class Halt(APIView):
    scope = "outreach:halt"

    @extend_schema(
        request=HaltShape, operation_id="halt_create",
        responses=inline_serializer("Halted", {"halted": serializers.BooleanField(), "by": serializers.CharField()}),
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Stop sending at once. Only a Lead resumes, signed in or by command."""
        asked = HaltShape(data=request.data)
        asked.is_valid(raise_exception=True)
        by = request.user if request.user.is_authenticated else getattr(request.auth, "name", "API key")
        row = phase.halt(by=by, reason=asked.validated_data["reason"])
        return Response({"halted": True, "by": row.halted_by})
