"""Raw bodies are shown to whom may read them, names to whom has a role or the scope; logs name
nobody.
"""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from caio_project.lib.logs import forms
from caio_project.lib.logs.lines import LineFormatter
from caio_project.lib.models import SCOPES, ApiKey
from leads.inbound import events, parked
from leads.models import InboundEvent
from outreach.feedback import webhook_inbox
from tests import paths
from tests.permissions import url_table as table
from tests.permissions import world as worlds
from tests.permissions.test_urls import make_user

pytestmark = pytest.mark.django_db

HIDDEN = "vaultzyx"  # of a body as it came in
NAME = "Whitfield"
# Scopes that say people by name are among what their holder asks for.
NAMING_SCOPES = {"leads:read", "messages:read", "approvals:decide", "approvals:reopen"}
ROUTES = [route for route, _ in paths.every_route()]


def make_world_with_body() -> worlds.World:
    """A world in which an event has its body's words in every column that may quote it."""
    world = worlds.make_world()
    reason = parked.park_reason("failed_repeatedly", attempts=8, error="E", detail=f"{HIDDEN} x")
    email = f"dana.{HIDDEN}@northline.test"
    body = json.dumps({"Business Email": email, "Bio": HIDDEN, f"{HIDDEN}12345": 1})
    InboundEvent.objects.create(
        source="rb2b", body_sha256="v", body=body.encode(), about=world.held.lead,
        state="parked", **reason.columns,
        notes=[{"code": "unknown_field", "field": f"{HIDDEN}12345@x"}],
    )  # fmt: skip
    return world


def pages(client: Client, world: worlds.World) -> Iterator[tuple[str, str]]:
    for route in ROUTES:
        path = worlds.path_in(world, route)
        if not path.startswith(("/accounts/logout", "/admin/logout", "/webhooks")):
            answer = client.get(path)
            yield path, f"{answer.content.decode(errors='replace')}{dict(answer.headers)}"


def client_of(role: str) -> Client:
    client = Client(raise_request_exception=False)
    if role != "anonymous":
        client.force_login(make_user(role))
    return client


@pytest.mark.sqlite_is_enough
def test_a_reviewer_sees_the_words_of_a_body_nowhere() -> None:
    """A Viewer sees no more than a Reviewer."""
    world = make_world_with_body()
    for path, text in pages(client_of("Reviewer"), world):
        assert HIDDEN not in text.lower(), path


@pytest.mark.parametrize(("role", "sees"), [("Viewer", False), ("Reviewer", False), ("Lead", True)])
def test_the_vault_shows_a_body_to_a_lead(role: str, sees: bool) -> None:
    make_world_with_body()
    event = InboundEvent.objects.latest("pk")
    answer = client_of(role).get(f"/admin/leads/inboundevent/{event.pk}/change/")
    assert answer.status_code == 200
    assert (HIDDEN in answer.content.decode().lower()) is sees


@pytest.mark.sqlite_is_enough
def test_nobody_without_a_role_sees_a_name() -> None:
    world = make_world_with_body()
    for path, text in pages(client_of("nobody"), world):
        assert NAME not in text and HIDDEN not in text.lower(), path


def test_a_key_sees_names_only_by_a_scope_that_says_so() -> None:
    world = make_world_with_body()
    user = User.objects.create_superuser("boss", "", "a-long-password")
    for scope in SCOPES:
        _, key = ApiKey.objects.create_key(name=scope, user=user, scopes=[scope])
        client = Client(HTTP_AUTHORIZATION=f"Bearer {key}")
        for route in table.API:
            text = client.get(worlds.path_in(world, route)).content.decode()
            assert HIDDEN not in text.lower(), (scope, route)
            assert NAME not in text or scope in NAMING_SCOPES, (scope, route)


def test_logs_name_nobody(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    body = f'{{"Business Email": "dana@{HIDDEN}.test", "First Name": "{HIDDEN}", "Seen At": 7}}'
    for source in ("rb2b", "clay", "ghl", "ghl_workflow", "ghl_poll"):
        events.store_event(source, body.encode())
        events.store_event(source, f"not json of {HIDDEN}".encode())
    for _ in range(2):
        events.process_due()
        webhook_inbox.process_inbox()
    said = "\n".join(
        logging.Formatter().format(record)
        for record in caplog.records
        if not record.name.startswith(("django.db", "asyncio", "faker", "factory"))
    )
    assert HIDDEN not in said.lower()


def test_an_address_in_a_log_line_is_masked_and_left_out_of_the_error() -> None:
    try:
        raise ValueError("Key (email)=(dana.okafor@northline.test) already exists.")
    except ValueError as error:
        record = logging.getLogger("x").makeRecord(
            "leads.x", logging.ERROR, "f", 1, "of %s", ("dana.okafor@northline.test",),
            (type(error), error, error.__traceback__),
        )  # fmt: skip
    said = LineFormatter(forms.PLAIN).format(record)
    assert "dana.okafor" not in said and said.count("d***@northline.test") == 1
    assert "ValueError" in said


def test_the_log_of_the_program_masks(settings: Any) -> None:
    formatters = settings.LOGGING["formatters"]
    assert {one["()"] for one in formatters.values()} == {
        "caio_project.lib.logs.lines.LineFormatter"
    }
