"""What the schema says of every operation: its header for repeated writes, and its refusals."""

import re
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from caio_project.lib.api.idempotency import HEADER, MAX_LENGTH
from caio_project.lib.web.problems import PROBLEM_MEDIA_TYPE

WRITES = ("POST", "PUT", "PATCH", "DELETE")


class FieldErrorShape(serializers.Serializer):
    field = serializers.CharField()
    message = serializers.CharField()


class ProblemShape(serializers.Serializer):
    """RFC 9457."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    errors = FieldErrorShape(many=True, required=False)  # type: ignore[assignment]
    refusal = serializers.CharField(required=False, help_text="Why a decision was not taken.")
    status_now = serializers.CharField(required=False, help_text="Of the email, on a conflict.")
    version_now = serializers.IntegerField(required=False, help_text="Of its text, on a conflict.")


class ApiSchema(AutoSchema):
    def get_override_parameters(self) -> list[Any]:
        if not self._is_idempotent():
            return []
        return [
            OpenApiParameter(
                HEADER,
                {"type": "string", "minLength": 1, "maxLength": MAX_LENGTH, "pattern": "^[!-~]+$"},
                OpenApiParameter.HEADER,
                description="The same key and body within a day get the same answer once done.",
            )
        ]

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies = super()._get_response_bodies(direction)
        for code in self._refusals():
            bodies.setdefault(
                str(code),
                self._get_response_for_code(ProblemShape, str(code), [PROBLEM_MEDIA_TYPE]),
            )
        return dict(sorted(bodies.items()))

    def _refusals(self) -> set[int]:
        """Every status below 500 that the operation may refuse with, and 503."""
        codes = {400, 406, 503}
        if getattr(self.view, "authentication_classes", []):
            codes |= {401, 403, 429}
        if re.search(r"\{\w+\}", self.path):
            codes |= {404}
        if self.method in WRITES:
            codes |= {409, 413, 415}
        if self._is_idempotent():
            codes |= {422}
        return codes

    def _is_idempotent(self) -> bool:
        handler = getattr(self.view, self.method.lower(), None)
        return bool(getattr(handler, "is_idempotent", False))
