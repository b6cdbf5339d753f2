"""The gates as they stand, the figures of a period, and the health of the sending domains."""

from datetime import date, timedelta

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from caio_project.lib import calendar
from metrics.figures import export
from metrics.figures.definitions import FIGURES, Dimension
from metrics.figures.reading import Bucket, NotReadable
from metrics.gates import gate_evaluation, gate_words
from metrics.gates.gate import Evaluation, Gate
from metrics.health import domain_report
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


DEFAULT_DAYS, MOST_API_DAYS = 30, 366


class MetricsView(APIView):
    scope = "metrics:read"

    @extend_schema(
        operation_id="metrics_list",
        parameters=[
            OpenApiParameter("from", OpenApiTypes.DATE, description="Default: 30 days up to `to`."),
            OpenApiParameter("to", OpenApiTypes.DATE, description="Default: today."),
            OpenApiParameter("figures", str, description="Codes, comma separated; default all."),
            OpenApiParameter("by", str, enum=[one.value for one in Dimension]),
            OpenApiParameter("bucket", str, enum=[one.value for one in Bucket]),
        ],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request) -> Response:
        """Figures of at most 366 days, each with its counts, interval and definition."""
        query = request.query_params
        today = calendar.team_day(timezone.now(), settings.TEAM_TIME_ZONE)
        end = _read_day(query.get("to"), "to", today)
        start = _read_day(query.get("from"), "from", _days_before(end))
        if (end - start).days >= MOST_API_DAYS:
            raise ValidationError({"from": f"A period has at most {MOST_API_DAYS} days."})
        codes = [one for one in query.get("figures", "").split(",") if one] or list(FIGURES)
        bucket = query.get("bucket", Bucket.DAY.value)
        try:
            return Response(export.period_document(codes, start, end, query.get("by"), bucket))
        except NotReadable as error:
            raise ValidationError({error.field: str(error)}) from error


def _read_day(typed: str | None, name: str, default: date) -> date:
    if typed is None:
        return default
    try:
        return date.fromisoformat(typed)
    except ValueError as error:
        raise ValidationError({name: "It is no day like 2026-12-31."}) from error


def _days_before(end: date) -> date:
    first = date.min + timedelta(days=DEFAULT_DAYS)
    return max(end, first) - timedelta(days=DEFAULT_DAYS - 1)


class DomainsView(APIView):
    scope = "metrics:read"

    @extend_schema(operation_id="metrics_domains_list", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        """Each sending domain: score and sum, DNS findings, warm-up, DMARC reports, 30 days."""
        reports = domain_report.report_domains(timezone.now())
        return Response({"domains": [domain_report.report_json(one) for one in reports]})


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
