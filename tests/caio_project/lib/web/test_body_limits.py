"""What is too large, or proves nothing, is refused before it is read."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from caio_project.lib.web.body_limits import LONGEST_UNPROVEN
from leads.inbound import events
from leads.models import InboundEvent
from outreach.models import Control
from tests.caio_project.test_api import key
from tests.conftest import TOKEN

pytestmark = pytest.mark.django_db

MEGABYTE = 1024 * 1024


class Unreadable:
    """The body of a request that nobody may read."""

    was_read = False

    def read(self, *_: Any) -> bytes:
        self.was_read = True
        return b""

    readline = read


def post(client: Client, path: str, length: int, **headers: str) -> tuple[Any, bool]:
    """The answer, and whether any of the body was read."""
    body = Unreadable()
    kind = headers.pop("content_type", "application/x-www-form-urlencoded")
    named = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    environ = {"CONTENT_LENGTH": str(length), "CONTENT_TYPE": kind, "wsgi.input": body, **named}
    return client.generic("POST", path, **environ), body.was_read


ANONYMOUS = [
    "/accounts/login/",
    "/accounts/password/reset/",
    "/admin/login/",
    "/sales/halt",
    "/sales/queue/batch",
    "/u/some-token",
    "/nowhere",
]


@pytest.mark.parametrize("path", ANONYMOUS)
@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_a_stranger_posts_little(client: Client, path: str, kind: str) -> None:
    strict = Client(enforce_csrf_checks=True)
    answer, was_read = post(strict, path, LONGEST_UNPROVEN + 1, content_type=kind)
    assert (answer.status_code, was_read) == (413, False)
    assert answer.json()["detail"] == "body: it is larger than 65536 bytes."


def test_whoever_is_signed_in_posts_up_to_two_megabytes(client: Client, lead_user: User) -> None:
    client.force_login(lead_user)
    answer, was_read = post(client, "/sales/halt", 2 * MEGABYTE + 1)
    assert (answer.status_code, was_read) == (413, False)
    assert not Control.objects.filter(halted=True).exists()
    text = {"reason": "x" * MEGABYTE}
    assert client.post("/sales/halt", text).status_code != 413


@pytest.mark.parametrize("path", ["/api/visitors", "/api/halt", "/api/nowhere"])
def test_a_stranger_at_the_api_is_refused_unread(client: Client, path: str) -> None:
    answer, was_read = post(client, path, MEGABYTE, content_type="application/json")
    assert (answer.status_code in (401, 404), was_read) == (True, False)


def test_a_key_posts_up_to_two_megabytes(client: Client) -> None:
    allowed = key("leads:write", "outreach:halt")
    for path in ("/api/visitors", "/api/halt"):
        body = Unreadable()
        answer = client.generic(
            "POST",
            path,
            content_type="application/json",
            headers=allowed,
            **{"CONTENT_LENGTH": str(2 * MEGABYTE + 1), "wsgi.input": body},
        )
        assert (answer.status_code, body.was_read) == (413, False)
    assert not InboundEvent.objects.exists()


UNPROVEN = [
    ("/webhooks/rb2b?token=wrong", {}, 401),
    ("/webhooks/rb2b", {}, 401),
    ("/webhooks/rb2b/wrong", {}, 401),
    ("/webhooks/clay", {}, 401),
    ("/webhooks/clay", {"authorization": "Bearer wrong"}, 401),
    ("/webhooks/ghl", {}, 401),
    ("/webhooks/ghl", {"x_ghl_signature": "N/A"}, 401),
    ("/webhooks/ghl", {"x_wh_signature": ""}, 401),
    ("/webhooks/ghl/workflow", {}, 401),
    ("/webhooks/ghl/workflow", {"authorization": "Basic abc"}, 401),
    ("/webhooks/slack", {}, 401),
    ("/webhooks/slack", {"x_slack_signature": "v0=x"}, 401),
    ("/webhooks/slack", {"x_slack_signature": "v0=x", "x_slack_request_timestamp": "1"}, 401),
]


@pytest.mark.parametrize(("path", "headers", "status"), UNPROVEN)
@pytest.mark.parametrize("length", [10, 100 * MEGABYTE])
def test_a_webhook_without_proof_is_refused_unread(
    client: Client, settings: Any, path: str, headers: dict[str, str], status: int, length: int
) -> None:
    settings.CLAY_CALLBACK_TOKEN = settings.GHL_WORKFLOW_TOKEN = "right-token-0123456789"
    settings.SLACK_SIGNING_SECRET = "right-secret-0123456789"
    answer, was_read = post(client, path, length, content_type="application/json", **headers)
    assert (answer.status_code, was_read) == (status, False)
    assert not InboundEvent.objects.exists()


def test_a_webhook_that_is_too_large_is_refused_unread(client: Client, settings: Any) -> None:
    settings.GHL_WORKFLOW_TOKEN = "right-token-0123456789"
    for path, headers in (
        ("/webhooks/ghl", {"x_ghl_signature": "abcd"}),
        ("/webhooks/ghl/workflow", {"authorization": "Bearer right-token-0123456789"}),
    ):
        answer, was_read = post(client, path, events.LARGEST_BODY + 1, **headers)
        assert (answer.status_code, was_read) == (413, False)
    assert not InboundEvent.objects.exists()


def test_rb2b_is_never_refused_for_a_length(client: Client) -> None:
    body = b'{"Company Name": "' + b"x" * (2 * MEGABYTE) + b'"}'
    answer = client.post(f"/webhooks/rb2b?token={TOKEN}", body, content_type="application/json")
    assert answer.status_code == 200
    assert InboundEvent.objects.get().reason_code == "body_too_large"


@pytest.mark.parametrize("said", ["", "abc", "-1", "1e9", "٣", "9" * 30])
def test_a_strange_length_is_none(client: Client, said: str) -> None:
    answer = client.generic("POST", "/accounts/login/", CONTENT_LENGTH=said)
    assert answer.status_code < 500
