"""The review queue over the API, and decisions by scoped key."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from approvals.decisions import decisions, reopening, undo
from approvals.decisions.judgement import Refusal
from approvals.queue import review_queue
from approvals.rereading import override_rate
from caio_project.lib.api.idempotency import idempotent
from caio_project.lib.models import ApiKey
from caio_project.lib.web.paging import fetch_page, page_links
from caio_project.lib.web.problems import ConflictError, RefusedInput, RefusedPerson
from outreach.api.messages import MessageShape, message_json
from outreach.choices import Band, Tag
from outreach.control import phase
from outreach.models import Message, MessageText

PAGE_SIZE = 50


class PendingEmails(APIView):
    scope = "messages:read"

    @extend_schema(
        operation_id="pending_emails_list",
        parameters=[
            OpenApiParameter("cursor", str),
            OpenApiParameter("priority", str, enum=[band.value for band in Band]),
        ],
        responses=inline_serializer(
            "PendingEmails",
            {
                "next": serializers.URLField(allow_null=True),
                "previous": serializers.URLField(allow_null=True),
                "results": serializers.ListField(child=MessageShape),
            },
        ),
    )
    def get(self, request: Request) -> Response:
        """What waits for a decision, most urgent first."""
        waiting = review_queue.waiting_messages().select_related("lead__company", "assessment")
        found = fetch_page(
            _filter_by_priority(waiting, request),
            review_queue.QUEUE_ORDER,
            request.query_params.get("cursor", ""),
            PAGE_SIZE,
        )
        texts = {
            (t.message_id, t.version): t for t in MessageText.objects.filter(message__in=found.rows)
        }
        return Response(
            {
                **page_links(request, found),
                "results": [message_json(m, texts.get((m.pk, m.version))) for m in found.rows],
            }
        )


def _filter_by_priority(waiting: Any, request: Request) -> Any:
    wanted = request.query_params.get("priority")
    if wanted is None:
        return waiting
    if wanted not in Band.values:
        raise ValidationError({"priority": f"It is one of {', '.join(Band.values)}."})
    if wanted == Band.CRITICAL:
        return waiting.exclude(critical_reason="")
    return waiting.filter(band=wanted, critical_reason="")


class ApproveShape(serializers.Serializer):
    version = serializers.IntegerField(min_value=1)


class RejectShape(ApproveShape):
    tag = serializers.ChoiceField(Tag.choices)
    reason = serializers.CharField(max_length=2000)


class ApproveEmail(APIView):
    scope = "approvals:decide"

    @extend_schema(request=ApproveShape, responses=MessageShape, operation_id="emails_approve")
    @idempotent
    def post(self, request: Request, public_id: str) -> Response:
        """Approve the text of `version`; 409 when it is another by now or decided already."""
        asked = ApproveShape(data=request.data)
        asked.is_valid(raise_exception=True)
        message = get_object_or_404(Message, public_id=public_id)
        return _decision_response(
            lambda: decisions.approve(
                message, asked.validated_data["version"], _decider_of(request)
            )
        )


class RejectEmail(APIView):
    scope = "approvals:decide"

    @extend_schema(request=RejectShape, responses=MessageShape, operation_id="emails_reject")
    @idempotent
    def post(self, request: Request, public_id: str) -> Response:
        """Reject the text of `version` with a tag and a reason."""
        asked = RejectShape(data=request.data)
        asked.is_valid(raise_exception=True)
        message = get_object_or_404(Message, public_id=public_id)
        said = asked.validated_data
        return _decision_response(
            lambda: decisions.reject(
                message,
                said["version"],
                _decider_of(request),
                tag=said["tag"],
                reason=said["reason"],
            )
        )


class UndoDecision(APIView):
    scope = "approvals:decide"

    @extend_schema(request=ApproveShape, responses=MessageShape, operation_id="emails_undo")
    @idempotent
    def post(self, request: Request, public_id: str) -> Response:
        """Take back the decision about the text of `version`; 409 when it is too late.

        An approval until it leaves; a rejection by whoever rejected, within the time to undo.
        """
        asked = ApproveShape(data=request.data)
        asked.is_valid(raise_exception=True)
        message = get_object_or_404(Message, public_id=public_id)
        return _decision_response(
            lambda: undo.undo(message, asked.validated_data["version"], _decider_of(request))
        )


class ReopenShape(ApproveShape):
    reason = serializers.CharField(max_length=reopening.MOST_CHARACTERS)


class ReopenEmail(APIView):
    scope = "approvals:reopen"

    @extend_schema(request=ReopenShape, responses=MessageShape, operation_id="emails_reopen")
    @idempotent
    def post(self, request: Request, public_id: str) -> Response:
        """Have an approved, rejected or expired email decided again; as a Lead may.

        409 while it can be undone, and once its send has begun.
        """
        asked = ReopenShape(data=request.data)
        asked.is_valid(raise_exception=True)
        message = get_object_or_404(Message, public_id=public_id)
        said = asked.validated_data
        return _decision_response(
            lambda: reopening.reopen(
                message, said["version"], _decider_of(request), reason=said["reason"]
            )
        )


def _decider_of(request: Request) -> decisions.Decider:
    user = request.user if request.user.is_authenticated else None
    if not isinstance(request.auth, ApiKey):
        return decisions.Decider(user, "api")
    name = f"key {request.auth.name}" if user is None else ""
    return decisions.Decider(user, "api", name, by_key=True)


def _decision_response(decide: Any) -> Response:
    try:
        return Response(message_json(decide()))
    except decisions.DecisionConflict as late:
        now = {"status_now": late.message.status, "version_now": late.message.version}
        raise ConflictError(late.text, **_code_of(late), **now) from late
    except decisions.DecisionRefused as refused:
        code = _code_of(refused)
        if refused.refusal in (Refusal.NO_PERMISSION, Refusal.NOT_A_LEAD):
            raise RefusedPerson(refused.text, **code) from refused
        raise RefusedInput({refused.field or "email": refused.text}, **code) from refused


def _code_of(refused: decisions.DecisionRefused) -> dict[str, str]:
    return {"refusal": refused.refusal.value} if refused.refusal else {}


class RereadingView(APIView):
    scope = "metrics:read"

    @extend_schema(operation_id="rereading_retrieve", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        """The override rate since Assisted began, with its 95 % interval; null where nobody read.

        Only emails drawn by chance count. `unread` are drawn and read by nobody.
        """
        since = override_rate.counted_since(phase.current_control())
        emails = override_rate.load_drawn(since)
        return Response(
            {
                "since": since,
                **override_rate.rate_json(override_rate.count_rate(emails)),
                **{
                    f"by_{name}": {
                        of: override_rate.rate_json(rate)
                        for of, rate in override_rate.rates_by(emails, group)
                    }
                    for name, group in override_rate.GROUPS.items()
                },
            }
        )
