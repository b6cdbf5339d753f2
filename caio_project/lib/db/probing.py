"""Notice a hanging database before a page needs it, so that its thread stays free.

Django asks on an old connection whether it still lives, and waits for the answer without end. With
a hanging PostgreSQL, a few health checks and open pages took every thread within a minute. RB2B
waits for 15 seconds and then disconnects for good, and its body only had to go into the spool.
"""

from collections.abc import Callable

from django.db import connection
from django.http import HttpRequest, HttpResponse

from caio_project.lib.db import deadline

# a connection that does not answer for so long is closed; making a new one takes three at most
PROBE_SECONDS = 1.5


class ProbeDatabase:
    """Webhooks are left out: they have a deadline of their own and do without a database."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if connection.vendor != "sqlite" and not request.path.startswith("/webhooks/"):
            with deadline.database_deadline(PROBE_SECONDS):
                connection.close_if_health_check_failed()
        return self.get_response(request)
