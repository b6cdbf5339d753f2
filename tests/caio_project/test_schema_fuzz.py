"""Requests made from the API's own schema: no 500, nothing over two seconds.

A few for each operation run with the other tests; `make fuzz` makes many.
"""

import json
import os
import time
from collections import Counter
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import schemathesis
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.core import NotSet

from caio_project.lib.models import SCOPES as ALL_SCOPES
from tests import factories
from tests.caio_project.test_api import key

pytestmark = [pytest.mark.django_db, pytest.mark.filterwarnings("ignore")]

EXAMPLES = int(os.environ.get("CAIO_FUZZ_EXAMPLES", "8"))  # of each operation
LONGEST = 2.0 if EXAMPLES > 100 else 20.0  # seconds; other tests beside these take their share
SCOPES = tuple(scope for scope in ALL_SCOPES if scope != "outreach:halt")


@pytest.fixture(autouse=True)
def roomy_rate(settings: Any) -> None:
    settings.API_RATE_PER_MINUTE = 100_000


@cache
def operations() -> dict[str, Any]:
    document = SchemaGenerator().get_schema(request=None, public=True)
    schema = schemathesis.openapi.from_dict(document)
    found = [result.ok() for result in schema.get_all_operations()]
    return {one.label: one for one in found}


def send(client: Client, case: Any, headers: dict[str, str]) -> Any:
    """The request of a case; a body that JSON cannot hold goes as text."""
    path = quote(case.formatted_path, safe="/%")
    query = urlencode(dict(case.query or {}), doseq=True, errors="replace")
    body = b""
    if not isinstance(case.body, NotSet):
        body = json.dumps(case.body, default=str).encode("utf-8", "replace")
    return client.generic(
        case.method.upper(), f"{path}?{query}", body, "application/json", headers=headers
    )


@pytest.mark.parametrize("label", sorted(operations()))
def test_no_request_of_the_schema_ends_in_an_error(label: str) -> None:
    MigrationRecorder.Migration.objects.update(applied=timezone.now())  # no sweep is late yet
    message = factories.held_email()
    ids = st.sampled_from([str(message.public_id), str(message.lead.public_id)])
    client, headers = Client(raise_request_exception=False), key(*SCOPES)
    asked: Counter[int] = Counter()

    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
    @given(case=operations()[label].as_strategy(), known=ids, is_known=st.booleans())
    def ask(case: Any, known: str, is_known: bool) -> None:
        if is_known:
            case.path_parameters = dict.fromkeys(case.path_parameters or {}, known)
        began = time.perf_counter()
        response = send(client, case, headers)
        took = time.perf_counter() - began
        assert response.status_code < 500 and took < LONGEST, (case.formatted_path, took)
        declared = operations()[label].definition.raw["responses"]
        assert str(response.status_code) in declared, (label, response.status_code)
        asked[response.status_code] += 1

    ask()
    print(label, dict(asked))
    assert asked.total() >= min(EXAMPLES, 2)
    assert set(asked) != {401}
