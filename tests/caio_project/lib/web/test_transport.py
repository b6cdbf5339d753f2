"""Pages go to https; whoever posts is never redirected; what the API answers is not stored."""

from typing import Any

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db

PAGES = ["/sales", "/sales/queue?a=1&b=%20", "/admin/", "/accounts/login/", "/sales/leads"]
OTHERS = [
    "/api/health",
    "/api/health/live",
    "/api/queue-status",
    "/webhooks/rb2b/health",
    "/webhooks/clay/health",
    "/u/some-token",
    "/salesforce",
    "/",
]


@pytest.fixture
def https(settings: Any) -> None:
    settings.SITE_URL, settings.REDIRECT_TO_HTTPS = "https://caio.example.com", True


@pytest.mark.usefixtures("https")
@pytest.mark.parametrize("path", PAGES)
def test_a_page_by_http_goes_to_https(client: Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer["Location"]) == (301, f"https://caio.example.com{path}")
    told = client.get(path, headers={"x-forwarded-proto": "https"})
    assert not told.get("Location", "").startswith("https:")


@pytest.mark.usefixtures("https")
@pytest.mark.parametrize("path", OTHERS)
@pytest.mark.parametrize("method", ["get", "post"])
def test_probes_webhooks_and_links_are_answered(client: Client, path: str, method: str) -> None:
    answer = getattr(client, method)(path)
    assert answer.status_code != 301
    assert not answer.get("Location", "").startswith("https:")


@pytest.mark.usefixtures("https")
@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("method", ["post", "put", "delete", "options"])
def test_only_gets_are_redirected(client: Client, path: str, method: str) -> None:
    assert getattr(client, method)(path).status_code != 301


@pytest.mark.parametrize("path", PAGES)
def test_it_can_be_turned_off(client: Client, settings: Any, path: str) -> None:
    settings.SITE_URL, settings.REDIRECT_TO_HTTPS = "https://caio.example.com", False
    assert client.get(path).status_code != 301


@pytest.mark.parametrize(
    "path",
    ["/api/health", "/api/queue-status", "/api/pending-emails", "/api/nowhere", "/webhooks/rb2b"],
)
def test_what_the_api_answers_is_stored_nowhere(client: Client, path: str) -> None:
    for method in ("get", "post"):
        assert "no-store" in getattr(client, method)(path)["Cache-Control"]
