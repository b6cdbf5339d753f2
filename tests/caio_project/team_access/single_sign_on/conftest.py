"""A sign-in through the whole way: our page, the provider, its answer, our callback."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, build_opener

import pytest
from django.test import Client

from tests.fakes.oidc import FakeOidc

GROUPS = {
    "Viewer": frozenset({"caio-viewers"}),
    "Reviewer": frozenset({"caio-reviewers"}),
    "Lead": frozenset({"caio-leads"}),
}


@pytest.fixture
def idp(settings: Any) -> Iterator[FakeOidc]:
    """A provider named Okta whose groups are heeded; Lena is a Lead there."""
    with FakeOidc() as fake:
        fake.person = {**fake.person, "groups": ["caio-leads"], "sub": "u-lena"}
        settings.OIDC = replace(
            settings.OIDC,
            name="Okta",
            issuer=fake.url,
            client_id=fake.client_id,
            client_secret=fake.client_secret,
            groups_claim="groups",
            groups=GROUPS,
        )
        yield fake


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *args: Any) -> None:
        return None


def begin(client: Client, **fields: str) -> str:
    """The address at the provider that our page leads to."""
    page = client.post("/accounts/sso/", fields)
    assert page.status_code == 200, page.content
    return str(page.context["address"])


def visit_provider(address: str) -> dict[str, str]:
    """What the provider sends the browser back with."""
    opener = build_opener(_NoRedirect, ProxyHandler({}))
    try:
        opener.open(address)
    except Exception as answer:
        back = answer.headers["Location"]  # type: ignore[attr-defined]
    assert back.startswith("http://localhost/accounts/sso/callback/?")
    return dict(parse_qsl(urlsplit(back).query))


def sign_in(client: Client, **fields: str) -> Any:
    return client.get("/accounts/sso/callback/", visit_provider(begin(client, **fields)))


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session
