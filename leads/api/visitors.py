"""Visitors from other sources."""

import json

from drf_spectacular.utils import OpenApiTypes, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from caio_project.lib.api.idempotency import idempotent
from leads.inbound import events
from leads.integrations import rb2b
from leads.integrations.body_errors import UnreadableBody


class VisitorsView(APIView):
    scope = "leads:write"

    @extend_schema(
        request=OpenApiTypes.OBJECT,
        responses={202: OpenApiTypes.OBJECT, 200: OpenApiTypes.OBJECT, 503: OpenApiTypes.OBJECT},
        operation_id="visitors_create",
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Take one visitor as RB2B sends it. 202 with the event's id; the same body again: 200 and
        the same id.

        Unlike the webhook, which parks what it cannot read, this refuses it and stores nothing; and
        while the database is away it answers 503, for whoever calls it can try again.
        """
        if not isinstance(request.data, dict):
            raise ValidationError({"body": "It is not a JSON object."})
        body = json.dumps(request.data, sort_keys=True).encode()
        if len(body) > events.LARGEST_BODY:
            raise ValidationError({"body": f"It is larger than {events.LARGEST_BODY} bytes."})
        try:
            visitor = rb2b.parse_visitor(body)
        except UnreadableBody as error:
            raise ValidationError({"body": str(error)}) from error
        if wrong := [note for note in visitor.notes if note["code"] == "field_not_text"]:
            raise ValidationError({note["field"]: rb2b.note_text(note) for note in wrong})
        stored = events.store_event("api", body)
        return Response({"id": stored.public_id}, status=202 if stored.is_new else 200)
