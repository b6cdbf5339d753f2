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

from leads.models import Lead
from leads.ownership import owner_assignment
from outreach.auto_approval import eligibility
from outreach.choices import Status
from outreach.control import phase
from outreach.guardrails import guardrail_counts, guardrail_display
from outreach.limits import forecast, forecast_by_day, sending_domains
from outreach.models import Control, Message
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
        "body": f"{text.body}\n\n{text.footer}" if text else "",
        "status": message.status,
        "priority": str(message.priority),
        "tier": message.tier,
        "intent_score": message.intent,
        "reasons": message.assessment.reasons if message.assessment else [],
        "recipient": {
            "name": lead.name,
            "title": lead.title,
            "company": lead.company.name if lead.company else "",
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
        help_text="When it leaves if nothing changes, those ahead of it counted; null: not by itself.",
    )
    text = serializers.CharField()
    change = serializers.CharField(help_text="What would change it.")


class MessageDetailView(APIView):
    scope = "messages:read"

    @extend_schema(
        operation_id="messages_retrieve",
        responses=inline_serializer(
            "MessageDetailView",
            {
                **SHAPE,
                "owner": serializers.DictField(allow_null=True),
                "why_not_sent": WhyNotSentShape(allow_null=True),
            },
        ),
    )
    def get(self, request: Request, public_id: str) -> Response:
        """One email, with the binding limit and the next eligible minute where it waits to leave."""
        rows = Message.objects.select_related(
            "lead__company", "lead__owner", "lead__owner_rule", "assessment"
        )
        message = get_object_or_404(rows, public_id=public_id)
        more = {"owner": owner_json(message.lead), "why_not_sent": why_not_sent_json(message)}
        return Response(message_json(message) | more)


def owner_json(lead: Lead) -> dict[str, Any] | None:
    """{name, how, rule, since, by} of whose the lead is; `since` is null for who owned it from the beginning."""
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
        "limit": found.limit, "next_eligible_at": found.until, "text": found.text, "change": found.change,
    }  # fmt: skip


class DayShape(serializers.Serializer):
    day = serializers.DateField()
    count = serializers.IntegerField()


class DrainsShape(serializers.Serializer):
    waiting = serializers.IntegerField()
    days = DayShape(
        many=True, help_text="Of the team's calendar, those of the next 42 on which emails leave."
    )
    last_leaves_at = serializers.DateTimeField(allow_null=True, help_text="Within 42 days.")
    last_day = serializers.DateField(
        allow_null=True, help_text="Beyond 42 days reckoned at the last week's pace."
    )


class ForecastView(APIView):
    scope = "messages:read"

    @extend_schema(
        operation_id="messages_forecast",
        responses=inline_serializer(
            "ForecastView",
            {
                "at": serializers.DateTimeField(),
                "held_by": serializers.CharField(
                    allow_null=True, help_text="Where only a person lets it go on."
                ),
                "approved": DrainsShape(),
                "with_undecided": DrainsShape(),
            },
        ),
    )
    def get(self, request: Request) -> Response:
        """When what is approved has left at the limits of now, and with all that is undecided approved now."""
        found = forecast_by_day.forecast_queue(timezone.now())
        return Response(
            {
                "at": found.at,
                "held_by": found.held_by,
                "approved": _forecast_json(found.approved),
                "with_undecided": _forecast_json(found.with_undecided),
            }
        )


def _forecast_json(found: forecast.Forecast) -> dict[str, Any]:
    days = [{"day": one.day, "count": one.count} for one in found.days]
    return {
        "waiting": found.waiting,
        "days": days,
        "last_leaves_at": found.last_at,
        "last_day": found.last_day,
    }


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
        return Response(enforced_phase_json(phase.current_control()))


def enforced_phase_json(row: Control) -> dict[str, Any]:
    now = timezone.now()
    return {
        "phase": row.phase,
        "since": row.phase_since,
        "by": row.phase_by,
        "reason": row.phase_reason,
        "limits": _limits_json(row, now),
        "auto_approve": {
            "enabled": not eligibility.machine_hold_reasons(row, now),
            "max_intent_score": row.auto_max_intent,
            "require_no_warm_connections": row.auto_no_warm_connections,
        },
        "halted": phase.is_halted(row),
        "guardrails": [
            asdict(gauge)
            for gauge in guardrail_display.guardrail_table(guardrail_counts.count_events(now))
        ],
    }


def _limits_json(row: Control, now: datetime) -> dict[str, Any]:
    """`daily` is the stricter of the phase's cap and the warm-up's; `warm_up` is None where none holds."""
    warming = sending_domains.current_warm_up(now)
    shown = warming and {
        "domain": warming.domain, "since": warming.since, "week": warming.week, "daily": warming.daily,
    }  # fmt: skip
    return {
        "daily": sending_domains.daily_cap(row, now),
        "hourly": settings.HOURLY_LIMIT,
        "domain_hourly": settings.DOMAIN_HOURLY_LIMIT,
        "gap_seconds": settings.SEND_GAP_SECONDS,
        "undo_seconds": settings.UNDO_SECONDS,
        "working_hours": settings.WORKING_HOURS,
        "warm_up": shown,
    }


class HaltShape(serializers.Serializer):
    reason = serializers.CharField(min_length=3, max_length=500)


class HaltView(APIView):
    scope = "outreach:halt"

    @extend_schema(
        request=HaltShape, operation_id="halt_create",
        responses=inline_serializer("Halted", {"halted": serializers.BooleanField(), "by": serializers.CharField()}),
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Stop sending at once. Only a Lead resumes, signed in or by command."""
        asked = HaltShape(data=request.data)
        asked.is_valid(raise_exception=True)
        by = (
            request.user
            if request.user.is_authenticated
            else getattr(request.auth, "name", "API key")
        )
        row = phase.halt_sending(by=by, reason=asked.validated_data["reason"])
        return Response({"halted": True, "by": row.halted_by})
