"""No page of ours runs a script or shows a frame from elsewhere."""

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory

from caio_project.lib.web.csp import ADMIN_POLICY, STRICT_POLICY, ContentSecurityPolicy


def policy(path: str) -> str:
    response = ContentSecurityPolicy(lambda request: HttpResponse("x"))(RequestFactory().get(path))
    return response.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "path", ["/", "/sales", "/sales/queue", "/u/token", "/accounts/login/", "/api/health", "/api"]
)
def test_our_pages_have_the_strict_policy(path: str) -> None:
    assert policy(path) == STRICT_POLICY


@pytest.mark.parametrize("path", ["/admin", "/admin/", "/admin/leads/lead/", "/api/docs"])
def test_admin_and_api_docs_have_the_admin_policy(path: str) -> None:
    assert policy(path) == ADMIN_POLICY


def directives(text: str) -> dict[str, str]:
    return dict(part.strip().partition(" ")[::2] for part in text.split(";"))


def test_the_strict_policy_allows_no_foreign_or_inline_code() -> None:
    rules = directives(STRICT_POLICY)
    assert rules["default-src"] == rules["base-uri"] == rules["frame-ancestors"] == "'none'"
    assert {
        name: value
        for name, value in rules.items()
        if "unsafe" in value or "http" in value or "*" in value
    } == {}


def test_the_themes_policy_allows_nothing_from_elsewhere() -> None:
    rules = directives(ADMIN_POLICY)
    assert rules["frame-ancestors"] == "'none'"
    assert {name: value for name, value in rules.items() if "http" in value or "*" in value} == {}


def test_a_view_may_set_a_policy_of_its_own() -> None:
    own = HttpResponse(
        "x",
        headers={"Content-Security-Policy": "default-src 'none'", "Referrer-Policy": "no-referrer"},
    )
    response = ContentSecurityPolicy(lambda request: own)(RequestFactory().get("/sales"))
    assert response.headers["Content-Security-Policy"] == "default-src 'none'"
    assert response.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.django_db
def test_the_policy_is_on_real_answers_and_errors(client: Client) -> None:
    for path in ("/webhooks/rb2b/health", "/webhooks/rb2b", "/nowhere"):
        response = client.get(path)
        assert response.headers["Content-Security-Policy"] == STRICT_POLICY
        assert response.headers["Referrer-Policy"] == "same-origin"
