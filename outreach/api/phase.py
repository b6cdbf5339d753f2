"""The phase and the halt as they are enforced."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from caio_project.lib.api.idempotency import idempotent
from outreach.auto_approval import eligibility
from outreach.control import phase
from outreach.guardrails import guardrail_counts, guardrail_display
from outreach.limits import sending_domains
from outreach.models import Control


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
            {**asdict(gauge), "state": gauge.state}
            for gauge in guardrail_display.guardrail_table(guardrail_counts.count_events(now, row))
        ],
    }


def _limits_json(row: Control, now: datetime) -> dict[str, Any]:
    """`daily` is the stricter of phase and warm-up; `warm_up` is None where none applies."""
    warming = sending_domains.current_warm_up(now)
    shown = warming and {
        "domain": warming.domain,
        "since": warming.since,
        "week": warming.week,
        "daily": warming.daily,
    }
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
        request=HaltShape,
        operation_id="halt_create",
        responses=inline_serializer(
            "Halted", {"halted": serializers.BooleanField(), "by": serializers.CharField()}
        ),
    )
    @idempotent
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
