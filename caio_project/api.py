"""Public endpoints for status and health, which need all apps. Counts only."""

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.utils import OpenApiTypes, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from caio_project.lib.running_commit import running_commit
from caio_project.lib.web.problems import problem_response
from caio_project.operations import releases, status


class PublicView(APIView):
    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]


class QueueStatusView(PublicView):
    @extend_schema(responses=OpenApiTypes.OBJECT, operation_id="queue_status")
    def get(self, request: Request) -> Response:
        """The review queue and the pipeline in counts, at most five seconds old.

        How many events and leads there are in all is at most a minute older."""
        return Response(status.queue_status())


class HealthView(PublicView):
    @extend_schema(
        responses={200: OpenApiTypes.OBJECT, 503: OpenApiTypes.OBJECT}, operation_id="health"
    )
    def get(self, request: Request) -> Response:
        """Every check by name; 503 where one fails, 200 and "starting" while one has yet to run."""
        releases.note_process(releases.Part.WEB)
        return _health_response(status.health_checks())


class ReadyView(PublicView):
    @extend_schema(
        responses={200: OpenApiTypes.OBJECT, 503: OpenApiTypes.OBJECT}, operation_id="health_ready"
    )
    def get(self, request: Request) -> Response:
        """Whether this process can serve: database reachable and migrated."""
        checks = {"database": status.check_database()}
        if checks["database"].ok:
            checks["migrations"] = status.check_migrations()
        return _health_response(checks)


def live_view(request: HttpRequest) -> JsonResponse:
    """Asks no other service."""
    return JsonResponse({"status": "healthy", "commit": running_commit(), "checks": {}})


@csrf_exempt
def unknown_address(request: HttpRequest) -> JsonResponse:
    return problem_response(404, "There is no such address; /api/docs lists those there are.")


def _health_response(checks: dict[str, status.HealthCheck]) -> Response:
    wrong = [check for check in checks.values() if not check.ok]
    late = [check for check in wrong if not check.is_starting]
    body = {
        "status": "unhealthy" if late else "starting" if wrong else "healthy",
        "commit": running_commit(),
        "checks": {name: {"ok": check.ok, "detail": check.text} for name, check in checks.items()},
    }
    return Response(body, status=503 if late else 200)
