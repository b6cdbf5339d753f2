"""The examples of docs/api.md run as written, each with a key of its scope alone."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from caio_project.lib.models import SCOPES
from outreach.choices import MoveCode, Status
from outreach.lifecycle.moves import move_message
from outreach.models import Message
from tests import conftest, factories
from tests.caio_project.test_api import key

TEXT = (Path(settings.BASE_DIR) / "docs/api.md").read_text()
EXAMPLES = dict(re.findall(r"^`([a-z]+:[a-z]+)`.*\n\n```sh\n([^`]*)```", TEXT, re.M))


def test_there_is_one_for_each_scope() -> None:
    assert set(EXAMPLES) == set(SCOPES)


@pytest.mark.django_db
def test_docs_page_and_schema_are_there(client: Client) -> None:
    assert client.get("/api/docs").status_code == 200
    assert b"openapi: 3.1" in client.get("/api/schema").content


def test_each_runs_as_written(committed: None, live_server: Any) -> None:
    user, message = conftest.person("lena", "Lead"), factories.held_email()
    failed = {}
    for scope, script in EXAMPLES.items():
        shown = _email_for(scope, message)
        secret = key(scope, user=None if scope == "leads:write" else user)["Authorization"]
        env = {
            "PATH": os.environ["PATH"],
            "CAIO": live_server.url,
            "KEY": secret.removeprefix("Bearer "),
            "EMAIL_ID": str(shown.public_id),
            "VERSION": str(shown.version),
        }
        done = subprocess.run(["sh", "-c", script], env=env, capture_output=True, text=True)
        if done.returncode or not done.stdout.startswith("{"):
            failed[scope] = done.stderr + done.stdout

    assert failed == {}


def _email_for(scope: str, message: Message) -> Message:
    """A held one; for reopening one that has expired."""
    if scope == "approvals:reopen":
        return move_message(factories.held_email(), Status.EXPIRED, MoveCode.EXPIRED)
    return message
