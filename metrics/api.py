"""The gates as they stand."""

from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from metrics.gates import gate_evaluation, gate_words
from metrics.gates.gate import Evaluation, Gate
from outreach.choices import Phase

TARGETS = [Phase.ASSISTED.value, Phase.AUTONOMOUS.value]


class GatesView(APIView):
    scope = "metrics:read"

    @extend_schema(
        operation_id="gates_list",
        parameters=[OpenApiParameter("target", str, enum=TARGETS)],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request) -> Response:
        """Every gate into `target` (default: assisted), measured now."""
        target = request.query_params.get("target", TARGETS[0])
        if target not in TARGETS:
            raise ValidationError({"target": f"It is one of {', '.join(TARGETS)}."})
        return Response(evaluation_json(gate_evaluation.evaluate_gates(target)))


def evaluation_json(evaluation: Evaluation) -> dict[str, object]:
    return {
        "target": evaluation.target,
        "verdict": evaluation.verdict,
        "gates": [_gate_json(gate) for gate in evaluation.gates],
    }


def _gate_json(gate: Gate) -> dict[str, object]:
    return {
        "name": gate.name,
        "value": gate.value,
        "threshold": gate_words.threshold_text(gate),
        "interval": gate.interval,
        "spread": gate.spread,
        "sample": gate.sample,
        "needed": gate.needed,
        "verdict": gate.verdict,
        "why": gate_words.reason_text(gate),
        "evidence": gate.evidence,
        "weeks": [
            {"week": week, "people": people, "answered": answered}
            for week, people, answered in gate.weeks
        ],
    }
