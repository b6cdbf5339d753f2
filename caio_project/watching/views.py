"""GET /metrics, for Prometheus."""

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from caio_project.lib.db.caches import process_cache
from caio_project.lib.web.problems import problem_response
from caio_project.lib.web.webhooks import refuse_without_secret
from caio_project.operations import releases
from caio_project.watching.exposition import exposition

CACHE_SECONDS = 5  # however often it is asked for


@require_safe
def metrics_view(request: HttpRequest) -> HttpResponse | JsonResponse:
    """The gauges, for who has the token; 503 where the database does not answer."""
    if not settings.METRICS_TOKEN:
        return problem_response(404, "METRICS_TOKEN is not set, so there are no metrics here.")
    if refusal := refuse_without_secret(request, "METRICS_TOKEN", settings.METRICS_TOKEN):
        return refusal
    releases.note_process(releases.Part.WEB)
    found = process_cache.get("exposition")
    if found is None:
        try:
            found = exposition()
        except DatabaseError:
            return problem_response(503, "The database does not answer.", **{"Retry-After": "5"})
        process_cache.set("exposition", found, CACHE_SECONDS)
    return HttpResponse(found, content_type=CONTENT_TYPE_LATEST)
