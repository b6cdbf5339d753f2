"""Tests of templates over the API: what is compared, how it stands, how it ended."""

from dataclasses import asdict
from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from caio_project.lib.web.paging import fetch_page, page_links
from outreach.experiments import experiments
from outreach.models import Experiment

PAGE_SIZE = 50
STATES = ("running", "ended")
ExperimentShape = inline_serializer(
    "Experiment",
    {
        "id": serializers.UUIDField(),
        "kind": serializers.ChoiceField(Experiment.Kind.choices),
        "template": serializers.CharField(),
        "size": serializers.IntegerField(),
        "assigned": serializers.IntegerField(),
        "plan": serializers.DictField(),
        "started_at": serializers.DateTimeField(),
        "started_by": serializers.CharField(),
        "ended_at": serializers.DateTimeField(allow_null=True),
        "ended_by": serializers.CharField(allow_null=True),
        "verdict": serializers.CharField(),
    },
)


def experiment_json(experiment: Experiment) -> dict[str, Any]:
    return {
        "id": str(experiment.public_id),
        "kind": experiment.kind,
        "template": str(experiment.template_a),
        "size": experiment.size,
        "assigned": experiment.assigned,
        "plan": experiment.plan,
        "started_at": experiment.started_at,
        "started_by": experiment.started_by.get_username(),
        "ended_at": experiment.ended_at,
        "ended_by": experiment.ended_by.get_username() if experiment.ended_by else None,
        "verdict": experiment.verdict,
    }


class ExperimentListView(APIView):
    scope = "metrics:read"

    @extend_schema(
        operation_id="experiments_list",
        parameters=[OpenApiParameter("cursor", str), OpenApiParameter("state", str, enum=STATES)],
        responses=inline_serializer(
            "Experiments",
            {
                "next": serializers.URLField(allow_null=True),
                "previous": serializers.URLField(allow_null=True),
                "results": serializers.ListField(child=ExperimentShape),
            },
        ),
    )
    def get(self, request: Request) -> Response:
        """Every test, newest first."""
        rows, state = experiments.newest_experiments(), request.query_params.get("state")
        if state not in (None, *STATES):
            raise ValidationError({"state": f"It is one of {', '.join(STATES)}."})
        if state is not None:
            rows = rows.filter(ended_at__isnull=state == "running")
        found = fetch_page(rows, ("-pk",), request.query_params.get("cursor", ""), PAGE_SIZE)
        return Response(
            {**page_links(request, found), "results": [experiment_json(one) for one in found.rows]}
        )


class ExperimentDetailView(APIView):
    scope = "metrics:read"

    @extend_schema(
        operation_id="experiments_retrieve",
        responses=inline_serializer(
            "ExperimentDetail",
            {
                "experiment": ExperimentShape,
                "a": serializers.DictField(),
                "b": serializers.DictField(),
                "result": serializers.DictField(),
            },
        ),
    )
    def get(self, request: Request, public_id: str) -> Response:
        """One test with both texts, and what was found.

        As it is now, or as it was when somebody ended it.
        """
        one = get_object_or_404(experiments.newest_experiments(), public_id=public_id)
        texts = {
            side: {"subject": template.subject, "body": template.body}
            for side, template in (("a", one.template_a), ("b", one.template_b))
        }
        result = one.result if one.ended_at else asdict(experiments.experiment_result(one))
        return Response({"experiment": experiment_json(one), **texts, "result": result})
