"""Content-Security-Policy: strict on our pages; the admin theme needs eval and inline styles."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

STRICT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src "
    "'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
ADMIN_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' "
    "'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; form-action 'self'; base-uri 'self'; "
    "frame-ancestors 'none'"
)
ADMIN_PATHS = ("/admin", "/api/docs")


class ContentSecurityPolicy:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        themed = request.path.startswith(ADMIN_PATHS)
        response.headers.setdefault(
            "Content-Security-Policy", ADMIN_POLICY if themed else STRICT_POLICY
        )
        response.headers.setdefault("Referrer-Policy", "same-origin")
        return response
