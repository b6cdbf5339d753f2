"""The gates as they stand."""

from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from metrics.gates import gates
from outreach.choices import Phase

TARGETS = [Phase.ASSISTED.value, Phase.AUTONOMOUS.value]


class GatesView(APIView):
    scope = "metrics:read"

    @extend_schema(
        operation_id="gates_list", parameters=[OpenApiParameter("target", str, enum=TARGETS)],
        responses=OpenApiTypes.OBJECT,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Every gate into `target` (default: assisted), measured now."""
        target = request.query_params.get("target", TARGETS[0])
        if target not in TARGETS:
            raise ValidationError({"target": f"It is one of {', '.join(TARGETS)}."})
        return Response(evaluation_json(gates.evaluate_gates(target)))


def evaluation_json(evaluation: gates.Evaluation) -> dict[str, object]:
    names = ("name", "value", "threshold", "interval", "sample", "needed", "verdict", "why")
    return {
        "target": evaluation.target,
        "verdict": evaluation.verdict,
        "gates": [{name: getattr(gate, name) for name in names} for gate in evaluation.gates],
    }
