"""Over the API: what is overdue, who is on now, and what was told to whom with what came of it."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from approvals.choices import Channel, SkipReason
from approvals.escalation import availability, ladder_rows, notices
from approvals.escalation.availability import OnNow
from approvals.escalation.notices import Outcome, OverdueEmail
from approvals.models import Notice
from caio_project.lib.web.paging import fetch_page, page_links

PAGE_SIZE = 50
OutcomeShape = inline_serializer(
    "NoticeOutcome",
    {
        "code": serializers.CharField(),
        "by": serializers.CharField(),
        "at": serializers.DateTimeField(allow_null=True),
    },
)
NoticeShape = inline_serializer(
    "Notice",
    {
        "id": serializers.IntegerField(),
        "email": serializers.UUIDField(allow_null=True),
        "step": serializers.IntegerField(),
        "text": serializers.CharField(),
        "to": serializers.CharField(allow_null=True),
        "instead_of": serializers.CharField(allow_null=True),
        "skipped": serializers.ChoiceField(SkipReason.choices, allow_blank=True),
        "channel": serializers.ChoiceField(Channel.choices, allow_blank=True),
        "planned_at": serializers.DateTimeField(allow_null=True),
        "created_at": serializers.DateTimeField(),
        "told_at": serializers.DateTimeField(allow_null=True),
        "told_directly_at": serializers.DateTimeField(allow_null=True),
        "error": serializers.CharField(),
        "outcome": OutcomeShape,
    },
)
OnNowShape = inline_serializer(
    "OnNow",
    {
        "name": serializers.CharField(),
        "available": serializers.BooleanField(),
        "stand_in": serializers.CharField(allow_null=True),
        "away_until": serializers.DateTimeField(allow_null=True),
        "why_away": serializers.CharField(),
    },
)
OverdueShape = inline_serializer(
    "OverdueEmail",
    {
        "id": serializers.UUIDField(),
        "due_at": serializers.DateTimeField(),
        "told": serializers.ListField(child=serializers.DictField()),
    },
)


class NoticesView(APIView):
    scope = "messages:read"

    @extend_schema(
        operation_id="notices_list",
        parameters=[OpenApiParameter("cursor", str)],
        responses=inline_serializer(
            "Notices",
            {
                "next": serializers.URLField(allow_null=True),
                "previous": serializers.URLField(allow_null=True),
                "overdue": serializers.ListField(child=OverdueShape),
                "on_now": serializers.ListField(child=OnNowShape),
                "results": serializers.ListField(child=NoticeShape),
            },
        ),
    )
    def get(self, request: Request) -> Response:
        """Notices, the newest first; beside them what is overdue and who is on now."""
        found = fetch_page(
            notices.all_notices(), ("-pk",), request.query_params.get("cursor", ""), PAGE_SIZE
        )
        outcomes = notices.find_outcomes(found.rows)
        people = ladder_rows.load_plan().people
        return Response(
            {
                **page_links(request, found),
                "overdue": [_overdue_json(one) for one in notices.overdue_emails()],
                "on_now": [
                    _on_now_json(one) for one in availability.who_is_on(people, timezone.now())
                ],
                "results": [_notice_json(one, outcomes.get(one.pk)) for one in found.rows],
            }
        )


def _notice_json(notice: Notice, outcome: Outcome | None) -> dict[str, Any]:
    return {
        "id": notice.pk,
        "email": str(notice.message.public_id) if notice.message else None,
        "step": notice.step,
        "text": notice.text,
        "to": notice.to.name if notice.to else None,
        "instead_of": notice.instead_of.name if notice.instead_of else None,
        "skipped": notice.skipped,
        "channel": notice.channel,
        "planned_at": notice.planned_at,
        "created_at": notice.created_at,
        "told_at": notice.told_at,
        "told_directly_at": notice.direct_at,
        "error": notice.error,
        "outcome": {"code": outcome.code, "by": outcome.by, "at": outcome.at} if outcome else None,
    }


def _overdue_json(one: OverdueEmail) -> dict[str, Any]:
    return {
        "id": str(one.message.public_id),
        "due_at": one.message.due_at,
        "told": [
            {"to": row.to.name if row.to else None, "told_at": row.told_at, "channel": row.channel}
            for row in one.told
        ],
    }


def _on_now_json(one: OnNow) -> dict[str, Any]:
    return {
        "name": one.person.name,
        "available": one.is_there,
        "stand_in": one.stand_in.name if one.stand_in else None,
        "away_until": one.away_until,
        "why_away": one.problem or "",
    }
