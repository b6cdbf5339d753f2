"""How answers travel: pages by https, what the API and webhooks answer into no cache."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect

PAGES = ("/sales", "/admin", "/accounts")
NEVER_STORED = ("/api/", "/webhooks/", "/u/")


class PagesByHttps:
    """Sends a browser that asks for a page by http to the same page by https.

    Never webhooks, API, unsubscribe links and probes: who posts there follows no redirect.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_open = settings.REDIRECT_TO_HTTPS and not request.is_secure()
        if is_open and request.method in ("GET", "HEAD") and _is_page(request.path):
            return HttpResponsePermanentRedirect(settings.SITE_URL + request.get_full_path())
        return self.get_response(request)


class NoStore:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith(NEVER_STORED):
            response.headers.setdefault("Cache-Control", "no-store")
        return response


def _is_page(path: str) -> bool:
    return any(path == page or path.startswith(f"{page}/") for page in PAGES)
