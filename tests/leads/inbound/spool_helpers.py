"""Helpers of the tests beside."""

import time
from collections.abc import Callable
from typing import Any

from django.test import Client

from tests.conftest import TOKEN

PATH = f"/webhooks/rb2b?token={TOKEN}"


def eventually(found: Callable[[], object]) -> None:
    until = time.monotonic() + 60
    while not found():
        assert time.monotonic() < until
        time.sleep(0.02)


def post(client: Client, body: bytes) -> Any:
    return client.post(PATH, body, content_type="application/json")
