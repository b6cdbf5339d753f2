"""Random requests at every address, as each role: no 500, nothing over two seconds of its own.

A few hundred run with the other tests; `make fuzz` makes 20,000.
"""

import json
import os
import random
from collections import Counter
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests import factories
from tests.caio_project.fuzz_tally import Stopwatch, note_requests
from tests.caio_project.lib.web.test_client_input import addresses
from tests.caio_project.test_api import key
from tests.conftest import TOKEN

pytestmark = [pytest.mark.django_db, pytest.mark.filterwarnings("ignore")]

REQUESTS = int(os.environ.get("CAIO_FUZZ_REQUESTS", "300"))
SEED = int(os.environ.get("CAIO_FUZZ_SEED", "9"))
METHODS = ("get", "get", "get", "post", "post", "put", "delete", "patch", "options", "head")
SCOPES = ("leads:read", "leads:write", "messages:read", "approvals:decide", "metrics:read")
NAMES = (
    *("q", "p", "o", "page", "before", "after", "cursor", "show", "seen", "order", "priority"),
    *("reason", "version", "tag", "subject", "body", "action", "_selected_action", "next", "id"),
    *(
        "target",
        "to",
        "login",
        "password",
        "lead",
        "owner",
        "email",
        "limit",
        "token",
        "LinkedIn URL",
    ),
)
VALUES: tuple[Any, ...] = (
    *("", "0", "-1", "1", "9" * 30, "1e309", "nan", "null", "true", "junk", "\x00", "\ud800"),
    *("<script>", "' OR 1=1 --", "%", "_", "\\", "(", "a" * 5_000, "word " * 700, "😀" * 200),
    *("0001-01-01", "9999-12-31T23:59:59-12:00", "../../etc/passwd", "//evil.test", "{{7*7}}"),
    *(None, True, 0, -1, 10**30, 1e300, [], {}, [[[[]]]], {"a": {"b": [None]}}),
)


def some_fields(chance: random.Random) -> dict[str, Any]:
    return {chance.choice(NAMES): chance.choice(VALUES) for _ in range(chance.randint(0, 5))}


def as_form(fields: dict[str, Any]) -> dict[str, str]:
    texts = {name: "" if value is None else str(value) for name, value in fields.items()}
    return {name: text.encode("utf-8", "replace").decode() for name, text in texts.items()}


def send(chance: random.Random, client: Client, path: str) -> Any:
    method, fields = chance.choice(METHODS), some_fields(chance)
    if path.startswith("/webhooks/rb2b/junk"):
        path = f"/webhooks/rb2b/{TOKEN}"
    if method in ("get", "head"):
        return getattr(client, method)(path, as_form(fields))
    if path.startswith(("/api/", "/webhooks/")) or chance.random() < 0.2:
        body = chance.choice([json.dumps(fields), json.dumps(fields)[:-1], "[" * 5_000, "\xff", ""])
        return getattr(client, method)(path, body, content_type="application/json")
    return client.post(path, as_form(fields)) if method == "post" else getattr(client, method)(path)


def test_no_request_ends_in_an_error_or_takes_long(
    viewer: User, reviewer: User, lead_user: User
) -> None:
    for _ in range(3):
        factories.held_email()
    root = User.objects.create_superuser("root", "root@ours.example.com", "long-password-1")
    clients = [Client(raise_request_exception=False)]
    for user in (viewer, reviewer, lead_user, root):
        clients.append(Client(raise_request_exception=False))
        clients[-1].force_login(user)
    clients.append(Client(raise_request_exception=False, headers=key(*SCOPES)))
    chance, paths, wrong, codes = random.Random(SEED), addresses(), [], Counter[int]()
    slowest = 0.0
    for _ in range(REQUESTS):
        path = chance.choice(paths)
        watch = Stopwatch()
        answer = send(chance, chance.choice(clients), path)
        is_late, took = watch.is_late(), watch.own_seconds()
        codes[answer.status_code] += 1
        slowest = max(slowest, took)
        if (answer.status_code >= 500 and answer.status_code != 503) or is_late:
            wrong.append((answer.request["REQUEST_METHOD"], path, answer.status_code, took))
    print(f"{sum(codes.values()):,} requests, slowest {slowest:.2f} s of its own, {dict(codes)}")
    note_requests("random", codes)
    assert wrong == []
