"""Refuses a request for the length of its body before anything reads it."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from caio_project.lib.web.problems import problem_response
from caio_project.lib.web.webhooks import declared_length

LONGEST_UNPROVEN = 65_536  # of whoever is not signed in: a login is a hundred bytes
READ_BY_THEIR_VIEWS = "/webhooks/"  # each by its own secret and limit
LARGEST_UPLOAD = 10_000_000  # the files of one import
IMPORTS, IMPORT_PERMISSION = "/sales/imports", "lib.import_files"
MULTIPART_BYTES = 65_536  # what a form adds to its files
PROVEN_BY_A_KEY = "/api/"  # a view of the API asks for the key before it reads


class RefuseLargeBodies:
    """Middleware, behind the one that knows the user."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = declared_length(request)
        if length > LONGEST_UNPROVEN and length > (most := _longest_body(request)):
            return problem_response(413, f"body: it is larger than {most} bytes.")
        return self.get_response(request)


def _longest_body(request: HttpRequest) -> float:
    if request.path.startswith(READ_BY_THEIR_VIEWS):
        return float("inf")
    if request.path == IMPORTS and request.user.has_perm(IMPORT_PERMISSION):
        return LARGEST_UPLOAD + MULTIPART_BYTES
    is_proven = request.path.startswith(PROVEN_BY_A_KEY) or request.user.is_authenticated
    return settings.DATA_UPLOAD_MAX_MEMORY_SIZE if is_proven else LONGEST_UNPROVEN
